import { defaults } from "../defaults.js";
import { firesAt, nextDue } from "./next.js";
import type { NewSchedule, ScheduleRecord, ScheduleState } from "./schedule.js";
import { stateOf } from "./state.js";

/** The state in which a schedule begins: due from its creation on. */
export function newScheduleState(schedule: NewSchedule): ScheduleState {
  const { createdAt } = schedule;
  const counters = { totalRuns: 0, successfulRuns: 0, failedRuns: 0, skippedRuns: 0, missedRuns: 0, bufferedCount: 0 };
  return awaiting(schedule, { status: "active", ...counters, updatedAt: createdAt }, createdAt - 1);
}

/** Active, and due at the first of its times behind `after`: what passed before is nobody's. */
export function resumed(schedule: ScheduleRecord | (NewSchedule & ScheduleState), now: number): ScheduleState {
  const { decidedUpTo = -Infinity } = schedule;
  const state = awaiting(schedule, { ...stateOf(schedule), status: "active", updatedAt: now }, Math.max(now, decidedUpTo));
  // What is buffered is looked at: the run that it waited for may have ended meanwhile.
  return state.bufferedCount > 0 ? { ...state, wakeAt: now } : state;
}

/** Nothing is due until it is resumed. */
export function stopped(schedule: ScheduleState, status: "paused" | "deleted", now: number): ScheduleState {
  return { ...stateOf(schedule), status, nextDueAt: undefined, wakeAt: undefined, updatedAt: now };
}

/** With the next due time behind `after`, and the time to look at it. */
export function awaiting({ scheduleId, spec }: Pick<NewSchedule, "scheduleId" | "spec">, state: ScheduleState, after: number): ScheduleState {
  const nextDueAt = nextDue(spec, after);
  return { ...state, nextDueAt, wakeAt: nextDueAt === undefined ? undefined : firesAt(scheduleId, spec, nextDueAt) };
}

/** How late a tick may be decided and still count as on time. */
export function isLate(lateMs: number): boolean {
  return lateMs > defaults.schedule.lateAfterMs;
}
