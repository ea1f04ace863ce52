import { decode, type Encoded } from "../base/codec.js";
import { unreachable } from "../base/unreachable.js";
import { isOperationEvent, type EventType, type OperationEvent, type RecordedEvent } from "../core/events/event.js";
import type { RunParked, RunEvent, WorkerLost } from "../core/events/run.js";
import { eventIdOf } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { stepNameOf } from "../core/steps.js";
import { findRun } from "./find-run.js";
import { dateOf } from "./list-runs.js";
import type { Project } from "./project.js";
import { errorCard } from "./show-run.js";

type Fields = Readonly<Record<string, unknown>>;

/** An event of a run, under the names that JSON shows, its values decoded. */
export interface LogEntry {
  readonly event_id: string;
  readonly sequence: number;
  readonly type: EventType;
  readonly timestamp: Date;
  readonly data: Fields;
}

export interface ShowLogOptions {
  /** A run id, a prefix, or `@last`. */
  readonly id: string;
  /** Only types that contain this text; `step_failed` means `step.failed`. */
  readonly filter?: string;
  /** Only these types. */
  readonly types?: readonly string[];
}

/** The events of a run, oldest first. Throws as {@link findRun}. */
export async function showLog(project: Project, { id, filter = "", types }: ShowLogOptions): Promise<readonly LogEntry[]> {
  const run = await findRun(project, id);
  const history = await project.backend.readHistory(run.runId, 0);
  const exact = types?.map(underscored);
  return history
    .filter(({ type }) => underscored(type).includes(underscored(filter)))
    .filter(({ type }) => exact?.includes(underscored(type)) ?? true)
    .map((event) => logEntry(run, event));
}

// People type step_completed as well as step.completed.
function underscored(type: string): string {
  return type.toLowerCase().replaceAll(".", "_");
}

function logEntry(run: RunRecord, event: RecordedEvent): LogEntry {
  const { sequence, type, at } = event;
  const data = isOperationEvent(event) ? operationData(event) : runData(run, event);
  return { event_id: eventIdOf(run.runId, sequence), sequence, type, timestamp: new Date(at), data };
}

function runData(run: RunRecord, event: RunEvent): Fields {
  switch (event.type) {
    case "workflow.started":
      return { workflow_name: run.workflowName, input: decode(run.input), worker_id: event.workerId };
    case "workflow.completed":
      return { workflow_name: run.workflowName, result: decode(event.value) };
    case "workflow.failed":
      return failure(event.value);
    case "workflow.suspended":
      return { reason: event.reason, wake_at: dateOf(event.wakeAt), wake_reason: event.wakeReason ?? null };
    case "workflow.resumed":
      return { reason: event.reason, worker_id: event.workerId };
    case "workflow.interrupted":
      return event.reason === "worker_lost" ? lossData(event) : parkedData(event);
    case "workflow.cancelled":
      return { reason: event.reason ?? null };
    case "cancellation.requested":
      return { reason: event.reason ?? null, requested_by: event.requestedBy };
    default:
      return unreachable(event);
  }
}

function lossData(event: WorkerLost): Fields {
  return {
    reason: event.reason,
    worker_id: event.workerId,
    last_event_sequence: event.lastEventSequence,
    error: event.error,
    recovery_attempt: event.recoveryAttempt,
    recoverable: event.recoverable,
  };
}

function parkedData(event: RunParked): Fields {
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

function operationData(event: OperationEvent): Fields {
  if (event.type === "sleep.completed") return { sleep_id: event.operationId };
  if (event.type === "sleep.started") {
    return { sleep_id: event.operationId, duration_seconds: (event.resumeAt - event.at) / 1000, resume_at: new Date(event.resumeAt) };
  }
  return { step_id: event.operationId, step_name: stepNameOf(event.operationId), ...stepData(event) };
}

function stepData(event: Exclude<OperationEvent, { type: `sleep.${string}` }>): Fields {
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

function failure(value: Encoded): Fields {
  const { name, message, code, stack } = errorCard(decode(value));
  return { error: message, error_type: name, error_code: code, traceback: stack };
}
