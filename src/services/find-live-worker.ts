import type { RunRecord } from "../core/run.js";
import type { WorkerRecord } from "../storage/backend.js";
import type { Project } from "./project.js";
import { executes, statusOf, thereFor } from "./serving.js";

/** A run, or any of its workflow. */
export type Served = Pick<RunRecord, "workflowName"> & Partial<RunRecord>;

/**
 * A worker that will take up the run of the workflow: it knows it, is not draining, gives signs of life, and is not there for another run alone. One that died on
 * another machine counts until its lease is over.
 */
export async function findLiveWorker(project: Project, served: Served): Promise<WorkerRecord | undefined> {
  const workers = await thereFor(project, served, await project.backend.listWorkers());
  return workers.find(
    (worker) => executes(worker) && worker.workflows.includes(served.workflowName) && statusOf(worker, project) === "online",
  );
}
