import type { RunId } from "../ids.js";
import { PyworkflowError } from "./pyworkflow-error.js";

/** A child run failed. `cause` is what its body threw. */
export class ChildWorkflowFailedError extends PyworkflowError {
  static override readonly code = "CHILD_FAILED";
  /** Absent where the child could not even be started, because its input was not valid. */
  readonly childRunId?: RunId;
  readonly childWorkflowName: string;
  constructor(childWorkflowName: string, childRunId: RunId | undefined, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const which = childRunId === undefined ? "" : ` (${childRunId})`;
    super(`the child workflow ${childWorkflowName}${which} failed: ${reason}`, childRunId === undefined ? "correct its input" : `pyworkflow runs logs ${childRunId} shows what happened`, { cause });
    if (childRunId !== undefined) this.childRunId = childRunId;
    this.childWorkflowName = childWorkflowName;
  }
}

/** A child run was cancelled, and its parent was not. */
export class ChildWorkflowCancelledError extends PyworkflowError {
  static override readonly code = "CHILD_CANCELLED";
  readonly childRunId: RunId;
  readonly childWorkflowName: string;
  constructor(childWorkflowName: string, childRunId: RunId) {
    super(`the child workflow ${childWorkflowName} (${childRunId}) was cancelled`, `pyworkflow runs logs ${childRunId} shows by whom`);
    this.childRunId = childRunId;
    this.childWorkflowName = childWorkflowName;
  }
}

/** Children of children of children may not have children. */
export class MaxNestingDepthError extends PyworkflowError {
  static override readonly code = "MAX_NESTING_DEPTH";
  readonly maxDepth: number;
  constructor(childWorkflowName: string, maxDepth: number) {
    super(`${childWorkflowName} can't be started: its parent is ${maxDepth} levels deep already, and that is the limit`, "make one workflow of two levels, or start the run with an engine, from a step");
    this.maxDepth = maxDepth;
  }
}
