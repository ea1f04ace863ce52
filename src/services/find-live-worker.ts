import type { WorkerRecord } from "../storage/backend.js";
import type { Project } from "./project.js";

/**
 * A worker that will take up runs of the workflow: it knows it, is not draining, and is not known to be gone. Only what this
 * machine can tell is asked; a worker that died elsewhere counts until somebody there notices.
 */
export async function findLiveWorker({ backend, locks }: Project, workflowName: string): Promise<WorkerRecord | undefined> {
  const workers = await backend.listWorkers();
  return workers.find(
    ({ role, status, workflows, workerId }) =>
      role !== "supervisor" && status === "online" && workflows.includes(workflowName) && !locks.isFree(workerId),
  );
}
