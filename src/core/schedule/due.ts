import { defaults } from "../defaults.js";
import { firesAt, nextDue } from "./next.js";
import type { NewSchedule, ScheduleDefinition, ScheduleRecord, ScheduleState } from "./schedule.js";
import { stateOf } from "./state.js";

/** A schedule in the state in which it begins: due from its creation on. */
export function newSchedule(schedule: NewSchedule): NewSchedule & ScheduleState {
  const { createdAt } = schedule;
  const counters = { totalRuns: 0, successfulRuns: 0, failedRuns: 0, skippedRuns: 0, missedRuns: 0, bufferedCount: 0 };
  return { ...schedule, ...awaiting(schedule, { status: "active", ...counters, updatedAt: createdAt }, createdAt - 1) };
}

/** Active, and due at the first of its times behind `after`: what passed before is nobody's. */
export function resumed(schedule: ScheduleRecord | (NewSchedule & ScheduleState), now: number): ScheduleState {
  const { decidedUpTo = -Infinity } = schedule;
  return lookingAtBuffered(awaiting(schedule, { ...stateOf(schedule), status: "active", updatedAt: now }, Math.max(now, decidedUpTo)), now);
}

/** The state that goes on with another definition: new times count from now, times that stay as they are lose none that was not decided yet. */
export function redefined(schedule: ScheduleRecord, { spec }: Pick<ScheduleDefinition, "spec">, now: number): ScheduleState {
  if (schedule.status !== "active") return { ...stateOf(schedule), updatedAt: now };
  if (JSON.stringify(schedule.spec) !== JSON.stringify(spec)) return resumed({ ...schedule, spec }, now);
  return lookingAtBuffered({ ...stateOf(schedule), updatedAt: now }, now);
}

/** Nothing is due until it is resumed. */
export function stopped(schedule: ScheduleState, status: "paused" | "deleted", now: number): ScheduleState {
  const { withdrawnFrom } = schedule;
  return { ...stateOf(schedule), status, withdrawnFrom: status === "deleted" ? undefined : withdrawnFrom, nextDueAt: undefined, wakeAt: undefined, updatedAt: now };
}

// The run that it waited for may have ended meanwhile, or its policy may let it start now.
function lookingAtBuffered(state: ScheduleState, now: number): ScheduleState {
  return state.bufferedCount > 0 ? { ...state, wakeAt: Math.min(now, state.wakeAt ?? now) } : state;
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
