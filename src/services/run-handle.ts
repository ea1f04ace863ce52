import type { RunId } from "../core/ids.js";
import type { RunStatus } from "../core/run.js";
import { lastOfChain } from "../engine/chain.js";
import { cancelRun, type CancelOptions } from "./cancel-run.js";
import type { Project } from "./project.js";
import { resultOf } from "./read-result.js";
import { waitRun } from "./wait-run.js";

/**
 * A run, as a program holds it. It stays valid when the process that executes the run changes, and when the run continues as new: then it
 * stands for the run that goes on.
 */
export interface RunHandle<Output = unknown> {
  readonly runId: RunId;
  /** Throws RunNotFoundError where the store has forgotten the run. */
  status(): Promise<RunStatus>;
  /**
   * Waits for the end. Rejects with RunFailedError (its `cause` is what the body threw), RunCancelledError, the error that a run is
   * parked for (NonDeterministicWorkflowError, NonDurableAwaitError), or WaitTimeoutError when `timeoutMs` are over.
   */
  result(options?: { readonly timeoutMs?: number }): Promise<Output>;
  /**
   * Asks the run to end: its code cleans up, then it is cancelled. False where it had ended before. Throws WaitTimeoutError where it
   * was to be waited for and had not ended in time.
   */
  cancel(options?: CancelOptions): Promise<boolean>;
}

export function runHandle<Output>(project: Pick<Project, "backend" | "clock">, runId: RunId): RunHandle<Output> {
  return {
    runId,
    status: async () => (await lastOfChain(project.backend, runId)).status,
    // The type is the workflow's own: what was stored is what its body returned.
    result: async (options = {}) => resultOf(await waitRun(project, { runId, ...options })) as Output,
    cancel: async (options = {}) => (await cancelRun(project, runId, { ...options, requestedBy: "engine.cancel" })).cancelled,
  };
}
