import { nearest } from "../base/nearest.js";
import { AmbiguousWorkerError, WorkerNotFoundError } from "../core/errors.js";
import { listWorkers, type WorkerRow } from "./list-workers.js";
import type { Project } from "./project.js";

export interface StopWorkerOptions {
  /** A worker id or a unique prefix of one, with or without its `worker_`. Absent: every worker of the store. */
  readonly id?: string;
}

/**
 * Asks workers through the store to stop, as SIGTERM would; they do so within a second. The workers that were asked.
 * Throws WorkerNotFoundError with the nearest id, or AmbiguousWorkerError.
 */
export async function stopWorkers(project: Project, { id }: StopWorkerOptions): Promise<readonly WorkerRow[]> {
  const workers = await listWorkers(project);
  const meant = id === undefined ? workers : [theOne(workers, id)];
  for (const { worker_id } of meant) await project.backend.updateWorker(worker_id, { stopRequested: true });
  return meant;
}

function theOne(workers: readonly WorkerRow[], id: string): WorkerRow {
  const ids = workers.map(({ worker_id }) => worker_id);
  const [worker, another] = workers.filter(({ worker_id }) => isBegunBy(worker_id, id));
  if (another !== undefined) throw new AmbiguousWorkerError(id, ids.filter((each) => isBegunBy(each, id)));
  if (worker !== undefined) return worker;
  throw new WorkerNotFoundError(id, { meant: nearest(id, ids) });
}

function isBegunBy(workerId: string, text: string): boolean {
  return workerId.startsWith(text) || workerId.startsWith(`worker_${text}`);
}
