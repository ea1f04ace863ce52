import { defaults } from "../../core/defaults.js";
import type { RunId } from "../../core/ids.js";
import { mayReplace, type Tick, type TickDecision } from "../../core/schedule/schedule.js";
import { tickKinds, type TickKind } from "../../core/schedule/tick-kind.js";
import type { TickFilter } from "../backend.js";
import type { Connection } from "./connection.js";

interface TickRow {
  readonly kind: TickKind;
  readonly due: number;
  readonly decided_at: number;
  readonly decision: TickDecision;
  readonly reason: string;
  readonly run_id: RunId | null;
}

const tickColumns = "kind, due, decided_at, decision, reason, run_id";
const selectTick = `SELECT ${tickColumns} FROM ticks WHERE schedule = ? AND kind = ? AND due = ?`;
const selectBuffered = `SELECT ${tickColumns} FROM ticks INDEXED BY ticks_buffered WHERE schedule = ? AND decision = 'buffered' ORDER BY key LIMIT ?`;
const deleteTick = "DELETE FROM ticks WHERE schedule = ? AND kind = ? AND due = ?";
const saveTick = `
  INSERT INTO ticks (schedule, ${tickColumns}) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (schedule, kind, due) DO UPDATE SET (decided_at, decision, reason, run_id) = (excluded.decided_at, excluded.decision, excluded.reason, excluded.run_id)`;

/** A row of the ledger, and the one in whose place it comes. */
export interface TickChange {
  readonly tick: Tick;
  readonly before: Tick | undefined;
}

/** How the ledger of a schedule (its key) takes up the ticks; undefined where one of them was decided before (I8). Writes nothing. */
export function tickChanges(connection: Connection, schedule: number, ticks: readonly Tick[]): readonly TickChange[] | undefined {
  const changes = new Map<string, TickChange>();
  for (const tick of ticks) {
    const name = `${tick.kind} ${tick.due}`;
    const before = changes.get(name)?.tick ?? storedTick(connection, schedule, tick);
    if (before && !mayReplace(before, tick)) return undefined;
    changes.set(name, { tick, before });
  }
  return [...changes.values()];
}

/** Inside the transaction in which they were asked for. */
export function saveTicks(connection: Connection, schedule: number, changes: readonly TickChange[]): void {
  for (const { tick, before } of changes) {
    const { kind, due, decidedAt, decision, reason, runId = null } = tick;
    // A tick that was buffered keeps its place; what is asked for again comes to the end of the line.
    if (before && before.decision !== "buffered") connection.sql(deleteTick).run(schedule, kind, due);
    connection.sql(saveTick).run(schedule, kind, due, decidedAt, decision, reason, runId);
  }
}

export function bufferedTicks(connection: Connection, schedule: number): readonly Tick[] {
  return connection.sql<TickRow>(selectBuffered).all(schedule, defaults.schedule.ticksMax).map(tickOf);
}

/** One look at an index for each kind, each no longer than the page. */
export function listTicks(connection: Connection, filter: TickFilter): readonly Tick[] {
  const kinds = filter.kind === undefined ? tickKinds : [filter.kind];
  return kinds
    .flatMap((kind) => page(connection, filter, kind))
    .toSorted((a, b) => b.due - a.due || (a.kind < b.kind ? 1 : -1))
    .slice(0, filter.limit)
    .map(tickOf);
}

function page(connection: Connection, { scheduleId, decision, dueFrom, dueBefore, limit }: TickFilter, kind: TickKind): readonly TickRow[] {
  const conditions = [
    ["schedule = (SELECT key FROM schedules WHERE schedule_id = ?)", scheduleId],
    ["kind = ?", kind],
    ["decision = ?", decision],
    ["due >= ?", dueFrom],
    ["due < ?", dueBefore],
  ].filter(([, value]) => value !== undefined);
  const from = decision === undefined ? "ticks" : "ticks INDEXED BY ticks_by_decision";
  const select = `SELECT ${tickColumns} FROM ${from} WHERE ${conditions.map(([sql]) => sql).join(" AND ")} ORDER BY due DESC LIMIT ?`;
  return connection.sql<TickRow>(select).all(...conditions.map(([, value]) => value), limit);
}

function storedTick(connection: Connection, schedule: number, { due, kind }: Tick): Tick | undefined {
  const row = connection.sql<TickRow>(selectTick).get(schedule, kind, due);
  return row && tickOf(row);
}

function tickOf({ kind, due, decided_at, decision, reason, run_id }: TickRow): Tick {
  return { kind, due, decidedAt: decided_at, decision, reason, ...(run_id !== null && { runId: run_id }) };
}
