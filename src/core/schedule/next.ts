import type { ScheduleId } from "../ids.js";
import type { ScheduleSpec } from "./schedule.js";

/** The first due time later than `after`, in milliseconds since the epoch; undefined where there is none. */
export function nextDue(spec: ScheduleSpec, after: number): number | undefined {
  void spec;
  void after;
  return undefined;
}

/** When the tick of a due time fires: the due time, and its share of the jitter. */
export function firesAt(scheduleId: ScheduleId, { jitterMs = 0 }: ScheduleSpec, due: number): number {
  void scheduleId;
  return due + jitterMs;
}
