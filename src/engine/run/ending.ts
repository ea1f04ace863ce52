import { encode } from "../../base/codec.js";
import { CancellationError, RecoveryDisabledError } from "../../core/errors.js";
import type { WorkflowEvent } from "../../core/events/event.js";
import type { RunRecord } from "../../core/run.js";
import type { Body, BodyEnd } from "./body.js";
import type { Final, RunLog } from "./run-log.js";
import type { RunEnvironment } from "./environment.js";
import { storable, storableError } from "./storable.js";

/** The events that end a run: what is open is closed, then the terminal event. */
export function endingOf(log: RunLog, body: Body, environment: RunEnvironment): Final {
  const at = environment.clock.now();
  const closed: WorkflowEvent[] = [];
  for (const operation of body.operations.values()) {
    if (operation.settled || operation.outcomeEmitted) continue;
    if (!operation.acted) body.log.warn(`${operation.id} was asked for but never carried out: the workflow ended without awaiting it`);
    else if (operation.request.kind === "step") closed.push({ type: "step.cancelled", at, operationId: operation.id, reason: "run_ended" });
  }
  return { departure: "ended", events: [...closed, terminalEvent(log, body.ended, environment)] };
}

/** The event that hands a run over. A transient run has nothing to go on from: it begins again elsewhere, or fails. */
export function releaseOf(run: RunRecord, at: number): Final {
  if (run.durable || run.recoverOnWorkerLoss) {
    return { departure: "released", events: [{ type: "workflow.suspended", at, reason: "released" }] };
  }
  const error = new RecoveryDisabledError(run.runId, "the worker stopped");
  return { departure: "ended", events: [{ type: "workflow.failed", at, value: encode(error) }] };
}

function terminalEvent(log: RunLog, ended: BodyEnd | undefined, { clock, limits }: RunEnvironment): WorkflowEvent {
  const at = clock.now();
  // Once requested, the only end is the cancelled one, also when the body swallowed the error or never saw it.
  if (log.history.cancellationRequested) return { type: "workflow.cancelled", at };
  if (ended === undefined) return { type: "workflow.failed", at, value: encode(new CancellationError()) };
  if ("error" in ended) return { type: "workflow.failed", at, value: storableError(ended.error) };
  const stored = storable(ended.value, "the result of the workflow", limits.payloadBytes);
  if ("error" in stored) return { type: "workflow.failed", at, value: encode(stored.error) };
  return { type: "workflow.completed", at, value: stored.value };
}
