import type { Encoded } from "../base/codec.js";
import type { ChildEvent } from "./events/child.js";
import { endsRun, retriesRun, type RecordedEvent } from "./events/event.js";
import type { HookEvent } from "./events/hook.js";
import type { SleepEvent } from "./events/sleep.js";
import type { StepEvent } from "./events/step.js";
import { operationNameOf, type OperationId, type RunId } from "./ids.js";

export type OperationKind = "step" | "sleep" | "hook" | "child";

/**
 * `waiting`: a sleep, a hook or a child that is open. `interrupted`: its run lost or left the worker that tried it. `left`: its run ended without
 * its outcome.
 */
export type SpanStatus = "running" | "interrupted" | "retrying" | "waiting" | "completed" | "failed" | "expired" | "cancelled" | "left";

/** One try of a step. Times in milliseconds since the epoch; without `endedAt` it is under way. */
export interface AttemptSpan {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly status: "running" | "interrupted" | "completed" | "failed" | "cancelled" | "left";
}

/** A time in which an operation did nothing but wait. */
export interface WaitSpan {
  readonly kind: "retry" | "sleep" | "hook" | "child";
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
}

/** An operation of a run, from its first event to its outcome. */
export interface Span {
  readonly operationId: OperationId;
  readonly kind: OperationKind;
  /** Of the step, the hook or the child's workflow; a sleep has none. */
  readonly name: string | undefined;
  readonly status: SpanStatus;
  readonly startedAt: number;
  /** Absent while it is open. */
  readonly endedAt?: number | undefined;
  readonly attempts: readonly AttemptSpan[];
  readonly waits: readonly WaitSpan[];
  /** When its timer fires, its next attempt begins, or its hook expires. */
  readonly dueAt?: number | undefined;
  /** The run of a child. */
  readonly childRunId?: RunId | undefined;
  /** Of a child: whether its call waits for its end, and not for its start alone. */
  readonly isAwaited: boolean;
  /** The arguments of the call; a hook has none. */
  readonly args?: Encoded | undefined;
  /** What a step or a child returned, or the payload of a hook. */
  readonly value?: Encoded | undefined;
  /** Of the newest attempt that failed, or of the child. */
  readonly error?: Encoded | undefined;
}

/** Whether the run waits for it. */
export function isOpen({ endedAt, isAwaited }: Span): boolean {
  return endedAt === undefined && isAwaited;
}

/**
 * The operations of a history, in the order in which they first stand there. An operation that was reset keeps what its earlier lives did. Of a history that grows only
 * the events that are new need to be given, with the spans of those before them.
 */
export function spansOf(events: readonly RecordedEvent[], before: readonly Span[] = []): readonly Span[] {
  const spans = new Map(before.map((span) => [span.operationId, span]));
  for (const event of events) apply(spans, event);
  return [...spans.values()];
}

type Spans = Map<OperationId, Span>;

function apply(spans: Spans, event: RecordedEvent): void {
  if (endsRun(event)) return leaveOpen(spans, event.at);
  if (retriesRun(event)) return reopen(spans, event.reset);
  switch (event.type) {
    case "workflow.interrupted":
      return interrupt(spans, event.at);
    case "workflow.suspended":
      return event.reason === "released" ? interrupt(spans, event.at) : undefined;
    case "step.started":
    case "step.completed":
    case "step.failed":
    case "step.retrying":
    case "step.cancelled":
      return applyToStep(spans, event);
    case "sleep.started":
    case "sleep.completed":
      return applyToSleep(spans, event);
    case "hook.created":
    case "hook.received":
    case "hook.expired":
    case "hook.disposed":
      return applyToHook(spans, event);
    case "child_workflow.started":
    case "child_workflow.completed":
    case "child_workflow.failed":
    case "child_workflow.cancelled":
      return applyToChild(spans, event);
    default:
      return undefined;
  }
}

function applyToStep(spans: Spans, event: StepEvent): void {
  const { at, operationId } = event;
  if (event.type === "step.started") {
    const { attempts, ...span } = spanOf(spans, "step", event);
    const attempt = { attempt: event.attempt, startedAt: at, status: "running" } as const;
    const begun = { ...span, status: "running", endedAt: undefined, dueAt: undefined, args: event.value, value: undefined } as const;
    return put(spans, { ...begun, waits: closed(span.waits, at), attempts: [...attempts, attempt] });
  }
  const span = spans.get(operationId);
  if (span === undefined) return; // given up before it was ever started
  switch (event.type) {
    case "step.completed":
      return put(spans, { ...ended(withAttempt(span, { endedAt: at, status: "completed" }), "completed", at), value: event.value });
    case "step.cancelled":
      return put(spans, ended(withAttempt(span, { endedAt: at, status: "cancelled" }), "cancelled", at));
    case "step.failed": {
      const failed = { ...withAttempt(span, { endedAt: at, status: "failed" }), error: event.value };
      return put(spans, event.isRetryable ? { ...failed, status: "retrying" } : ended(failed, "failed", at));
    }
    case "step.retrying":
      return put(spans, { ...span, status: "retrying", dueAt: event.resumeAt, waits: [...span.waits, { kind: "retry", startedAt: at }] });
  }
}

