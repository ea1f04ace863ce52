import type { RunId } from "../core/ids.js";
import { RunNotFoundError } from "../core/errors.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import type { Project } from "./project.js";
import { resultOf } from "./read-result.js";
import { waitRun } from "./wait-run.js";

/** A run, as a program holds it. It stays valid when the process that executes the run changes. */
export interface RunHandle<Output = unknown> {
  readonly runId: RunId;
  /** Throws RunNotFoundError where the store has forgotten the run. */
  status(): Promise<RunStatus>;
  /**
   * Waits for the end. Rejects with RunFailedError (its `cause` is what the body threw), RunCancelledError, the error that a run is
   * parked for (NonDeterministicWorkflowError, NonDurableAwaitError), or WaitTimeoutError when `timeoutMs` are over.
   */
  result(options?: { readonly timeoutMs?: number }): Promise<Output>;
}

export function runHandle<Output>(project: Pick<Project, "backend" | "clock">, runId: RunId): RunHandle<Output> {
  return {
    runId,
    status: async () => (await recordOf(project, runId)).status,
    // The type is the workflow's own: what was stored is what its body returned.
    result: async (options = {}) => resultOf(await waitRun(project, { runId, ...options })) as Output,
  };
}

async function recordOf({ backend }: Pick<Project, "backend">, runId: RunId): Promise<RunRecord> {
  const run = await backend.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  return run;
}
