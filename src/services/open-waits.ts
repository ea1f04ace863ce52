import { isOperationEvent, isOutcome, type OperationEvent, type RecordedEvent } from "../core/events/event.js";
import { tokenOf, type OperationId, type RunId } from "../core/ids.js";
import { isTerminal, type RunRecord } from "../core/run.js";

/** The hooks and children that a run waits for, in words and in the order of their creation. */
export function openWaits({ runId, status }: Pick<RunRecord, "runId" | "status">, history: readonly RecordedEvent[]): readonly string[] {
  if (isTerminal(status)) return [];
  const open = new Map<OperationId, string>();
  for (const event of history) {
    if (isOperationEvent(event)) follow(open, runId, event);
    else if (event.type === "workflow.resumed") for (const id of event.reset ?? []) open.delete(id);
  }
  return [...open.values()];
}

function follow(open: Map<OperationId, string>, runId: RunId, event: OperationEvent): void {
  const { operationId } = event;
  if (event.type === "hook.created") open.set(operationId, `hook ${tokenOf(runId, operationId)}`);
  if (event.type === "child_workflow.started" && event.waits) open.set(operationId, `child ${event.childRunId} (${event.workflowName})`);
  if (isOutcome(event)) open.delete(operationId);
}
