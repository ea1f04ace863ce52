import { asEncoded, type Encoded } from "../../base/codec.js";
import { BugError } from "../../base/unreachable.js";
import type { EventType, RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import type { ParentClose } from "../../core/events/child.js";
import type { ResumeReason } from "../../core/events/run.js";
import type { OperationId, RunId, ScheduleId, WorkerId } from "../../core/ids.js";
import type { Parent, Parked, RunRecord, RunState, RunStatus } from "../../core/run.js";
import type { TickKind } from "../../core/schedule/tick-kind.js";

// Part of the file's format: a number is never used for another type.
const codes: Readonly<Record<EventType, number>> = {
  "workflow.started": 1,
  "workflow.completed": 2,
  "workflow.failed": 3,
  "workflow.suspended": 4,
  "workflow.resumed": 5,
  "workflow.interrupted": 6,
  "workflow.cancelled": 7,
  "cancellation.requested": 8,
  "workflow.continued_as_new": 9,
  "step.started": 20,
  "step.completed": 21,
  "step.failed": 22,
  "step.retrying": 23,
  "step.cancelled": 24,
  "sleep.started": 30,
  "sleep.completed": 31,
  "hook.created": 40,
  "hook.received": 41,
  "hook.expired": 42,
  "hook.disposed": 43,
  "child_workflow.started": 50,
  "child_workflow.completed": 51,
  "child_workflow.failed": 52,
  "child_workflow.cancelled": 53,
  "patch.recorded": 60,
};
const typesByCode = new Map(Object.entries(codes).map(([type, code]) => [code, type]));

/** A row of `events` without its run; `value` is the text itself, wherever it is stored. */
export interface EventRow {
  readonly sequence: number;
  readonly type: number;
  readonly at: number;
  readonly operation: string | null;
  readonly value: string | null;
  readonly rest: string | null;
}

export function rowOfEvent(event: WorkflowEvent, sequence: number): EventRow {
  const { type, at, operationId, value, ...others } = event as WorkflowEvent & { operationId?: OperationId; value?: Encoded };
  const rest = JSON.stringify(others);
  return { sequence, type: codes[type], at, operation: operationId ?? null, value: value ?? null, rest: rest === "{}" ? null : rest };
}

export function eventOfRow(row: EventRow): RecordedEvent {
  const type = typesByCode.get(row.type);
  if (type === undefined) throw new BugError(`event type ${row.type} is in the store, and unknown to this version`);
  const event: Record<string, unknown> = row.rest === null ? {} : (JSON.parse(row.rest) as Record<string, unknown>);
  event["type"] = type;
  event["at"] = row.at;
  event["sequence"] = row.sequence;
  if (row.operation !== null) event["operationId"] = row.operation;
  if (row.value !== null) event["value"] = row.value;
  return event as unknown as RecordedEvent;
}

/** The columns of `runs` that hold a run's state, but for its result and error. */
export interface StateRow {
  readonly status: string;
  readonly due_at: number | null;
  readonly wake_reason: string | null;
  readonly worker_id: string | null;
  readonly recovery_attempts: number;
  readonly parked: string | null;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  readonly interrupted_at: number | null;
  readonly continued_to: string | null;
  readonly cancellation_requested: number | null;
  readonly closable_children: number;
  readonly reserved_for: string | null;
}

/** The columns of `runs` that hold a run's parent. */
export interface ParentRow {
  readonly parent: string | null;
  readonly parent_operation: string | null;
  readonly parent_close: string | null;
  readonly orphaned: number | null;
}

export interface RunRow extends StateRow, ParentRow {
  readonly key: number;
  readonly run_id: string;
  readonly workflow: string;
  readonly durable: number;
  readonly epoch: number;
  readonly inbox: number | null;
  readonly created_at: number;
  readonly idempotency_key: string | null;
  readonly tags: string;
  readonly recover_on_worker_loss: number;
  readonly max_recovery_attempts: number;
  readonly max_duration_ms: number | null;
  readonly nesting_depth: number;
  readonly continued_from: string | null;
  readonly chain: string | null;
  readonly rerun_of: string | null;
  readonly seed: string | null;
  readonly closing: number | null;
  readonly schedule: ScheduleId | null;
  readonly schedule_kind: TickKind | null;
  readonly scheduled_time: number | null;
  readonly input: string;
  readonly result: string | null;
  readonly error: string | null;
}

export function stateOfRow(row: StateRow): RunState {
  return {
    status: row.status as RunStatus,
    recoveryAttempts: row.recovery_attempts,
    ...(row.due_at !== null && { dueAt: row.due_at }),
    ...(row.wake_reason !== null && { wakeReason: row.wake_reason as ResumeReason }),
    ...(row.worker_id !== null && { workerId: row.worker_id as WorkerId }),
    ...(row.parked !== null && { parked: JSON.parse(row.parked) as Parked }),
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.completed_at !== null && { completedAt: row.completed_at }),
    ...(row.interrupted_at !== null && { interruptedAt: row.interrupted_at }),
    ...(row.continued_to !== null && { continuedTo: row.continued_to as RunId }),
    ...(row.cancellation_requested !== null && { cancellationRequested: true }),
    closableChildren: row.closable_children,
    ...(row.reserved_for !== null && { reservedFor: row.reserved_for }),
  };
}

export function parentOfRow({ parent, parent_operation, parent_close }: ParentRow): Parent | undefined {
  if (parent === null) return undefined;
  return { runId: parent as RunId, operationId: parent_operation as OperationId, parentClose: parent_close as ParentClose };
}

export function recordOfRow(row: RunRow): RunRecord {
  return {
    ...familyOfRow(row),
    ...tickOfRow(row),
    runId: row.run_id as RunId,
    workflowName: row.workflow,
    durable: row.durable === 1,
    input: asEncoded(row.input),
    createdAt: row.created_at,
    ...(row.idempotency_key !== null && { idempotencyKey: row.idempotency_key }),
    tags: JSON.parse(row.tags) as string[],
    recoverOnWorkerLoss: row.recover_on_worker_loss === 1,
    maxRecoveryAttempts: row.max_recovery_attempts,
    ...(row.max_duration_ms !== null && { maxDurationMs: row.max_duration_ms }),
    epoch: row.epoch,
    ...(row.inbox !== null && { inbox: row.inbox }),
    ...stateOfRow(row),
    ...(row.result !== null && { result: asEncoded(row.result) }),
    ...(row.error !== null && { error: asEncoded(row.error) }),
  };
}

type Family = Pick<RunRecord, "parent" | "nestingDepth" | "continuedFrom" | "chain" | "rerunOf" | "seed" | "closing" | "orphaned">;

function familyOfRow(row: RunRow): Family {
  const parent = parentOfRow(row);
  return {
    ...(parent && { parent }),
    nestingDepth: row.nesting_depth,
    ...(row.continued_from !== null && { continuedFrom: row.continued_from as RunId }),
    ...(row.chain !== null && { chain: row.chain as RunId }),
    ...(row.rerun_of !== null && { rerunOf: row.rerun_of as RunId }),
    ...(row.seed !== null && { seed: row.seed as RunId }),
    ...(row.closing !== null && { closing: true }),
    ...(row.orphaned !== null && { orphaned: true }),
  };
}

function tickOfRow({ schedule, schedule_kind, scheduled_time }: RunRow): Pick<RunRecord, "schedule" | "scheduledTime"> {
  return {
    ...(schedule !== null && schedule_kind !== null && { schedule: { scheduleId: schedule, kind: schedule_kind } }),
    ...(scheduled_time !== null && { scheduledTime: scheduled_time }),
  };
}
