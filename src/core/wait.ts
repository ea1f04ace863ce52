import { isTerminal, type RunRecord } from "./run.js";
import type { Span, SpanStatus } from "./spans.js";

/** What a run waits for, in a word that scripts may rely on. */
export type WaitsFor = "step" | "retry" | "timer" | "hook" | "child" | "recovery" | "worker" | "code" | "cancellation" | "nothing";

/** A run, and what is known around it. */
export interface WaitingRun {
  readonly run: RunRecord;
  /** The most telling of its open operations. */
  readonly main: Span | undefined;
  /** Of a run that a worker holds: whether that worker is alive. */
  readonly holderLives: boolean;
  readonly now: number;
}

/** Why a run does not go on. What stops it first comes first: a sleep that nobody is there to end is a lack of workers. */
export function waitOf({ run, main, holderLives, now }: WaitingRun): WaitsFor {
  if (isTerminal(run.status)) return "nothing";
  if (run.parked !== undefined) return "code";
  if (run.status === "running" && !holderLives) return "recovery";
  if (run.status === "interrupted") return "recovery";
  if (isDue(run, now)) return "worker";
  if (run.cancellationRequested) return "cancellation";
  return main === undefined ? "nothing" : waitFor(main);
}

/** Whether the run could be executed now, if somebody took it up. */
function isDue({ dueAt = Infinity, parked }: RunRecord, now: number): boolean {
  return parked === undefined && dueAt <= now;
}

/** What an open operation waits for. */
export function waitFor({ kind, status }: Span): WaitsFor {
  if (kind === "step") return status === "retrying" ? "retry" : "step";
  return kind === "sleep" ? "timer" : kind;
}

const statusRank: Readonly<Partial<Record<SpanStatus, number>>> = { running: 0, interrupted: 1, retrying: 2 };
const kindRank = { step: 3, child: 3, hook: 4, sleep: 5 } as const;

/** The open operations of a run, the most telling first: what executes, what was interrupted, what is tried again; then children, hooks and sleeps. */
export function byTelling(spans: readonly Span[]): readonly Span[] {
  return spans.toSorted((a, b) => rankOf(a) - rankOf(b) || dueOf(a, b) || a.startedAt - b.startedAt);
}

function rankOf({ kind, status }: Span): number {
  return statusRank[status] ?? kindRank[kind];
}

function dueOf({ dueAt: a = Infinity }: Span, { dueAt: b = Infinity }: Span): number {
  return a === b ? 0 : a - b; // Infinity less itself is no number
}
