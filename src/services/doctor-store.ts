import { formatBytes } from "../base/bytes.js";
import { formatDuration } from "../base/duration.js";
import { pagesOf } from "../base/pages.js";
import { counted, plural } from "../base/plural.js";
import type { Config, StorageConfig } from "../config/config.js";
import type { RunRecord } from "../core/run.js";
import { nextDue } from "../core/schedule/next.js";
import type { ScheduleRecord } from "../core/schedule/schedule.js";
import type { WorkerRecord } from "../storage/backend.js";
import { failure, ok, warning, type DoctorOptions, type Finding } from "./doctor-finding.js";
import { inspectStore } from "./inspect-store.js";
import { listQueues, type QueueRow } from "./list-queues.js";
import type { Project } from "./project.js";
import { executes, isAlive, statusOf } from "./serving.js";

/** Of the disk below a store, in bytes. */
export interface DiskSpace {
  readonly free: number;
  readonly writeAheadLog: number;
}

export interface StoreMeans {
  /** Of the store's file, and the newest that is known; null where there is no store yet. */
  readonly storeFormat: () => Promise<{ readonly previous_format: number | null; readonly format: number | null }>;
  /** Whether the store is there yet. */
  readonly storeExists: (storage: StorageConfig) => boolean;
  /** Makes a file in the store's folder, or in the nearest one above that exists, and removes it. Rejects where that can't be done. */
  readonly tryWriting: (path: string) => Promise<void>;
  /** Of the folder of the store, or the nearest one above that exists: the store itself need not be readable. */
  readonly diskSpace: (path: string) => Promise<DiskSpace>;
}

interface Examination extends DoctorOptions {
  readonly config: Config;
  readonly means: StoreMeans;
}

/** Looks into an opened store, and at what works on it. Throws StorageError where it can't be read. */
export async function examineStore(project: Project, { config: { storage }, depth, onProgress, means }: Examination): Promise<readonly Finding[]> {
  if (storage.backend === "memory") {
    return [warning("storage", "the store is in memory: it forgets all runs with its process", "write backend: sqlite")];
  }
  const storageFound = await storageFinding(storage.path, means);
  if (storageFound.status === "failure" || depth === "setup") return [storageFound];
  if (!means.storeExists(storage)) return [storageFound];
  return [
    storageFound,
    ...(depth === "whole" ? [await integrityFinding(project, onProgress)] : []),
    ...(await workerFindings(project)),
    await scheduleFinding(project),
    ...(await futureFindings(project)),
  ];
}

async function storageFinding(path: string, means: StoreMeans): Promise<Finding> {
  try {
    await means.tryWriting(path);
  } catch (error) {
    const message = `the folder of the store ${path} can't be written: ${error instanceof Error ? error.message : String(error)}`;
    return failure("storage", message, "make it writable for this user, or name another place with --storage-path");
  }
  const { previous_format: from, format: to } = await means.storeFormat();
  if (from === null || to === null) return ok("storage", `${path}: not there yet, the first run or schedule makes it`);
  if (from < to) return warning("storage", `${path} has format ${from}, and this version writes format ${to}: the next worker migrates it`, "pyworkflow storage backup FILE; pyworkflow storage migrate");
  return ok("storage", path);
}

const findingsNamedMax = 3;

async function integrityFinding(project: Project, onProgress: Examination["onProgress"]): Promise<Finding> {
  const { runs, events, findings } = await inspectStore(project, onProgress === undefined ? {} : { onProgress });
  if (findings.length === 0) return ok("integrity", `${counted(runs, "run")} with ${counted(events, "event")} ${plural(runs, "keeps", "keep")} every invariant`);
  const named = findings.slice(0, findingsNamedMax).map(({ invariant, run_id, schedule_id, message }) => [invariant, run_id ?? schedule_id, message].filter((part) => part !== null).join(" "));
  const more = findings.length > findingsNamedMax ? `; and ${findings.length - findingsNamedMax} more` : "";
  return failure("integrity", `${named.join("; ")}${more}`, "pyworkflow storage check lists all; pyworkflow storage restore FILE puts a backup in its place");
}

const looksMax = 1000;

async function workerFindings(project: Project): Promise<readonly Finding[]> {
  const workers = await project.backend.listWorkers();
  const silent = workers.filter((worker) => statusOf(worker, project) === "silent");
  const executing = workers.filter((worker) => executes(worker) && isAlive(worker, project));
  const queues = await listQueues(project);
  const found = [...silentFindings(silent, project.clock.now()), ...versionFindings(executing), ...unservedFindings(queues), ...(await parkedFindings(project, queues))];
  if (found.length > 0) return found;
  const draining = executing.filter(({ status }) => status === "draining").length;
  return [ok("workers", `${executing.length} alive${draining > 0 ? `, ${draining} draining` : ""}`)];
}

