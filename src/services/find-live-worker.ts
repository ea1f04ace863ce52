import type { RunRecord } from "../core/run.js";
import type { WorkerRecord } from "../storage/backend.js";
import type { Project } from "./project.js";

/** A run, or any of its workflow. */
export type Served = Pick<RunRecord, "workflowName"> & Partial<Pick<RunRecord, "runId">>;

/**
 * A worker that will take up the run of the workflow: it knows it, is not draining, is not known to be gone, and is not there for another run alone. Only what this
 * machine can tell is asked; a worker that died elsewhere counts until somebody there notices.
 */
export async function findLiveWorker({ backend, locks }: Project, { workflowName, runId }: Served): Promise<WorkerRecord | undefined> {
  const workers = await backend.listWorkers();
  return workers.find(
    ({ role, status, workflows, workerId, onlyRun = runId }) =>
      role !== "supervisor" && status === "online" && onlyRun === runId && workflows.includes(workflowName) && !locks.isFree(workerId),
  );
}
