import type { WorkerId } from "../core/ids.js";
import type { WorkerRecord, WorkerStatus } from "../storage/backend.js";
import type { Project } from "./project.js";

/** A worker under the names that JSON shows: a supervisor with its processes, or one process that works by itself. */
export interface WorkerRow {
  readonly worker_id: WorkerId;
  readonly hostname: string;
  readonly pid: number;
  readonly status: WorkerStatus;
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
  readonly status: WorkerStatus;
  readonly active_runs: number;
  readonly processed: number;
}

/** The workers of the store that are alive, newest first. One that died on another machine counts until somebody there notices. */
export async function listWorkers({ backend, locks }: Pick<Project, "backend" | "locks">): Promise<readonly WorkerRow[]> {
  const recorded = await backend.listWorkers();
  const workers = recorded.map((worker) => (worker.status !== "dead" && locks.isFree(worker.workerId) ? { ...worker, status: "dead" as const } : worker));
  const alive = workers.filter(({ status }) => status !== "dead");
  const ids = new Set(alive.map(({ workerId }) => workerId));
  const isOwn = ({ parentId }: WorkerRecord) => parentId === undefined || !ids.has(parentId);
  // Processes that died count in what their supervisor has done.
  return alive.filter(isOwn).map((worker) => row(worker, workers.filter(({ parentId }) => parentId === worker.workerId)));
}

function row(worker: WorkerRecord, children: readonly WorkerRecord[]): WorkerRow {
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

function processRow({ workerId, pid, status, activeRuns, processed }: WorkerRecord): ProcessRow {
  return { worker_id: workerId, pid, status, active_runs: activeRuns, processed };
}

function sum(workers: readonly WorkerRecord[], count: (worker: WorkerRecord) => number): number {
  return workers.reduce((total, worker) => total + count(worker), 0);
}
