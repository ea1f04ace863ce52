import type { WorkerId } from "../core/ids.js";
import type { WorkerRecord } from "../storage/backend.js";
import type { Project } from "./project.js";
import { statusOf, type SeenStatus } from "./serving.js";

/** A worker under the names that JSON shows: a supervisor with its processes, or one process that works by itself. */
export interface WorkerRow {
  readonly worker_id: WorkerId;
  readonly hostname: string;
  readonly pid: number;
  readonly status: SeenStatus;
  readonly processes: readonly ProcessRow[];
  /** Runs at a time, of all its processes. */
  readonly concurrency: number;
  readonly active_runs: number;
  /** Runs that it brought to an end. */
  readonly processed: number;
  readonly started_at: Date;
  readonly heartbeat_at: Date;
}

export interface ProcessRow {
  readonly worker_id: WorkerId;
  readonly pid: number;
  readonly status: SeenStatus;
  readonly active_runs: number;
  readonly processed: number;
}

interface SeenWorker extends Omit<WorkerRecord, "status"> {
  readonly status: SeenStatus;
}

/** The workers of the store that are not known to be dead, newest first. */
export async function listWorkers(project: Project): Promise<readonly WorkerRow[]> {
  const recorded = await project.backend.listWorkers();
  const workers = recorded.map((worker): SeenWorker => ({ ...worker, status: statusOf(worker, project) }));
  const alive = workers.filter(({ status }) => status !== "dead");
  const ids = new Set(alive.map(({ workerId }) => workerId));
  const isOwn = ({ parentId }: SeenWorker) => parentId === undefined || !ids.has(parentId);
  // Processes that died count in what their supervisor has done.
  return alive.filter(isOwn).map((worker) => row(worker, workers.filter(({ parentId }) => parentId === worker.workerId)));
}

function row(worker: SeenWorker, children: readonly SeenWorker[]): WorkerRow {
  const all = worker.role === "supervisor" ? children : [worker];
  const alive = all.filter(({ status }) => status !== "dead");
  return {
    worker_id: worker.workerId,
    hostname: worker.hostname,
    pid: worker.pid,
    status: worker.status,
    processes: alive.map(processRow),
    concurrency: sum(alive, ({ concurrency }) => concurrency),
    active_runs: sum(alive, ({ activeRuns }) => activeRuns),
    processed: sum(all, ({ processed }) => processed),
    started_at: new Date(worker.startedAt),
    heartbeat_at: new Date(worker.heartbeatAt),
  };
}

function processRow({ workerId, pid, status, activeRuns, processed }: SeenWorker): ProcessRow {
  return { worker_id: workerId, pid, status, active_runs: activeRuns, processed };
}

function sum(workers: readonly SeenWorker[], count: (worker: SeenWorker) => number): number {
  return workers.reduce((total, worker) => total + count(worker), 0);
}
