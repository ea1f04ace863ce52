import { randomBytes } from "node:crypto";
import type { OnProgress } from "../base/on-progress.js";
import { defaults } from "../core/defaults.js";
import { InvalidScheduleError } from "../core/errors.js";
import { runIdsInOrder, type RunId, type ScheduleId } from "../core/ids.js";
import { decideAsked } from "../core/schedule/decide.js";
import { dueTimes } from "../core/schedule/next.js";
import type { OverlapPolicy, ScheduleRecord, Tick } from "../core/schedule/schedule.js";
import type { Backend } from "../storage/backend.js";
import { decideSchedule, refuseDeleted, type Schedulable, type Subject } from "./decide-schedule.js";
import { findSchedule } from "./find-schedule.js";
import { localTime } from "./next-times.js";
import { upTo } from "./pages.js";
import type { Project } from "./project.js";

export interface BackfillOptions {
  /** The first due time that counts, in milliseconds since the epoch. */
  readonly start: number;
  /** The first one that does not. */
  readonly end: number;
  /** In the place of the schedule's own. */
  readonly overlapPolicy?: OverlapPolicy | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface Backfilled {
  readonly schedule: ScheduleRecord;
  /** What was decided, earliest due time first. */
  readonly ticks: readonly Tick[];
  /** The runs that were started, in the same order. */
  readonly runIds: readonly RunId[];
  /** Due times that have a run of an earlier backfill, or are buffered for one. */
  readonly passedOver: number;
}

/**
 * Decides the due times of a stretch of the past (or of the time to come) at once, without jitter; the schedule, which may be paused, goes on as
 * before. Asked for again, it takes up only what has not come to a run. Throws as {@link findSchedule}, InvalidScheduleError where `end` is not
 * later than `start` or the due times are too many, and ScheduleStatusError for a deleted one; then nothing was recorded.
 */
export async function backfillSchedule(project: Schedulable, text: string, { overlapPolicy, onProgress, ...range }: BackfillOptions): Promise<Backfilled> {
  const schedule = await findSchedule(project, text);
  refuseDeleted(schedule);
  const { scheduleId } = schedule;
  const dues = backfillTimes(schedule, range);
  const ticks: Tick[] = [];
  for (let done = 0; done < dues.length; ) {
    const chunk = dues.slice(done, done + defaults.schedule.ticksMax);
    ticks.push(...(await decideChunk(project, { scheduleId, overlapPolicy }, chunk)));
    done += chunk.length;
    onProgress?.(done, dues.length);
  }
  const runIds = ticks.flatMap(({ runId }) => (runId === undefined ? [] : [runId]));
  return { schedule: await findSchedule(project, scheduleId), ticks, runIds, passedOver: dues.length - ticks.length };
}

/** What a backfill would do. */
export interface BackfillPlan extends Pick<BackfillOptions, "start" | "end"> {
  readonly schedule: ScheduleRecord;
  /** The due times that it would decide, earliest first. */
  readonly dues: readonly number[];
  /** As in {@link Backfilled}. */
  readonly passedOver: number;
}

/** Only looks. Throws as {@link backfillSchedule}. */
export async function planBackfill(project: Pick<Project, "backend">, text: string, range: Pick<BackfillOptions, "start" | "end">): Promise<BackfillPlan> {
  const schedule = await findSchedule(project, text);
  refuseDeleted(schedule);
  const dues = backfillTimes(schedule, range);
  const { settled } = await askedBefore(project.backend, schedule.scheduleId, dues);
  const open = dues.filter((due) => !settled.has(due));
  return { ...range, schedule, dues: open, passedOver: dues.length - open.length };
}

/** A due time, and what the clocks of the schedule's zone show then. */
export interface DueRow {
  readonly due: Date;
  readonly local: string;
}

/** What came of a backfill, or would, under the names that JSON shows. */
export interface BackfillRow {
  readonly schedule_id: ScheduleId;
  readonly start_time: Date;
  readonly end_time: Date;
  /** The due times that were decided, earliest first. */
  readonly due_times: readonly DueRow[];
  /** Null with a dry run, as the others: the overlap policy will tell. */
  readonly runs_created: number | null;
  readonly run_ids: readonly RunId[];
  readonly buffered_runs: number | null;
  readonly skipped_runs: number | null;
  /** Due times that have a run of an earlier backfill, or are buffered for one. */
  readonly passed_over_runs: number;
  readonly dry_run: boolean;
}

/** Without `done`: what would be. */
export function backfillRow({ schedule, start, end, dues, passedOver }: BackfillPlan, done?: Backfilled): BackfillRow {
  const decided = done?.ticks.map(({ due }) => due) ?? dues;
  const countOf = (decision: Tick["decision"]): number | null => done?.ticks.filter((tick) => tick.decision === decision).length ?? null;
  return {
    schedule_id: schedule.scheduleId,
    start_time: new Date(start),
    end_time: new Date(end),
    due_times: decided.map((due) => ({ due: new Date(due), local: localTime(schedule.spec.timezone, due) })),
    runs_created: done?.runIds.length ?? null,
    run_ids: done?.runIds ?? [],
    buffered_runs: countOf("buffered"),
    skipped_runs: countOf("skipped"),
    passed_over_runs: done?.passedOver ?? passedOver,
    dry_run: done === undefined,
  };
}

/** The due times that a backfill is about. Throws InvalidScheduleError. */
function backfillTimes({ spec }: Pick<ScheduleRecord, "spec">, { start, end }: Pick<BackfillOptions, "start" | "end">): readonly number[] {
  if (!(start < end)) throw new InvalidScheduleError("end", "it is not later than start", "a backfill takes the due times from start on that are earlier than end");
  const { backfillMax } = defaults.schedule;
  const dues: number[] = [];
  for (const due of dueTimes(spec, start, end)) {
    dues.push(due);
    if (dues.length > backfillMax) throw new InvalidScheduleError("end", `there are more than ${backfillMax} due times from start on`, "backfill a shorter time, then the next");
  }
  return dues;
}

async function decideChunk(project: Schedulable, subject: Subject, chunk: readonly number[]): Promise<readonly Tick[]> {
  const written = await decideSchedule(project, subject, async (seen) => {
    refuseDeleted(seen.schedule);
    // Read behind the version: whoever decides one of them meanwhile raises it.
    const { settled, skipped } = await askedBefore(project.backend, subject.scheduleId, chunk);
    const dues = chunk.filter((due) => !settled.has(due));
    if (dues.length === 0) return undefined;
    const skippedBefore = dues.filter((due) => skipped.has(due)).length;
    const asked = { kind: "backfill", dues, skippedBefore, overlapPolicy: seen.policy } as const;
    const decision = decideAsked(seen, asked, { now: seen.now, newRunId: runIdsInOrder(seen.now, randomBytes) });
    return { ...decision, asked: new Set(dues) };
  });
  // What came before them and could start now is decided along with them.
  return written?.decided.ticks.filter(({ kind, due }) => kind === "backfill" && written.decided.asked.has(due)) ?? [];
}

/** Those of the due times that an earlier backfill brought to a run, or buffered for one; and those that it skipped. */
async function askedBefore(backend: Backend, scheduleId: ScheduleId, dues: readonly number[]): Promise<{ readonly settled: ReadonlySet<number>; readonly skipped: ReadonlySet<number> }> {
  const [dueFrom = 0, dueLast = dueFrom] = [dues[0], dues.at(-1)];
  const { found } = await upTo<Tick>(Infinity, (last, limit) => backend.listTicks({ scheduleId, kind: "backfill", dueFrom, dueBefore: last?.due ?? dueLast + 1, limit }));
  const duesThat = (fits: (tick: Tick) => boolean) => new Set(found.filter(fits).map(({ due }) => due));
  return { settled: duesThat(({ decision }) => decision !== "skipped"), skipped: duesThat(({ decision }) => decision === "skipped") };
}
