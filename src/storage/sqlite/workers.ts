import { BugError } from "../../base/unreachable.js";
import { defaults } from "../../core/defaults.js";
import type { RunId, WorkerId } from "../../core/ids.js";
import { lossEvents, outcomeOfLoss, type LossOutcome } from "../../core/recovery.js";
import type { NewWorker, WorkerChange, WorkerLoss, WorkerRecord, WorkerStatus } from "../backend.js";
import { append, headOf } from "./append.js";
import type { Connection } from "./connection.js";
import { getRun } from "./runs.js";

const insertWorker = `
  INSERT INTO workers (worker_id, status, counter, heartbeat_at, processed, stop_requested, facts) VALUES (?, 'online', 0, ?, 0, 0, ?)
  ON CONFLICT DO NOTHING`;
const forgetDead = "DELETE FROM workers WHERE died_at < ?";
const raiseCounter = "UPDATE workers SET counter = counter + 1, heartbeat_at = ? WHERE worker_id = ? AND status <> 'dead'";
const selectWorkers = `
  SELECT worker_id, status, counter, heartbeat_at, processed, stop_requested, facts,
    (SELECT count(*) FROM runs WHERE runs.worker_id = workers.worker_id) AS active_runs
  FROM workers ORDER BY key DESC`;
const changeWorker = `
  UPDATE workers SET status = ifnull(?, status), processed = ifnull(?, processed), stop_requested = ifnull(?, stop_requested)
  WHERE worker_id = ? AND status <> 'dead'`;
const buryWorker = "UPDATE workers SET status = 'dead', died_at = ? WHERE worker_id = ? AND status <> 'dead'";
const selectHeld = "SELECT run_id FROM runs WHERE worker_id = ? ORDER BY key";

interface WorkerRow {
  readonly worker_id: WorkerId;
  readonly status: WorkerStatus;
  readonly counter: number;
  readonly heartbeat_at: number;
  readonly processed: number;
  readonly stop_requested: number;
  readonly facts: string;
  readonly active_runs: number;
}

export function registerWorker(connection: Connection, worker: NewWorker): Promise<void> {
  const { workerId, startedAt, ...facts } = worker;
  return connection.write(() => {
    connection.sql(forgetDead).run(startedAt - defaults.storage.deadWorkerKeptMs);
    const { changes } = connection.sql(insertWorker).run(workerId, startedAt, JSON.stringify({ ...facts, startedAt }));
    if (changes === 0) throw new BugError(`the worker id ${workerId} is used twice`);
  });
}

export function beat(connection: Connection, workerId: WorkerId, now: number): Promise<boolean> {
  return connection.write(() => connection.sql(raiseCounter).run(now, workerId).changes > 0);
}

export function listWorkers(connection: Connection): readonly WorkerRecord[] {
  return connection.sql<WorkerRow>(selectWorkers).all().map(recordOf);
}

function recordOf(row: WorkerRow): WorkerRecord {
  const facts = JSON.parse(row.facts) as Omit<NewWorker, "workerId">;
  return {
    ...facts,
    workerId: row.worker_id,
    status: row.status,
    counter: row.counter,
    heartbeatAt: row.heartbeat_at,
    activeRuns: row.active_runs,
    processed: row.processed,
    stopRequested: row.stop_requested === 1,
  };
}

export function updateWorker(connection: Connection, workerId: WorkerId, { status, processed, stopRequested }: WorkerChange): Promise<void> {
  return connection.write(() => {
    connection.sql(changeWorker).run(status ?? null, processed ?? null, stopRequested ? 1 : null, workerId);
    if (stopRequested || status) connection.ring(); // what was reserved for who drains, others may take
  });
}

/** The worker is marked dead in the transaction that takes its runs away: who claims or beats after it is refused. */
export function loseWorker(connection: Connection, loss: WorkerLoss): Promise<readonly LossOutcome[]> {
  return connection.write(() => {
    const { changes } = connection.sql(buryWorker).run(loss.now, loss.workerId);
    if (changes === 0) return [];
    const held = connection.sql<{ run_id: RunId }>(selectHeld).all(loss.workerId);
    connection.ring(); // also where it held nothing: runs may be reserved for its version
    return held.flatMap(({ run_id }) => interrupt(connection, run_id, loss));
  });
}

function interrupt(connection: Connection, runId: RunId, { workerId, now, error, charge }: WorkerLoss): readonly LossOutcome[] {
  const [run, head] = [getRun(connection, runId), headOf(connection, runId)];
  if (!run || !head) return [];
  const charged = charge === "all" || charge === runId;
  const events = lossEvents(run, { workerId, now, error, charged, lastEventSequence: head.lastSequence });
  const { state } = append(connection, head, { events, change: { epoch: head.epoch + 1 } });
  return state ? [outcomeOfLoss(runId, state)] : [];
}
