import { defaults } from "../../core/defaults.js";
import { isTerminal, type RunStatus } from "../../core/run.js";
import type { PrunedRuns, PrunedSoFar, PruneFilter, PruneRequest, PruneTicksRequest } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { isPayload } from "./payloads.js";

// The terms of the index first; a child is known to its parent by the first run of its chain.
const prunable = `
  FROM runs INDEXED BY runs_ended WHERE completed_at IS NOT NULL AND closing IS NULL AND status = ? AND completed_at < ?
    AND (parent IS NULL OR NOT EXISTS (
      SELECT 1 FROM runs AS parents WHERE parents.run_id = runs.parent AND (parents.completed_at IS NULL OR runs.status = 'continued_as_new')))`;
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
  const gone: Candidate[] = [];
  let events = 0;
  for (const run of candidates(connection, request)) {
    connection.sql(deletePayloads).run(run.key);
    events += connection.sql(deleteEvents).run(run.key).changes;
    connection.sql(deleteHooks).run(run.key);
    connection.sql(deleteRun).run(run.key);
    gone.push(run);
    if (events >= defaults.storage.prunedEventsMax) break;
  }
  const last = gone.at(-1);
  if (last === undefined) return { runs: 0, events: 0 };
  connection.sql(notePruned).run("runs", gone.length, Math.max(...gone.map(({ created_at }) => created_at)) + 1);
  return { runs: gone.length, events, endedUpTo: last.completed_at };
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
  const counts = terminal(filter).map((status) => connection.sql<{ count: number }>(`SELECT count(*) AS count ${narrowed(filter)}`).get(...terms(filter, status))?.count ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

function terminal({ statuses }: PruneFilter): readonly RunStatus[] {
  return [...new Set(statuses)].filter(isTerminal);
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
