import { defaults } from "../../core/defaults.js";
import { isTerminal, type RunStatus } from "../../core/run.js";
import type { PrunedRuns, PrunedSoFar, PruneFilter, PruneRequest, PruneTicksRequest } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { isPayload } from "./payloads.js";

// The terms of the index first.
const prunable = `
  FROM runs INDEXED BY runs_ended WHERE completed_at IS NOT NULL AND closing IS NULL AND status = ? AND completed_at < ?
    AND (parent IS NULL OR NOT EXISTS (
      SELECT 1 FROM runs AS parents WHERE parents.run_id = runs.parent AND (parents.completed_at IS NULL OR parents.status = 'failed')))`;
const selectChain = `
  WITH RECURSIVE chain (key, created_at, completed_at, closing, continued_from) AS (
    SELECT key, created_at, completed_at, closing, continued_from FROM runs WHERE key = ?
    UNION ALL SELECT runs.key, runs.created_at, runs.completed_at, runs.closing, runs.continued_from FROM chain JOIN runs ON runs.run_id = chain.continued_from)
  SELECT key, created_at, completed_at, closing FROM chain`;
const prunableTicks = `
  FROM ticks INDEXED BY ticks_prunable WHERE decision <> 'buffered' AND (kind <> 'backfill' OR run_id IS NULL) AND decided_at < ?
    AND (kind <> 'schedule' OR due <= (SELECT state ->> '$.decidedUpTo' FROM schedules WHERE schedules.key = ticks.schedule))`;
const selectTicks = `SELECT key, decided_at ${prunableTicks} ORDER BY decided_at LIMIT ?`;
const deletePayloads = `
  WITH gone (run) AS (VALUES (?))
  DELETE FROM payloads WHERE id IN (
    SELECT value FROM gone JOIN events USING (run) WHERE ${isPayload("value")}
    UNION ALL SELECT payload FROM gone JOIN hooks USING (run) WHERE ${isPayload("payload")}
    UNION ALL SELECT schema FROM gone JOIN hooks USING (run) WHERE ${isPayload("schema")}
    UNION ALL SELECT input FROM gone JOIN runs ON key = run WHERE ${isPayload("input")}
    UNION ALL SELECT result FROM gone JOIN runs ON key = run WHERE ${isPayload("result")}
    UNION ALL SELECT error FROM gone JOIN runs ON key = run WHERE ${isPayload("error")})`;
const deleteEvents = "DELETE FROM events WHERE run = ?";
const deleteHooks = "DELETE FROM hooks WHERE run = ?";
const deleteRun = "DELETE FROM runs WHERE key = ?";
const deleteTick = "DELETE FROM ticks WHERE key = ?";
const notePruned = `
  INSERT INTO pruned (what, count, before) VALUES (?, ?, ?)
  ON CONFLICT (what) DO UPDATE SET count = count + excluded.count, before = max(before, excluded.before)`;

/** Looks first, and takes the lock only where there is something to delete. */
export async function pruneRuns(connection: Connection, request: PruneRequest): Promise<PrunedRuns> {
  const found = await connection.read(() => candidates(connection, { ...request, limit: 1 }));
  return found.length === 0 ? { runs: 0, events: 0 } : connection.write(() => pruneSome(connection, request));
}

function pruneSome(connection: Connection, request: PruneRequest): PrunedRuns {
  let [runs, events, createdBefore, endedUpTo] = [0, 0, 0, 0];
  for (const { key, completed_at } of candidates(connection, request)) {
    if (runs >= request.limit || events >= defaults.storage.prunedEventsMax) break;
    endedUpTo = completed_at;
    // The last of a chain goes last: until then the rest of a long one is found again.
    for (const run of chainBefore(connection, key)) {
      if (runs >= request.limit || events >= defaults.storage.prunedEventsMax) break;
      events += deleteWhole(connection, run.key);
      createdBefore = Math.max(createdBefore, run.created_at + 1);
      runs++;
    }
  }
  if (runs === 0) return { runs, events };
  connection.sql(notePruned).run("runs", runs, createdBefore);
  return { runs, events, endedUpTo };
}

