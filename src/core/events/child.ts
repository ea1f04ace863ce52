import type { Encoded } from "../../base/codec.js";
import type { OperationId, RunId } from "../ids.js";

export const parentCloses = ["terminate", "cancel", "abandon"] as const;
/** What becomes of a child when its parent ends first: ended without running its code again; cancelled, with its clean-up; left alone. */
export type ParentClose = (typeof parentCloses)[number];

/** A child run was created. `value` holds the input of the call, for the drift check. */
export interface ChildStarted {
  readonly type: "child_workflow.started";
  readonly at: number;
  readonly operationId: OperationId;
  readonly childRunId: RunId;
  readonly workflowName: string;
  readonly parentClose: ParentClose;
  /** Whether the call waits for the child's end (`runChild`), or for its start only. */
  readonly waits: boolean;
  readonly after: number;
  readonly value: Encoded;
}

interface ChildEnd {
  readonly at: number;
  readonly operationId: OperationId;
  /** The run that ended: of a child that continued as new, the last one. Absent where none was started. */
  readonly childRunId?: RunId;
  readonly parentClose?: ParentClose;
}

/** The child returned `value`. */
export interface ChildCompleted extends ChildEnd {
  readonly type: "child_workflow.completed";
  readonly value: Encoded;
}

/** The child failed with the error `value`, or could not be started because of it. */
export interface ChildFailed extends ChildEnd {
  readonly type: "child_workflow.failed";
  readonly value: Encoded;
}

/** The child was cancelled, or was never started because its parent was. */
export interface ChildCancelled extends ChildEnd {
  readonly type: "child_workflow.cancelled";
  readonly reason?: string;
}

/** What settles a child. */
export type ChildOutcome = ChildCompleted | ChildFailed | ChildCancelled;
export type ChildEvent = ChildStarted | ChildOutcome;
