import type { Backend } from "../backend.js";
import { backup } from "./backup.js";
import { closeChildren } from "./children.js";
import { claim, countDue } from "./claim.js";
import { commit } from "./commit.js";
import { commitSchedules } from "./commit-schedules.js";
import { dueSchedules, loadSchedule } from "./due-schedules.js";
import { describe } from "./facts.js";
import { findFaults } from "./faults.js";
import { openConnection, type SqliteOptions } from "./open.js";
import { countPrunable, pruned, pruneRuns, pruneTicks } from "./prune.js";
import { runCreator } from "./create-runs.js";
import { getHook, listHooks } from "./hooks.js";
import { countLive, countRuns, findRunIds, getRun, importRuns, lastOfChain, listRuns, readHistory } from "./runs.js";
import { createSchedule, findScheduleIds, getSchedule, listSchedules } from "./schedules.js";
import { listTicks } from "./ticks.js";
import { beat, listWorkers, loseWorker, registerWorker, updateWorker } from "./workers.js";

/** Opens a store in one SQLite file. Rejects with a StorageError that names the file: unreadable, newer, of another program, on a network. */
export async function openSqlite(options: SqliteOptions): Promise<Backend> {
  const connection = await openConnection(options);
  return {
    commit: (batch) => commit(connection, batch),
    createRun: runCreator(connection),
    importRuns: (runs) => connection.write(() => importRuns(connection, runs)),
    claim: (request) => claim(connection, request),
    countDue: (request) => connection.read(() => countDue(connection, request)),
    readHistory: (runId, after) => connection.read(() => readHistory(connection, runId, after)),
    getRun: (runId) => connection.read(() => getRun(connection, runId)),
    lastOfChain: (chain) => connection.read(() => lastOfChain(connection, chain)),
    getHook: (runId, hookId) => connection.read(() => getHook(connection, runId, hookId)),
    listHooks: (filter) => connection.read(() => listHooks(connection, filter)),
    closeChildren: (limit, now) => closeChildren(connection, limit, now),
    findRunIds: (prefix, limit) => connection.read(() => findRunIds(connection, prefix, limit)),
    listRuns: (filter) => connection.read(() => listRuns(connection, filter)),
    countRuns: () => connection.read(() => countRuns(connection)),
    countLive: (now) => connection.read(() => countLive(connection, now)),
    createSchedule: (schedule) => connection.write(() => createSchedule(connection, schedule)),
    getSchedule: (scheduleId) => connection.read(() => getSchedule(connection, scheduleId)),
    listSchedules: (filter) => connection.read(() => listSchedules(connection, filter)),
    findScheduleIds: (prefix, limit) => connection.read(() => findScheduleIds(connection, prefix, limit)),
    loadSchedule: (scheduleId, policy) => connection.read(() => loadSchedule(connection, scheduleId, policy)),
    dueSchedules: (now, limit) => connection.read(() => dueSchedules(connection, now, limit)),
    commitSchedules: (batch) => commitSchedules(connection, batch),
    listTicks: (filter) => connection.read(() => listTicks(connection, filter)),
    registerWorker: (worker) => registerWorker(connection, worker),
    beat: (workerId, now) => beat(connection, workerId, now),
    listWorkers: () => connection.read(() => listWorkers(connection)),
    updateWorker: (workerId, change) => updateWorker(connection, workerId, change),
    loseWorker: (loss) => loseWorker(connection, loss),
    onWake: (listener) => connection.bell.onWake(listener),
    pruneRuns: (request) => pruneRuns(connection, request),
    countPrunable: (filter) => connection.read(() => countPrunable(connection, filter)),
    pruneTicks: (request) => pruneTicks(connection, request),
    pruned: () => connection.read(() => pruned(connection)),
    describe: () => connection.read(() => describe(connection)),
    findFaults: () => connection.read(() => findFaults(connection)),
    backup: (request) => backup(connection, request),
    maintain: () => connection.maintain(),
    close: () => connection.close(),
  };
}
