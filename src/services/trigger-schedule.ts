import { randomBytes } from "node:crypto";
import { assert } from "../base/unreachable.js";
import { runIdsInOrder, type ScheduleId } from "../core/ids.js";
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
  const written = await decideSchedule(project, { scheduleId, overlapPolicy }, async (seen) => {
    refuseDeleted(seen.schedule);
    const due = await freeDue(project, scheduleId, seen.now);
    const decision = decideAsked(seen, { kind: "trigger", dues: [due], overlapPolicy: seen.policy }, { now: seen.now, newRunId: runIdsInOrder(seen.now, randomBytes) });
    return { ...decision, due };
  });
  const tick = written?.decided.ticks.findLast(({ kind, due }) => kind === "trigger" && due === written.decided.due);
  assert(written !== undefined && tick !== undefined, "I8", `no tick was decided for ${scheduleId}`);
  return { schedule: written.schedule, tick };
}

// Two in one millisecond are two ticks (I8): the second must not take the row of a first that is buffered. Read behind the version: whoever triggers
// meanwhile raises it.
async function freeDue({ backend }: Schedulable, scheduleId: ScheduleId, now: number): Promise<number> {
  for (let due = now; ; due++) {
    const taken = await backend.listTicks({ scheduleId, kind: "trigger", dueFrom: due, dueBefore: due + 1, limit: 1 });
    if (taken.length === 0) return due;
  }
}
