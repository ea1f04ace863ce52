import { decode } from "../../base/codec.js";
import type { WorkflowEvent } from "../../core/events/event.js";
import type { RunRecord } from "../../core/run.js";
import type { ExecutorNote } from "../executor.js";

/** What the log says of a run that leaves its worker with this event: loud where somebody has to look, and for who debugs where all is well. */
export function departureNote({ runId, workflowName: workflow }: RunRecord, event: WorkflowEvent | undefined): ExecutorNote {
  const told = { runId, inHistory: true } as const;
  const quiet = (message: string): ExecutorNote => ({ ...told, level: "debug", message, fields: { workflow } });
  switch (event?.type) {
    case "workflow.failed":
      return { ...told, level: "warn", message: "run failed", fields: { workflow, error: decode(event.value) } };
    case "workflow.interrupted": {
      if (event.reason !== "non_deterministic") return quiet("run interrupted");
      const { code, error, operationId, place } = event;
      return { ...told, level: "error", message: `run parked: ${error}`, fields: { workflow, code, ...(operationId && { operation_id: operationId }), ...(place && { at: place }) } };
    }
    case "workflow.suspended":
      return quiet(event.reason === "released" ? "run handed over" : "run suspended");
    case "workflow.completed":
      return quiet("run completed");
    case "workflow.cancelled":
      return quiet("run cancelled");
    case "workflow.continued_as_new":
      return quiet(`run continued as ${event.newRunId}`);
    default:
      return quiet("run left");
  }
}
