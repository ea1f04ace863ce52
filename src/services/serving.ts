import type { RunId } from "../core/ids.js";
import { mustRunAlone, type RunRecord } from "../core/run.js";
import type { WorkerRecord, WorkerStatus } from "../storage/backend.js";
import type { Project } from "./project.js";

/**
 * Why nobody takes a due run up at once. `none_alive`: no process that executes runs is alive. `none_knows`: none of them has its workflow. `draining`: those
 * that have it end. `reserved`: it is left to workers of the version that wrote its history. `alone`: it lost its worker twice in a row, and is executed with nothing
 * beside it. `busy`: who may take it has all the runs that it may have at a time. `version`: it is parked, and who lives has the code that it did not fit.
 */
export type Obstacle = "none_alive" | "none_knows" | "draining" | "reserved" | "alone" | "busy" | "version";

/** Who is there for a run. */
export interface Serving {
  /** Every process that is alive and executes runs. */
  readonly alive: readonly WorkerRecord[];
  /** Those that know its workflow, and are silent. */
  readonly silent: readonly WorkerRecord[];
  /** Those of them that may take the run up. */
  readonly takers: readonly WorkerRecord[];
  readonly obstacle: Obstacle | undefined;
}

/** What tells who is alive. */
export type Witness = Pick<Project, "config" | "clock" | "locks">;

/**
 * How a worker stands, seen from here. `silent`: it has given no sign of life for the whole lease; it is stopped, hangs, or its machine is gone. For people, and to
 * decide whom to wait for: what it holds is taken from it only by who has watched its heartbeat stand still.
 */
export type SeenStatus = WorkerStatus | "silent";

export function statusOf({ status, workerId, heartbeatAt }: WorkerRecord, { config, clock, locks }: Witness): SeenStatus {
  if (status === "dead" || locks.isFree(workerId)) return "dead";
  return clock.now() - heartbeatAt > config.worker.leaseMs ? "silent" : status;
}

/** Whether anything may be expected of the process. One that died on another machine is silent a lease later. */
export function isAlive(worker: WorkerRecord, witness: Witness): boolean {
  const status = statusOf(worker, witness);
  return status === "online" || status === "draining";
}

/** Whether it is one of those that execute runs. */
export function executes({ role }: WorkerRecord): boolean {
  return role !== "supervisor";
}

/** Who of the workers would take the run up, and what stands in the way. */
export async function servingOf(run: RunRecord, workers: readonly WorkerRecord[], project: Project): Promise<Serving> {
  const isKnown = ({ workflows }: WorkerRecord) => workflows.includes(run.workflowName);
  const knowing = (await thereFor(project, run, workers)).filter(isKnown);
  const alive = workers.filter((worker) => isAlive(worker, project));
  const silent = knowing.filter((worker) => statusOf(worker, project) === "silent");
  return { ...takersAmong(run, alive, alive.filter((worker) => knowing.includes(worker))), silent };
}

function takersAmong(run: RunRecord, alive: readonly WorkerRecord[], knowing: readonly WorkerRecord[]): Omit<Serving, "silent"> {
  const online = knowing.filter(({ status }) => status === "online");
  const nobody = (obstacle: Obstacle) => ({ alive, takers: [], obstacle });
  if (alive.length === 0) return nobody("none_alive");
  if (knowing.length === 0) return nobody("none_knows");
  if (online.length === 0) return nobody("draining");
  const takers = fitting(run, online);
  if (takers.length === 0) return nobody("version");
  return { alive, takers, obstacle: obstacleAmong(run, takers, online) };
}

/** The workers without those that are there for one run and its family alone, to which this one does not belong. */
export async function thereFor({ backend }: Project, run: Partial<RunRecord>, workers: readonly WorkerRecord[]): Promise<readonly WorkerRecord[]> {
  if (workers.every(({ onlyRun }) => onlyRun === undefined)) return workers;
  const family = new Set<RunId | undefined>([undefined]);
  for (let each: Partial<RunRecord> | undefined = run; each; each = each.parent && (await backend.getRun(each.parent.runId))) {
    for (const id of [each.runId, each.parent?.runId, each.continuedFrom, each.chain]) family.add(id);
  }
  return workers.filter(({ onlyRun }) => family.has(onlyRun));
}

/** Those whose code may be tried on it. */
function fitting({ parked, reservedFor }: RunRecord, online: readonly WorkerRecord[]): readonly WorkerRecord[] {
  if (parked !== undefined) return online.filter(({ version }) => version !== parked.version);
  const meant = online.filter(({ version }) => version === reservedFor);
  return meant.length > 0 ? meant : online;
}

function obstacleAmong(run: RunRecord, takers: readonly WorkerRecord[], online: readonly WorkerRecord[]): Obstacle | undefined {
  if (mustRunAlone(run)) return "alone";
  if (takers.every(({ activeRuns, concurrency }) => activeRuns >= concurrency)) return "busy";
  return takers.length < online.length && run.parked === undefined ? "reserved" : undefined;
}