function applyToSleep(spans: Spans, event: SleepEvent): void {
  const span = spanOf(spans, "sleep", event);
  put(spans, event.type === "sleep.started" ? { ...waiting(span, event.at, event.resumeAt), args: event.value } : ended(span, "completed", event.at));
}

const hookEnds = { "hook.received": "completed", "hook.expired": "expired", "hook.disposed": "cancelled" } as const;

function applyToHook(spans: Spans, event: HookEvent): void {
  const span = spanOf(spans, "hook", event);
  if (event.type === "hook.created") return put(spans, waiting(span, event.at, event.expiresAt));
  put(spans, { ...ended(span, hookEnds[event.type], event.at), ...(event.type === "hook.received" && { value: event.value }) });
}

function applyToChild(spans: Spans, event: ChildEvent): void {
  const span = spanOf(spans, "child", event);
  switch (event.type) {
    case "child_workflow.started":
      return put(spans, { ...waiting(span, event.at), name: event.workflowName, childRunId: event.childRunId, isAwaited: event.waits, args: event.value });
    case "child_workflow.completed":
      return put(spans, { ...ended(span, "completed", event.at), value: event.value });
    case "child_workflow.failed":
      return put(spans, { ...ended(span, "failed", event.at), error: event.value });
    case "child_workflow.cancelled":
      return put(spans, ended(span, "cancelled", event.at));
  }
}

function spanOf(spans: Spans, kind: OperationKind, { operationId, at }: { readonly operationId: OperationId; readonly at: number }): Span {
  return spans.get(operationId) ?? { operationId, kind, name: kind === "sleep" ? undefined : operationNameOf(operationId), status: "waiting", startedAt: at, attempts: [], waits: [], isAwaited: true };
}

function waiting(span: Span, at: number, dueAt?: number): Span {
  const kind = span.kind === "step" ? "retry" : span.kind;
  return { ...span, status: "waiting", endedAt: undefined, dueAt, value: undefined, error: kind === "retry" ? span.error : undefined, waits: [...span.waits, { kind, startedAt: at }] };
}

function ended(span: Span, status: SpanStatus, at: number): Span {
  return { ...span, status, endedAt: at, dueAt: undefined, waits: closed(span.waits, at) };
}

function closed(waits: readonly WaitSpan[], at: number): readonly WaitSpan[] {
  return waits.map((wait) => (wait.endedAt === undefined ? { ...wait, endedAt: at } : wait));
}

/** The newest attempt changes, if it is under way. */
function withAttempt(span: Span, change: Partial<AttemptSpan>): Span {
  const last = span.attempts.at(-1);
  return last?.status === "running" ? { ...span, attempts: [...span.attempts.slice(0, -1), { ...last, ...change }] } : span;
}

function interrupt(spans: Spans, at: number): void {
  for (const span of spans.values()) {
    if (span.status === "running") put(spans, { ...withAttempt(span, { endedAt: at, status: "interrupted" }), status: "interrupted" });
  }
}

function leaveOpen(spans: Spans, at: number): void {
  for (const span of spans.values()) {
    if (span.endedAt === undefined) put(spans, { ...ended(withAttempt(span, { endedAt: at, status: "left" }), "left", at), dueAt: span.dueAt });
  }
}

// What the end of the last life left open is open again, but for what begins anew: that comes with its next start.
function reopen(spans: Spans, reset: readonly OperationId[]): void {
  for (const span of spans.values()) {
    if (span.status !== "left" || reset.includes(span.operationId)) continue;
    const { waits, ...left } = span;
    const last = waits.at(-1);
    const goesOn = last !== undefined && last.endedAt === span.endedAt;
    put(spans, { ...left, endedAt: undefined, ...(goesOn ? { status: span.kind === "step" ? "retrying" : "waiting", waits: [...waits.slice(0, -1), { ...last, endedAt: undefined }] } : { status: "interrupted", waits }) });
  }
}

function put(spans: Spans, span: Span): void {
  spans.set(span.operationId, span);
}
