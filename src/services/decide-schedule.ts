import { assert } from "../base/unreachable.js";
import { ScheduleNotFoundError, ScheduleStatusError } from "../core/errors.js";
import type { ScheduleId } from "../core/ids.js";
import type { LoadedSchedule, OverlapPolicy, ScheduleRecord } from "../core/schedule/schedule.js";
import type { ScheduleCommit } from "../storage/backend.js";
import type { Project } from "./project.js";

export type Schedulable = Pick<Project, "backend" | "clock">;

/** A schedule to decide about, and the policy by which ticks are decided where it is not the schedule's own. */
export interface Subject {
  readonly scheduleId: ScheduleId;
  readonly overlapPolicy?: OverlapPolicy | undefined;
}

/** What a decision is made of. */
export interface Seen extends LoadedSchedule {
  /** Of the ticks: the given one, else the schedule's. */
  readonly policy: OverlapPolicy;
  readonly now: number;
}

export type Decided = Omit<ScheduleCommit, "scheduleId" | "version" | "now">;

/** A decision that was written, and the schedule as it left it. */
export interface Written<D extends Decided> {
  readonly decided: D;
  readonly schedule: ScheduleRecord;
}

/**
 * Loads a schedule, decides, and writes what was decided; once more from the beginning where the schedule has changed in between. Undefined
 * decides nothing. Throws ScheduleNotFoundError, and what `decide` throws: then nothing was written.
 */
export async function decideSchedule<D extends Decided>({ backend, clock }: Schedulable, { scheduleId, overlapPolicy }: Subject, decide: (seen: Seen) => Promise<D | undefined> | D | undefined): Promise<Written<D> | undefined> {
  let expected = overlapPolicy ?? "skip";
  for (;;) {
    const loaded = await backend.loadSchedule(scheduleId, expected);
    if (loaded === undefined) throw new ScheduleNotFoundError(scheduleId);
    const { version } = loaded.schedule;
    const policy = overlapPolicy ?? loaded.schedule.overlapPolicy;
    if (policy !== expected) {
      expected = policy; // which live runs are to be known depends on it
      continue;
    }
    const now = clock.now();
    const decided = await decide({ ...loaded, policy, now });
    if (decided === undefined) return undefined;
    const [result] = await backend.commitSchedules([{ ...decided, scheduleId, version, now }]);
    if (result?.accepted) return { decided, schedule: asWritten(loaded.schedule, decided) };
    assert(result?.refused !== "tick", "I8", `a tick of ${scheduleId} was decided that is in its ledger already`);
  }
}

// A definition takes the place of the whole one before: a description that it does not have is gone.
function asWritten({ description, ...before }: ScheduleRecord, { definition, state }: Decided): ScheduleRecord {
  return { ...before, ...(definition ?? (description !== undefined && { description })), ...state, version: before.version + 1 };
}

/** Throws ScheduleStatusError for a deleted schedule. */
export function refuseDeleted({ scheduleId, status }: ScheduleRecord): void {
  if (status === "deleted") throw new ScheduleStatusError(scheduleId, status, `pyworkflow schedules resume ${scheduleId} brings it back`);
}