/** A run that may go, and before it those that went on in it; none while children of one are still to be closed. */
function chainBefore(connection: Connection, key: number): readonly Candidate[] {
  const chain = connection.sql<Candidate & { readonly closing: number | null }>(selectChain).all(key);
  return chain.every(({ closing }) => closing === null) ? chain.toReversed() : [];
}

function deleteWhole(connection: Connection, key: number): number {
  connection.sql(deletePayloads).run(key);
  const { changes } = connection.sql(deleteEvents).run(key);
  connection.sql(deleteHooks).run(key);
  connection.sql(deleteRun).run(key);
  return changes;
}

interface Candidate {
  readonly key: number;
  readonly created_at: number;
  readonly completed_at: number;
}

/** One look at the index for each status, each no longer than the limit. */
function candidates(connection: Connection, { endedFrom, limit, ...filter }: PruneRequest): readonly Candidate[] {
  const select = `SELECT key, created_at, completed_at ${narrowed(filter)}${endedFrom === undefined ? "" : " AND completed_at >= ?"} ORDER BY completed_at LIMIT ?`;
  const values = endedFrom === undefined ? [limit] : [endedFrom, limit];
  return terminal(filter)
    .flatMap((status) => connection.sql<Candidate>(select).all(...terms(filter, status), ...values))
    .toSorted((a, b) => a.completed_at - b.completed_at)
    .slice(0, limit);
}

export function countPrunable(connection: Connection, filter: PruneFilter): number {
  const select = `
    WITH RECURSIVE chain (continued_from) AS (
      SELECT continued_from ${narrowed(filter)}
      UNION ALL SELECT runs.continued_from FROM chain JOIN runs ON runs.run_id = chain.continued_from)
    SELECT count(*) AS count FROM chain`;
  const counts = terminal(filter).map((status) => connection.sql<{ count: number }>(select).get(...terms(filter, status))?.count ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

// What continued as new goes with the last of its chain.
function terminal({ statuses }: PruneFilter): readonly RunStatus[] {
  return [...new Set(statuses)].filter((status) => isTerminal(status) && status !== "continued_as_new");
}

function narrowed({ workflowName }: PruneFilter): string {
  return workflowName === undefined ? prunable : `${prunable} AND workflow = ?`;
}

function terms({ endedBefore, workflowName }: PruneFilter, status: RunStatus): readonly (string | number)[] {
  return workflowName === undefined ? [status, endedBefore] : [status, endedBefore, workflowName];
}

export async function pruneTicks(connection: Connection, { decidedBefore, limit }: PruneTicksRequest): Promise<number> {
  const look = (most: number) => connection.sql<{ key: number; decided_at: number }>(selectTicks).all(decidedBefore, most);
  const found = await connection.read(() => look(1));
  if (found.length === 0) return 0;
  return connection.write(() => {
    const ticks = look(limit);
    for (const { key } of ticks) connection.sql(deleteTick).run(key);
    const last = ticks.at(-1);
    if (last) connection.sql(notePruned).run("ticks", ticks.length, last.decided_at + 1);
    return ticks.length;
  });
}

export function pruned(connection: Connection): PrunedSoFar {
  const rows = connection.sql<{ what: "runs" | "ticks"; count: number; before: number }>("SELECT what, count, before FROM pruned").all();
  const [runs, ticks] = (["runs", "ticks"] as const).map((what) => rows.find((row) => row.what === what));
  return {
    runs: runs?.count ?? 0,
    ...(runs && { runsCreatedBefore: runs.before }),
    ticks: ticks?.count ?? 0,
    ...(ticks && { ticksDecidedBefore: ticks.before }),
  };
}
