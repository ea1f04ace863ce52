import { randomBytes } from "node:crypto";
import { assert } from "../base/unreachable.js";
import { runIdsInOrder } from "../core/ids.js";
import { decideAsked } from "../core/schedule/decide.js";
import type { OverlapPolicy, ScheduleRecord, Tick } from "../core/schedule/schedule.js";
import { decideSchedule, refuseDeleted, type Schedulable } from "./decide-schedule.js";
import { findSchedule } from "./find-schedule.js";

export interface TriggerOptions {
  /** In the place of the schedule's own. */
  readonly overlapPolicy?: OverlapPolicy | undefined;
}

export interface Triggered {
  readonly schedule: ScheduleRecord;
  /** What was decided: a run, or why there is none (yet). */
  readonly tick: Tick;
}

/**
 * Gives a schedule, which may be paused, one tick beside its own; its next due time stays. Throws as {@link findSchedule}, and ScheduleStatusError
 * for a deleted one.
 */
export async function triggerSchedule(project: Schedulable, text: string, { overlapPolicy }: TriggerOptions = {}): Promise<Triggered> {
  const { scheduleId } = await findSchedule(project, text);
  const decided = await decideSchedule(project, { scheduleId, overlapPolicy }, (seen) => {
    refuseDeleted(seen.schedule);
    const due = seen.now + seen.tickRefusals; // two in one millisecond are two ticks
    const decision = decideAsked(seen, { kind: "trigger", dues: [due], overlapPolicy: seen.policy }, { now: seen.now, newRunId: runIdsInOrder(seen.now, randomBytes) });
    return { ...decision, due };
  });
  const tick = decided?.ticks.findLast(({ kind, due }) => kind === "trigger" && due === decided.due);
  assert(tick !== undefined, "I8", `no tick was decided for ${scheduleId}`);
  return { schedule: await findSchedule(project, scheduleId), tick };
}
