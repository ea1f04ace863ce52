import { inspect } from "node:util";
import { decode } from "../base/codec.js";
import type { EventType, RecordedEvent } from "../core/events/event.js";
import type { ParkCode } from "../core/events/run.js";
import { chainOf } from "../core/family.js";
import type { OperationId, RunId, ScheduleId, WorkerId } from "../core/ids.js";
import type { Parked, RunRecord } from "../core/run.js";
import type { TickKind } from "../core/schedule/tick-kind.js";
import { spansOf, type Span, type SpanStatus } from "../core/spans.js";
import { findLiveWorker } from "./find-live-worker.js";
import { findRun } from "./find-run.js";
import { openWaits } from "./open-waits.js";
import { dateOf, runRow, secondsBetween, type RunRow } from "./list-runs.js";
import type { Project } from "./project.js";

/** All that is known of a run, under the names that JSON shows. Durations in seconds. */
export interface RunCard extends RunRow {
  readonly input: unknown;
  readonly result: unknown;
  readonly error: ErrorCard | null;
  readonly idempotency_key: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly max_recovery_attempts: number;
  readonly recover_on_worker_loss: boolean;
  readonly parent_run_id: RunId | null;
  readonly nesting_depth: number;
  readonly continued_from_run_id: RunId | null;
  readonly continued_to_run_id: RunId | null;
  /** The schedule that started it. */
  readonly schedule_id: ScheduleId | null;
  /** The due time that it was started for; a rerun has that of its original. */
  readonly scheduled_time: Date | null;
  readonly schedule_kind: TickKind | null;
  readonly worker_id: WorkerId | null;
  readonly last_event: { readonly type: EventType; readonly timestamp: Date; readonly sequence: number } | null;
  readonly event_count: number;
  readonly parked: ParkedCard | null;
  readonly steps: readonly StepCard[];
}

export interface ErrorCard {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly stack: string | null;
}

export interface ParkedCard {
  readonly code: ParkCode;
  readonly operation_id: OperationId | null;
  /** `file:line:column` of the call that does not fit. */
  readonly at: string | null;
}

export interface StepCard {
  readonly step_id: OperationId;
  readonly name: string;
  readonly status: SpanStatus;
  readonly attempts: number;
  /** From the first attempt to the outcome, waits included; null while there is none. */
  readonly duration: number | null;
}

export interface ShownRun {
  readonly card: RunCard;
  /** The hooks and children that it waits for, in words. */
  readonly waitsFor: readonly string[];
  /** It is due, and no worker is alive that will take it up. */
  readonly unserved: boolean;
  /** Of a run that continued as new: the last of its chain, where that is not the next. */
  readonly last?: RunRecord | undefined;
}

/** The run with this id, prefix or `@last`. Throws as {@link findRun}. */
export async function showRun(project: Project, { id }: { readonly id: string }): Promise<ShownRun> {
  const run = await findRun(project, id);
  const history = await project.backend.readHistory(run.runId, 0);
  const spans = spansOf(history);
  return { card: runCard(run, { history, spans }), waitsFor: openWaits(run, spans), unserved: await isUnserved(project, run), last: await lastBehindNext(project, run) };
}

async function lastBehindNext({ backend }: Project, run: RunRecord): Promise<RunRecord | undefined> {
  const last = run.continuedTo && (await backend.lastOfChain(chainOf(run)));
  return last?.runId === run.continuedTo ? undefined : last;
}

async function isUnserved(project: Project, run: RunRecord): Promise<boolean> {
  const { dueAt = Infinity, parked } = run;
  return parked === undefined && dueAt <= project.clock.now() && (await findLiveWorker(project, run)) === undefined;
}

interface Past {
  readonly history: readonly RecordedEvent[];
  readonly spans: readonly Span[];
}

function runCard(run: RunRecord, { history, spans }: Past): RunCard {
  const { recovery_attempts, wake_at, tags, ...row } = runRow(run);
  return {
    ...row,
    input: decode(run.input) ?? null,
    result: run.result === undefined ? null : (decode(run.result) ?? null),
    error: run.error === undefined ? null : errorCard(decode(run.error)),
    idempotency_key: run.idempotencyKey ?? null,
    tags,
    metadata: {},
    recovery_attempts,
    max_recovery_attempts: run.maxRecoveryAttempts,
    recover_on_worker_loss: run.recoverOnWorkerLoss,
    parent_run_id: run.parent?.runId ?? null,
    nesting_depth: run.nestingDepth,
    continued_from_run_id: run.continuedFrom ?? null,
    continued_to_run_id: run.continuedTo ?? null,
    wake_at,
    ...scheduleOf(run),
    worker_id: run.workerId ?? null,
    last_event: lastEvent(history),
    event_count: history.length,
    parked: run.parked === undefined ? null : parkedCard(run.parked),
    steps: spans.filter(({ kind }) => kind === "step").map(stepCard),
  };
}

function scheduleOf({ schedule, scheduledTime }: RunRecord): Pick<RunCard, "schedule_id" | "scheduled_time" | "schedule_kind"> {
  return { schedule_id: schedule?.scheduleId ?? null, scheduled_time: dateOf(scheduledTime), schedule_kind: schedule?.kind ?? null };
}

/** What a stored error says; also of a thing thrown that is no Error. */
export function errorCard(error: unknown): ErrorCard {
  if (!(error instanceof Error)) return { name: "Error", message: thrownText(error), code: null, stack: null };
  const code: unknown = Reflect.get(error, "code");
  return { name: error.name, message: error.message, code: typeof code === "string" ? code : null, stack: error.stack ?? null };
}

/** A thing that is no Error, as text: a string as it is, all else as a program would write it. */
export function thrownText(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : inspect(thrown, { breakLength: Infinity });
}

function lastEvent(history: readonly RecordedEvent[]): RunCard["last_event"] {
  const last = history.at(-1);
  return last === undefined ? null : { type: last.type, timestamp: new Date(last.at), sequence: last.sequence };
}

function parkedCard({ code, operationId, place }: Parked): ParkedCard {
  return { code, operation_id: operationId ?? null, at: place ?? null };
}

function stepCard({ operationId, name = "", status, attempts, startedAt, endedAt }: Span): StepCard {
  return {
    step_id: operationId,
    name,
    status,
    attempts: attempts.at(-1)?.attempt ?? 0,
    duration: status === "left" ? null : secondsBetween(startedAt, endedAt),
  };
}
