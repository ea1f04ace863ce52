import { decode, type Encoded } from "../base/codec.js";
import { unreachable } from "../base/unreachable.js";
import type { ChildEvent } from "../core/events/child.js";
import { isOperationEvent, type OperationEvent, type WorkflowEvent } from "../core/events/event.js";
import type { HookEvent } from "../core/events/hook.js";
import type { RunEvent, RunParked, RunRetried, WorkerLost, WorkflowResumed, WorkflowSuspended } from "../core/events/run.js";
import type { SleepEvent } from "../core/events/sleep.js";
import type { StepEvent } from "../core/events/step.js";
import { operationNameOf, tokenOf } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { dateOf } from "./list-runs.js";
import { errorCard } from "./show-run.js";

/** The facts of an event, beside its type, time and place. */
export type EventData = Readonly<Record<string, unknown>>;

/** What an event says, under the names that JSON shows, its values decoded. */
export function eventData(run: RunRecord, event: WorkflowEvent): EventData {
  return isOperationEvent(event) ? operationData(run, event) : runData(run, event);
}

function runData(run: RunRecord, event: RunEvent): EventData {
  switch (event.type) {
    case "workflow.started":
      return { workflow_name: run.workflowName, input: decode(run.input), worker_id: event.workerId };
    case "workflow.completed":
      return { workflow_name: run.workflowName, result: decode(event.value) };
    case "workflow.failed":
      return failure(event.value);
    case "workflow.suspended":
      return suspensionData(event);
    case "workflow.resumed":
      return resumptionData(event);
    case "workflow.interrupted":
      return event.reason === "worker_lost" ? lossData(event) : parkedData(event);
    case "workflow.cancelled":
      return { reason: event.reason ?? null, cleanup_completed: event.cleanupCompleted };
    case "workflow.continued_as_new":
      return { new_run_id: event.newRunId, input: decode(event.value) };
    case "cancellation.requested":
      return { reason: event.reason ?? null, requested_by: event.requestedBy };
    default:
      return unreachable(event);
  }
}

function suspensionData({ reason, wakeAt, wakeReason, reservedFor }: WorkflowSuspended): EventData {
  return { reason, wake_at: dateOf(wakeAt), wake_reason: wakeReason ?? null, ...(reservedFor !== undefined && { reserved_for: reservedFor }) };
}

function resumptionData(event: WorkflowResumed | RunRetried): EventData {
  return event.reset === undefined ? { reason: event.reason, worker_id: event.workerId } : { reason: event.reason, reset: event.reset };
}

function lossData(event: WorkerLost): EventData {
  return {
    reason: event.reason,
    worker_id: event.workerId,
    last_event_sequence: event.lastEventSequence,
    error: event.error,
    recovery_attempt: event.recoveryAttempt,
    recoverable: event.recoverable,
  };
}

function parkedData(event: RunParked): EventData {
  return {
    reason: event.reason,
    code: event.code,
    operation_id: event.operationId ?? null,
    at: event.place ?? null,
    error: event.error,
    version: event.version,
    last_event_sequence: event.lastEventSequence,
  };
}

function operationData(run: RunRecord, event: OperationEvent): EventData {
  switch (event.type) {
    case "sleep.started":
    case "sleep.completed":
      return sleepData(event);
    case "hook.created":
    case "hook.received":
    case "hook.expired":
    case "hook.disposed":
      return { hook_id: event.operationId, ...hookData(run, event) };
    case "child_workflow.started":
    case "child_workflow.completed":
    case "child_workflow.failed":
    case "child_workflow.cancelled":
      return { child_id: event.operationId, child_run_id: event.childRunId ?? null, ...childData(event) };
    case "patch.recorded":
      return { patch_id: event.operationId };
    default:
      return { step_id: event.operationId, step_name: operationNameOf(event.operationId), ...stepData(event) };
  }
}

function sleepData(event: SleepEvent): EventData {
  if (event.type === "sleep.completed") return { sleep_id: event.operationId };
  return { sleep_id: event.operationId, duration_seconds: (event.resumeAt - event.at) / 1000, resume_at: new Date(event.resumeAt) };
}

function hookData({ runId }: RunRecord, event: HookEvent): EventData {
  switch (event.type) {
    case "hook.created":
      return { name: event.name, token: tokenOf(runId, event.operationId), expires_at: dateOf(event.expiresAt), payload_schema: event.schema ?? null };
    case "hook.received":
      return { payload: decode(event.value) };
    case "hook.expired":
      return {};
    case "hook.disposed":
      return { reason: event.reason };
    default:
      return unreachable(event);
  }
}

function childData(event: ChildEvent): EventData {
  switch (event.type) {
    case "child_workflow.started":
      return { child_workflow_name: event.workflowName, input: inputOf(event.value), wait_for_completion: event.waits, parent_close: event.parentClose };
    case "child_workflow.completed":
      return { result: decode(event.value) };
    case "child_workflow.failed":
      return failure(event.value);
    case "child_workflow.cancelled":
      return { reason: event.reason ?? null };
    default:
      return unreachable(event);
  }
}

// Stored as the arguments of the call.
function inputOf(args: Encoded): unknown {
  const list = decode(args);
  return Array.isArray(list) ? (list[0] ?? null) : null;
}

function stepData(event: StepEvent): EventData {
  switch (event.type) {
    case "step.started":
      return { args: decode(event.value), attempt: event.attempt };
    case "step.completed":
      return { result: decode(event.value) };
    case "step.failed":
      return { ...failure(event.value), is_retryable: event.isRetryable, attempt: event.attempt };
    case "step.retrying":
      return { attempt: event.attempt, resume_at: new Date(event.resumeAt) };
    case "step.cancelled":
      return { reason: event.reason };
    default:
      return unreachable(event);
  }
}

function failure(value: Encoded): EventData {
  const { name, message, code, stack } = errorCard(decode(value));
  return { error: message, error_type: name, error_code: code, traceback: stack };
}
