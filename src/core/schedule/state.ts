import type { RunEnd } from "../events/run.js";
import type { ScheduleState } from "./schedule.js";

// Stores fold the ends of runs with these: no calendar is loaded for that.

/** A run of the schedule has ended: it is counted, and what is buffered may start. */
export function afterEnd(state: ScheduleState, { type, at }: RunEnd): ScheduleState {
  if (type === "workflow.continued_as_new") return state; // its successor goes on in its place
  return {
    ...state,
    successfulRuns: state.successfulRuns + (type === "workflow.completed" ? 1 : 0),
    failedRuns: state.failedRuns + (type === "workflow.failed" ? 1 : 0),
    ...(state.status === "active" && state.bufferedCount > 0 && { wakeAt: Math.min(at, state.wakeAt ?? at) }),
  };
}

/** A run of the schedule that failed was taken up again: it has not failed yet. */
export function afterRetry(state: ScheduleState): ScheduleState {
  return { ...state, failedRuns: state.failedRuns - 1 };
}

/** The state alone, without what it belongs to. */
export function stateOf(record: ScheduleState): ScheduleState {
  const { status, withdrawnFrom, nextDueAt, wakeAt, decidedUpTo, totalRuns, successfulRuns, failedRuns, skippedRuns, missedRuns, bufferedCount, lastRunAt, lastRunId, updatedAt } = record;
  return { status, withdrawnFrom, nextDueAt, wakeAt, decidedUpTo, totalRuns, successfulRuns, failedRuns, skippedRuns, missedRuns, bufferedCount, lastRunAt, lastRunId, updatedAt };
}
