import { encode } from "../../../src/base/codec.js";
import { parseScheduleId, type RunId, type ScheduleId } from "../../../src/core/ids.js";
import { settingsOf, type NewRun, type RunRecord } from "../../../src/core/run.js";
import type { LoadedSchedule, NewSchedule, OverlapPolicy, ScheduleRecord, ScheduleState, Tick } from "../../../src/core/schedule/schedule.js";
import { stateOf } from "../../../src/core/schedule/state.js";
import type { Backend, ScheduleCommit, ScheduleCommitResult } from "../../../src/storage/backend.js";
import { take } from "./relatives.js";
import { only, record, run, t0 } from "./support.js";

export type EnteredSchedule = NewSchedule & ScheduleState;

export function scheduleIdOf(text: string): ScheduleId {
  const scheduleId = parseScheduleId(text);
  if (scheduleId === undefined) throw new Error(`${text} is no schedule id`);
  return scheduleId;
}

/** An active one that is first due an hour after its creation. */
export function schedule(id: string, change: Partial<EnteredSchedule> = {}): EnteredSchedule {
  const counters = { totalRuns: 0, successfulRuns: 0, failedRuns: 0, skippedRuns: 0, missedRuns: 0, bufferedCount: 0 };
  return {
    scheduleId: scheduleIdOf(id),
    spec: { when: { intervalMs: 3_600_000, anchor: t0 }, timezone: "UTC" },
    overlapPolicy: "skip",
    catchup: "latest",
    catchupWindowMs: 86_400_000,
    input: encode({ orderId: "o-1" }),
    settings: settingsOf(run()),
    createdAt: t0,
    status: "active",
    nextDueAt: t0 + 3_600_000,
    wakeAt: t0 + 3_600_000,
    ...counters,
    updatedAt: t0,
    ...change,
  };
}

/** The same, as the store keeps it. */
export async function enterSchedule(backend: Backend, id: string, change: Partial<EnteredSchedule> = {}): Promise<ScheduleRecord> {
  const entered = schedule(id, change);
  if (!(await backend.createSchedule(entered))) throw new Error(`the schedule ${id} is there already`);
  return current(backend, entered);
}

export async function current(backend: Backend, { scheduleId }: Pick<NewSchedule, "scheduleId">): Promise<ScheduleRecord> {
  const found = await backend.getSchedule(scheduleId);
  if (!found) throw new Error(`the schedule ${scheduleId} is gone`);
  return found;
}

export async function load(backend: Backend, { scheduleId }: Pick<NewSchedule, "scheduleId">, policy: OverlapPolicy = "cancel_other"): Promise<LoadedSchedule> {
  const loaded = await backend.loadSchedule(scheduleId, policy);
  if (!loaded) throw new Error(`the schedule ${scheduleId} is gone`);
  return loaded;
}

export async function liveIds(backend: Backend, { scheduleId }: Pick<NewSchedule, "scheduleId">): Promise<readonly RunId[]> {
  return (await load(backend, { scheduleId })).live.map(({ runId }) => runId);
}

type Change = Partial<Omit<ScheduleCommit, "state">> & { readonly state?: Partial<ScheduleState> };

/** A decision that rests on what is given, and changes nothing but what is named. */
export function decisionOn(seen: ScheduleRecord, { state, ...change }: Change): ScheduleCommit {
  return { scheduleId: seen.scheduleId, version: seen.version, state: { ...stateOf(seen), ...state }, ticks: [], create: [], cancel: [], now: t0 + 100, ...change };
}

export async function decideOne(backend: Backend, seen: ScheduleRecord, change: Change = {}): Promise<ScheduleCommitResult> {
  return only(await backend.commitSchedules([decisionOn(seen, change)]));
}

export const accepted = { accepted: true };
export const refused = (why: "version" | "tick") => ({ accepted: false, refused: why });

export function tick(due: number, change: Partial<Tick> = {}): Tick {
  return { kind: "schedule", due, decidedAt: due, decision: "skipped", reason: "because", ...change };
}

export function runOf({ scheduleId }: Pick<NewSchedule, "scheduleId">, change: Partial<NewRun> = {}): NewRun {
  return run({ schedule: { scheduleId, kind: "schedule" }, scheduledTime: t0, ...change });
}

/** Runs that a decision on a schedule starts, pending. */
export async function startRuns(backend: Backend, of: ScheduleRecord, changes: readonly Partial<NewRun>[]): Promise<readonly RunRecord[]> {
  const create = changes.map((change) => runOf(of, change));
  const result = await decideOne(backend, await current(backend, of), { create });
  if (!result.accepted) throw new Error(`the decision was refused: ${result.refused}`);
  return Promise.all(create.map(({ runId }) => record(backend, runId)));
}

/** One run of a schedule, held under epoch 1. */
export async function runningOf(backend: Backend, of: ScheduleRecord, change: Partial<NewRun> = {}): Promise<RunRecord> {
  const { runId } = only(await startRuns(backend, of, [change]));
  await take(backend, { runId });
  return record(backend, runId);
}