function silentFindings(silent: readonly WorkerRecord[], nowMs: number): readonly Finding[] {
  return silent.map(({ workerId, hostname, pid, heartbeatAt }) =>
    warning("workers", `${workerId} (pid ${pid} on ${hostname}) has shown no sign of life for ${formatDuration(nowMs - heartbeatAt)}`, "end that process, or let it go on (kill -CONT); any other worker takes its runs over"),
  );
}

function versionFindings(executing: readonly WorkerRecord[]): readonly Finding[] {
  const versions = new Set(executing.map(({ version }) => version));
  if (versions.size < 2) return [];
  return [warning("workers", `workers of ${versions.size} versions of the code are alive`, "after a deploy, stop the old ones: pyworkflow worker list, pyworkflow worker stop ID")];
}

function unservedFindings(queues: readonly QueueRow[]): readonly Finding[] {
  const unserved = queues.filter(({ due_runs: due, workers }) => due > 0 && workers === 0);
  return unserved.map(({ due_runs: due, workflow_name }) => warning("workers", `${counted(due, "run is", "runs are")} due for ${workflow_name}, which no live worker executes`, "pyworkflow worker run"));
}

async function parkedFindings({ backend }: Project, queues: readonly QueueRow[]): Promise<readonly Finding[]> {
  const parked = queues.reduce((sum, queue) => sum + queue.parked_runs, 0);
  const workflowName = queues.find((queue) => queue.parked_runs > 0)?.workflow_name;
  if (workflowName === undefined) return [];
  for await (const page of pagesOf<RunRecord>(looksMax, (last, limit) => backend.listRuns({ statuses: ["interrupted"], workflowName, limit, ...(last && { before: last.runId }) }))) {
    const run = page.find((each) => each.parked !== undefined);
    if (run === undefined) continue;
    return [warning("workers", `${counted(parked, "run is", "runs are")} parked: the code does not fit the history, ${run.parked?.error}`, `pyworkflow runs why ${run.runId}; pyworkflow runs replay --all`)];
  }
  return [];
}

async function scheduleFinding(project: Project): Promise<Finding> {
  const { backend, clock } = project;
  const active = await backend.listSchedules({ statuses: ["active"], limit: looksMax });
  const { due } = await backend.dueSchedules(clock.now(), looksMax);
  const alive = (await backend.listWorkers()).some((worker) => isAlive(worker, project));
  if (due.length === 0 || alive) return ok("schedules", `${active.length} active`);
  return warning("schedules", `${due.length} of ${active.length} active schedules are due, and nobody is alive to start their runs`, "pyworkflow worker run, or pyworkflow scheduler tick from cron");
}

const aheadMs = 5000;

async function futureFindings({ backend, clock }: Project): Promise<readonly Finding[]> {
  const [newest] = await backend.listRuns({ limit: 1 });
  const last = newest && (await backend.readHistory(newest.runId, 0)).at(-1);
  const ahead = Math.max(newest?.createdAt ?? 0, last?.at ?? 0) - clock.now();
  const schedules = futureSchedules(await backend.listSchedules({ statuses: ["active"], limit: looksMax }), clock.now());
  return ahead < aheadMs ? schedules : [...schedules, warning("clock", `the newest run of the store is ${formatDuration(ahead)} in the future`, "set the clock of this machine, or of the one that wrote it: timers wait for the clock")];
}

/** Schedules whose times somebody decided with a clock that was ahead: what is decided stays so, and no time starts two runs. Exported for its test. */
export function futureSchedules(active: readonly ScheduleRecord[], now: number): readonly Finding[] {
  const late = active.flatMap(({ scheduleId, spec, nextDueAt = -Infinity }) => (nextDueAt > (nextDue(spec, now) ?? Infinity) ? [{ scheduleId, nextDueAt }] : []));
  const [first] = late;
  if (first === undefined) return [];
  const others = late.length === 1 ? "" : `, and ${counted(late.length - 1, "other")} like it`;
  const what = `schedule ${first.scheduleId}${others}: its times of the next ${formatDuration(first.nextDueAt - now)} were decided already, by a machine whose clock was ahead`;
  return [warning("clock", what, `set that clock; pyworkflow schedules trigger ${first.scheduleId} starts a run now, and by itself it goes on when that time has come`)];
}

const mebibyte = 1_048_576;

/** Exported for its test: a full disk is hard to come by. */
export function diskFindings({ free, writeAheadLog }: DiskSpace): readonly Finding[] {
  const space = spaceFinding(free);
  if (writeAheadLog <= 64 * mebibyte) return [space];
  const log = `the write-ahead log has grown to ${formatBytes(writeAheadLog)}: something holds a read of the store open`;
  return [space, warning("disk", log, "end the program that reads it (a backup, a shell of sqlite3); the next worker that is idle shortens it")];
}

function spaceFinding(free: number): Finding {
  const room = `${formatBytes(free)} free`;
  if (free < 16 * mebibyte) return failure("disk", free === 0 ? "the disk of the store is full" : `${room}: the next commits may not fit`, "make room on the disk of the store");
  return free < 512 * mebibyte ? warning("disk", room, "make room on the disk of the store") : ok("disk", room);
}
