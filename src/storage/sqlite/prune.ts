import { defaults } from "../../core/defaults.js";
import type { RunId } from "../../core/ids.js";
import { isTerminal, type RunStatus } from "../../core/run.js";
import type { PrunedRuns, PrunedSoFar, PruneFilter, PruneRequest, PruneTicksRequest } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { isPayload } from "./payloads.js";

// The terms of the index first.
const fromEnded = "FROM runs INDEXED BY runs_ended WHERE completed_at IS NOT NULL AND closing IS NULL AND status = ? AND completed_at < ?";
const prunable = `${fromEnded}
    AND (parent IS NULL OR NOT EXISTS (
      SELECT 1 FROM runs AS parents WHERE parents.run_id = runs.parent AND (parents.completed_at IS NULL OR parents.status = 'failed')))
    AND (chain IS NULL OR NOT EXISTS (
      SELECT 1 FROM runs AS links INDEXED BY runs_closing WHERE links.closing = 1 AND runs.chain IN (links.chain, links.run_id)))`;
// Those of a chain that lie between its first and its last. Their parent knows the first, and hears of the last.
const prunableBetween = `${fromEnded} AND chain IS NOT NULL`;
const countFirst = "(SELECT count(*) FROM runs AS firsts WHERE firsts.run_id = runs.chain)";
const countBetween = "(SELECT count(*) - 1 FROM runs AS links INDEXED BY runs_chain WHERE links.chain = runs.chain)";
const selectFirst = "SELECT key, created_at FROM runs WHERE run_id = ?";
const selectBetween = "SELECT key, created_at FROM runs INDEXED BY runs_chain WHERE chain = ? AND key <> ? LIMIT ?";
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
  let [events, createdBefore, endedUpTo] = [0, 0, 0];
  const gone = new Set<number>();
  for (const candidate of candidates(connection, request)) {
    if (gone.size >= request.limit || events >= defaults.storage.prunedEventsMax) break;
    endedUpTo = candidate.completed_at;
    for (const { key, created_at } of goingWith(connection, candidate, request.limit - gone.size)) {
      if (events >= defaults.storage.prunedEventsMax) break;
      events += deleteWhole(connection, key);
      createdBefore = Math.max(createdBefore, created_at + 1);
      gone.add(key);
    }
  }
  const runs = gone.size;
  if (runs === 0) return { runs, events };
  connection.sql(notePruned).run("runs", runs, createdBefore);
  return { runs, events, endedUpTo };
}

/**
 * At most `limit` runs: with the last of a chain all others. Those between go before the first, which bears the id that was acknowledged; the last goes
 * behind all, for until then the rest of a long chain is found again.
 */
function goingWith(connection: Connection, candidate: Candidate, limit: number): readonly Doomed[] {
  const { key, chain, status } = candidate;
  if (chain === null || status === "continued_as_new") return [candidate];
  const between = connection.sql<Doomed>(selectBetween).all(chain, key, limit);
  const first = connection.sql<Doomed>(selectFirst).all(chain);
  return [...between, ...first, candidate].slice(0, limit);
}

function deleteWhole(connection: Connection, key: number): number {
  connection.sql(deletePayloads).run(key);
  const { changes } = connection.sql(deleteEvents).run(key);
  connection.sql(deleteHooks).run(key);
  connection.sql(deleteRun).run(key);
  return changes;
}

interface Doomed {
  readonly key: number;
  readonly created_at: number;
}

interface Candidate extends Doomed {
  readonly status: RunStatus;
  readonly chain: RunId | null;
  readonly completed_at: number;
}

/** One look at the index for each status, each no longer than the limit. */
function candidates(connection: Connection, { endedFrom, limit, ...filter }: PruneRequest): readonly Candidate[] {
  const [from, values] = endedFrom === undefined ? ["", [limit]] : [" AND completed_at >= ?", [endedFrom, limit]];
  const select = (status: RunStatus) => `SELECT key, status, chain, created_at, completed_at ${narrowed(filter, status)}${from} ORDER BY completed_at LIMIT ?`;
  return terminal(filter)
    .flatMap((status) => connection.sql<Candidate>(select(status)).all(...terms(filter, status), ...values))
    .toSorted((a, b) => a.completed_at - b.completed_at)
    .slice(0, limit);
}

export function countPrunable(connection: Connection, filter: PruneFilter): number {
  const statuses = terminal(filter);
  // With the last of a chain goes the first; those between do in any case, unless only ends of another kind are asked for.
  const others = statuses.includes("continued_as_new") ? countFirst : `${countFirst} + ${countBetween}`;
  const select = (status: RunStatus) =>
    status === "continued_as_new"
      ? `SELECT count(*) AS count ${narrowed(filter, status)}`
      : `SELECT count(*) + coalesce(sum(CASE WHEN chain IS NULL THEN 0 ELSE ${others} END), 0) AS count ${narrowed(filter, status)}`;
  const counts = statuses.map((status) => connection.sql<{ count: number }>(select(status)).get(...terms(filter, status))?.count ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

function terminal({ statuses }: PruneFilter): readonly RunStatus[] {
  return [...new Set(statuses)].filter(isTerminal);
}

function narrowed({ workflowName }: PruneFilter, status: RunStatus): string {
  const which = status === "continued_as_new" ? prunableBetween : prunable;
  return workflowName === undefined ? which : `${which} AND workflow = ?`;
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
