import { tokenOf, type RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import type { Span } from "../core/spans.js";

/** The hooks and children that a run waits for, in words and in the order of their creation. */
export function openWaits({ runId }: Pick<RunRecord, "runId">, spans: readonly Span[]): readonly string[] {
  return spans.flatMap((span) => (span.status === "waiting" ? wordsOf(span, runId) : []));
}

function wordsOf({ kind, operationId, childRunId, name, isAwaited }: Span, runId: RunId): readonly string[] {
  if (kind === "hook") return [`hook ${tokenOf(runId, operationId)}`];
  return kind === "child" && isAwaited ? [`child ${childRunId} (${name})`] : [];
}
