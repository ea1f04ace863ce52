import type { Encoded } from "../../base/codec.js";
import type { OperationId } from "../ids.js";

/** An attempt begins. `value` holds the arguments; `after` is the last sequence delivered when the step was asked for. */
export interface StepStarted {
  readonly type: "step.started";
  readonly at: number;
  readonly operationId: OperationId;
  readonly attempt: number;
  readonly after: number;
  readonly value: Encoded;
}

/** The outcome of a step that returned `value`. */
export interface StepCompleted {
  readonly type: "step.completed";
  readonly at: number;
  readonly operationId: OperationId;
  readonly value: Encoded;
}

/** An attempt failed with `value`; it is the step's outcome only where `isRetryable` is false. */
export interface StepFailed {
  readonly type: "step.failed";
  readonly at: number;
  readonly operationId: OperationId;
  readonly attempt: number;
  readonly isRetryable: boolean;
  readonly value: Encoded;
}

/** The next attempt, numbered `attempt`, begins at `resumeAt`. Always in one commit with its `step.failed`. */
export interface StepRetrying {
  readonly type: "step.retrying";
  readonly at: number;
  readonly operationId: OperationId;
  readonly attempt: number;
  readonly resumeAt: number;
}

/** The outcome of a step that was given up: its run was cancelled, or ended without waiting for it. */
export interface StepCancelled {
  readonly type: "step.cancelled";
  readonly at: number;
  readonly operationId: OperationId;
  readonly reason: "cancelled" | "run_ended";
}

export type StepEvent = StepStarted | StepCompleted | StepFailed | StepRetrying | StepCancelled;
