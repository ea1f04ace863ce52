import { randomBytes } from "node:crypto";
import { encode } from "../../base/codec.js";
import { CancellationError, RecoveryDisabledError } from "../../core/errors.js";
import type { WorkflowEvent } from "../../core/events/event.js";
import type { RunParked } from "../../core/events/run.js";
import type { Misfit } from "../../core/decide.js";
import { successorOf } from "../../core/family.js";
import { newRunId } from "../../core/ids.js";
import type { RunRecord } from "../../core/run.js";
import type { Body, BodyEnd } from "./body.js";
import type { Operation } from "./operation.js";
import type { Final, RunLog } from "./run-log.js";
import type { RunEnvironment } from "./environment.js";
import { storable, storableError } from "./storable.js";

export interface Ending {
  readonly run: RunRecord;
  readonly log: RunLog;
  readonly body: Body;
  readonly environment: RunEnvironment;
}

/** The events that end a run: what is open is closed, then the terminal event. */
export function endingOf(ending: Ending): Final {
  const { log, body, environment } = ending;
  const at = environment.clock.now();
  // The log must say what patched() said also where the body ended at once: it would say something else with what has come in meanwhile.
  const closed: WorkflowEvent[] = body.unrecordedPatches.map(({ id: operationId, after }) => ({ type: "patch.recorded", at, operationId, after }));
  for (const operation of body.operations.values()) {
    const { id, acted, settled, outcomeEmitted, request } = operation;
    const recorded = log.history.operations.get(id);
    if (outcomeEmitted || recorded?.outcome !== undefined) continue;
    // An earlier life of the body may have carried it out; and the cancellation that a hook was settled by tells nobody of it.
    const carriedOut = acted || recorded !== undefined;
    if (carriedOut && (!settled || request.kind === "hook")) closed.push(...closingOf(operation, at));
    else if (!carriedOut && !settled && !isImposed(body.ended)) body.log.warn(`${id} was asked for but never carried out: the workflow ended without awaiting it`);
  }
  const final = terminalOf(ending, at);
  return { ...final, events: [...closed, ...final.events] };
}

/** The event that hands a run over. A transient run has nothing to go on from: it begins again elsewhere, or fails. */
export function releaseOf(run: RunRecord, at: number): Final {
  if (run.durable || run.recoverOnWorkerLoss) {
    return { departure: "released", events: [{ type: "workflow.suspended", at, reason: "released" }] };
  }
  const error = new RecoveryDisabledError(run.runId, "the worker stopped");
  return { departure: "ended", events: [{ type: "workflow.failed", at, value: encode(error) }] };
}

/** Hands a run over to the workers whose code its history fits. */
export function reservationOf(reservedFor: string, at: number): Final {
  return { departure: "released", events: [{ type: "workflow.suspended", at, reason: "released", reservedFor }] };
}

/** The event that parks a run. */
export function parkingOf({ log, environment }: Pick<Ending, "log" | "environment">, misfit: Misfit): Final {
  const { code, message: error, operationId, place } = misfit;
  const event: RunParked = {
    type: "workflow.interrupted",
    reason: "non_deterministic",
    at: environment.clock.now(),
    code,
    error,
    version: environment.version,
    lastEventSequence: log.history.lastSequence,
    ...(operationId && { operationId }),
    ...(place && { place }),
  };
  return { departure: "parked", events: [event] };
}

// Children are not closed here: whoever executes runs closes the children of those that have ended, a few at a time.
function closingOf({ id: operationId, request, settled }: Operation, at: number): readonly WorkflowEvent[] {
  if (request.kind === "step") return [{ type: "step.cancelled", at, operationId, reason: "run_ended" }];
  if (request.kind === "hook") return [{ type: "hook.disposed", at, operationId, reason: settled ? "cancelled" : "run_ended" }];
  return [];
}

function terminalOf({ run, log, body, environment }: Ending, at: number): Final {
  const { ended } = body;
  // Once requested, the only end is the cancelled one, also when the body swallowed the error or never saw it.
  const { cancellation } = log.history;
  if (cancellation !== undefined) {
    const { reason } = cancellation;
    const cleanupCompleted = ended !== undefined && !isImposed(ended);
    return only({ type: "workflow.cancelled", at, cleanupCompleted, ...(reason !== undefined && { reason }) });
  }
  if (ended === undefined) return only({ type: "workflow.failed", at, value: encode(new CancellationError()) });
  if ("error" in ended) return only({ type: "workflow.failed", at, value: storableError(ended.error) });
  if ("continueWith" in ended) {
    const { continueWith: value } = ended;
    const successor = successorOf(run, { runId: newRunId(at, randomBytes), input: value, createdAt: at });
    return { ...only({ type: "workflow.continued_as_new", at, newRunId: successor.runId, value }), successor };
  }
  const stored = storable(ended.value, "the result of the workflow", environment.limits.payloadBytes);
  if ("error" in stored) return only({ type: "workflow.failed", at, value: encode(stored.error) });
  return only({ type: "workflow.completed", at, value: stored.value });
}

// A limit ended the run, and not its body: what that had just asked for is no mistake of its author.
function isImposed(ended: BodyEnd | undefined): boolean {
  return ended !== undefined && "imposed" in ended;
}

function only(event: WorkflowEvent): Final {
  return { departure: "ended", events: [event] };
}
