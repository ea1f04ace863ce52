import type { Encoded } from "../../base/codec.js";
import type { OperationId, RunId, WorkerId } from "../ids.js";

/** The first claim of a run. */
export interface WorkflowStarted {
  readonly type: "workflow.started";
  readonly at: number;
  readonly workerId: WorkerId;
  /** Version of the code that the worker has loaded. */
  readonly version: string;
}

/** The body returned `value`. */
export interface WorkflowCompleted {
  readonly type: "workflow.completed";
  readonly at: number;
  readonly value: Encoded;
}

/** The body threw, or the run was given up; `value` is the error. */
export interface WorkflowFailed {
  readonly type: "workflow.failed";
  readonly at: number;
  readonly value: Encoded;
}

/** Nothing to do before `wakeAt` (never, where it is absent, but for an outside event); or a worker hands the run over. */
export interface WorkflowSuspended {
  readonly type: "workflow.suspended";
  readonly at: number;
  readonly reason: "waiting" | "released";
  readonly wakeAt?: number;
  /** What the earliest wake time belongs to. */
  readonly wakeReason?: "timer" | "retry";
  /** Handed over for a worker with this version of the code, which the history fits; others take it only when no such worker lives. */
  readonly reservedFor?: string;
}

/** Why a run was due when it was claimed, or taken up by hand. */
export type ResumeReason = "timer" | "retry" | "hook" | "child" | "cancellation" | "released" | "recovery" | "manual_retry";

/** Each later claim. */
export interface WorkflowResumed {
  readonly type: "workflow.resumed";
  readonly at: number;
  readonly reason: ResumeReason;
  readonly workerId: WorkerId;
  readonly version: string;
  readonly reset?: never;
}

/**
 * Somebody takes a failed or parked run up again: due at once. It begins a new life for the operations in `reset`, whose earlier events replay
 * passes over.
 */
export interface RunRetried {
  readonly type: "workflow.resumed";
  readonly at: number;
  readonly reason: "manual_retry";
  readonly reset: readonly OperationId[];
}

/** The run's worker was lost. The run is due again, unless a `workflow.failed` follows in the same commit. */
export interface WorkerLost {
  readonly type: "workflow.interrupted";
  readonly at: number;
  readonly reason: "worker_lost";
  readonly workerId: WorkerId;
  readonly lastEventSequence: number;
  readonly error: string;
  /** Losses in a row without a new outcome, this one included where it was charged to the run. */
  readonly recoveryAttempt: number;
  readonly recoverable: boolean;
}

/** The kinds of misfit; headings of docs/errors.md. */
export type ParkCode = "NON_DETERMINISTIC" | "NON_DURABLE_AWAIT";

/** Code and history do not fit: the run is parked until other code takes it up. */
export interface RunParked {
  readonly type: "workflow.interrupted";
  readonly at: number;
  readonly reason: "non_deterministic";
  readonly code: ParkCode;
  readonly operationId?: OperationId;
  /** The sentence a person reads. */
  readonly error: string;
  /** `file:line:column` of the call, where there is one. */
  readonly place?: string;
  /** The version of the code that did not fit. */
  readonly version: string;
  readonly lastEventSequence: number;
}

/** The run ended because somebody asked for it, or because its parent ended. */
export interface WorkflowCancelled {
  readonly type: "workflow.cancelled";
  readonly at: number;
  readonly reason?: string;
  /** Whether its code could clean up: false where the run was ended by force, by its parent, or before it began. */
  readonly cleanupCompleted: boolean;
}

/** The body called `continueAsNew(value)`: the run `newRunId`, created in the same commit, goes on in its place. */
export interface WorkflowContinued {
  readonly type: "workflow.continued_as_new";
  readonly at: number;
  readonly newRunId: RunId;
  readonly value: Encoded;
}

/** Somebody outside asks the run to end. */
export interface CancellationRequested {
  readonly type: "cancellation.requested";
  readonly at: number;
  readonly reason?: string;
  readonly requestedBy: string;
}

/** What ends a run. */
export type RunEnd = WorkflowCompleted | WorkflowFailed | WorkflowCancelled | WorkflowContinued;

export type RunEvent =
  | WorkflowStarted
  | WorkflowCompleted
  | WorkflowFailed
  | WorkflowSuspended
  | WorkflowResumed
  | RunRetried
  | WorkerLost
  | RunParked
  | WorkflowCancelled
  | WorkflowContinued
  | CancellationRequested;
