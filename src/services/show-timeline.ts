import type { OperationId, RunId } from "../core/ids.js";
import { runSpanOf, type HoldSpan, type IdleSpan, type RunSpan } from "../core/run-span.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import { spansOf, type AttemptSpan, type OperationKind, type Span, type SpanStatus, type WaitSpan } from "../core/spans.js";
import { findRun } from "./find-run.js";
import { beganAt, dateOf } from "./list-runs.js";
import type { Project } from "./project.js";

/** A run, or one of its operations, over time, under the names that JSON shows. What is open has no end. */
export interface SpanRow {
  /** Null for the run itself. */
  readonly operation_id: OperationId | null;
  readonly kind: OperationKind | "run";
  readonly name: string | null;
  readonly status: SpanStatus | RunStatus;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  /** Tries of a step. */
  readonly attempts: readonly AttemptRow[];
  /** Of the run: when a worker held it. */
  readonly holds: readonly HoldRow[];
  readonly waits: readonly WaitRow[];
}

export interface AttemptRow {
  readonly attempt: number;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly status: AttemptSpan["status"];
}

export interface HoldRow {
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly status: HoldSpan["status"];
}

export interface WaitRow {
  readonly kind: WaitSpan["kind"] | IdleSpan["kind"];
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

export interface Timeline {
  readonly runId: RunId;
  readonly status: RunStatus;
  readonly now: number;
  /** When it was first taken up: its length counts from there, as everywhere. Null until then. */
  readonly began: Date | null;
  /** The run first, then its operations in the order of their start. */
  readonly spans: readonly SpanRow[];
  /** How many operations there are. */
  readonly operations: number;
}

export interface ShowTimelineOptions {
  /** A run id, a prefix, or `@last`. */
  readonly id: string;
  /** The newest operations only, at most so many. */
  readonly limit: number;
}

/** What a run and its operations did when. Throws as {@link findRun}. */
export async function showTimeline(project: Project, { id, limit }: ShowTimelineOptions): Promise<Timeline> {
  const run = await findRun(project, id);
  const history = await project.backend.readHistory(run.runId, 0);
  const spans = spansOf(history);
  const shown = spans.slice(Math.max(0, spans.length - limit));
  return {
    runId: run.runId,
    status: run.status,
    now: project.clock.now(),
    began: dateOf(beganAt(run)),
    spans: [runRow(run, runSpanOf(run, history)), ...shown.map(spanRow)],
    operations: spans.length,
  };
}

function runRow(run: RunRecord, { startedAt, endedAt, holds, idles }: RunSpan): SpanRow {
  return {
    operation_id: null,
    kind: "run",
    name: run.workflowName,
    status: run.status,
    started_at: new Date(startedAt),
    ended_at: dateOf(endedAt),
    attempts: [],
    holds: holds.map(({ status, ...hold }) => ({ ...timesOf(hold), status })),
    waits: idles.map((idle) => ({ kind: idle.kind, ...timesOf(idle) })),
  };
}

function spanRow({ operationId, kind, name, status, startedAt, endedAt, attempts, waits }: Span): SpanRow {
  return {
    operation_id: operationId,
    kind,
    name: name ?? null,
    status,
    started_at: new Date(startedAt),
    ended_at: dateOf(endedAt),
    attempts: attempts.map((attempt) => ({ attempt: attempt.attempt, ...timesOf(attempt), status: attempt.status })),
    holds: [],
    waits: waits.map((wait) => ({ kind: wait.kind, ...timesOf(wait) })),
  };
}

function timesOf({ startedAt, endedAt }: { readonly startedAt: number; readonly endedAt?: number | undefined }) {
  return { started_at: new Date(startedAt), ended_at: dateOf(endedAt) };
}
