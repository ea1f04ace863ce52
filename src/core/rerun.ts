import type { RecordedEvent, WorkflowEvent } from "./events/event.js";
import type { OperationId, RunId } from "./ids.js";
import { newestLives } from "./reset.js";

/** What a new run reuses of another one's history. */
export interface Reuse {
  /** The events before the operation that it begins at. */
  readonly prefix: readonly RecordedEvent[];
  /** Operations of the other run whose outcome is not among them, in the order of its log. */
  readonly executesAgain: readonly OperationId[];
  /** Children that the prefix started and whose end it does not have. */
  readonly openChildren: readonly RunId[];
}

/** Reuses a history up to the newest life of an operation; nothing of it without one. Undefined where the history has no such operation. */
export function reuseOf(history: readonly RecordedEvent[], from: string | undefined): Reuse | undefined {
  const operations = newestLives(history);
  const start = from === undefined ? 1 : operations.find(({ id }) => id === from)?.first.sequence;
  if (start === undefined) return undefined;
  const prefix = history.filter(({ sequence }) => sequence < start);
  const reused = newestLives(prefix);
  const settled = new Set(reused.filter(({ outcome }) => outcome !== undefined).map(({ id }) => id));
  return {
    prefix,
    executesAgain: operations.filter(({ id, first }) => first.type !== "patch.recorded" && !settled.has(id)).map(({ id }) => id),
    openChildren: reused.flatMap(({ id, first }) => (first.type === "child_workflow.started" && !settled.has(id) ? [first.childRunId] : [])),
  };
}

/**
 * What the log of the new run begins with: the prefix; let go of by the worker that wrote it; and taken up again, so that the run is due and has the
 * whole of its `maxDuration`.
 */
export function historyOf({ prefix }: Reuse, at: number): readonly WorkflowEvent[] {
  if (prefix.length === 0) return [];
  const events = prefix.map(({ sequence: _sequence, ...event }): WorkflowEvent => event);
  return [...events, { type: "workflow.suspended", at, reason: "released" }, { type: "workflow.resumed", at, reason: "manual_retry", reset: [] }];
}
