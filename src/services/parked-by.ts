import type { RunId } from "../core/ids.js";
import type { WorkerRecord } from "../storage/backend.js";
import { findRuns } from "./find-run.js";
import type { Project } from "./project.js";
import { executes, statusOf } from "./serving.js";

/** A worker that would park runs as they are parked now: it has the same code. */
export interface ParkingWorker {
  readonly worker: WorkerRecord;
  readonly runIds: readonly RunId[];
}

/** Who is at work with the code that those of the runs did not fit which are parked. Throws as {@link findRuns}. */
export async function workersThatPark(project: Project, ids: readonly string[]): Promise<readonly ParkingWorker[]> {
  const parked = (await findRuns(project, ids)).filter((run) => run.parked !== undefined);
  if (parked.length === 0) return [];
  const online = (await project.backend.listWorkers()).filter((worker) => executes(worker) && statusOf(worker, project) === "online");
  return online.flatMap((worker) => {
    const runs = parked.filter((run) => worker.version === run.parked?.version && worker.workflows.includes(run.workflowName));
    return runs.length === 0 ? [] : [{ worker, runIds: runs.map(({ runId }) => runId) }];
  });
}
