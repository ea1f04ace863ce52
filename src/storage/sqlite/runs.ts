import { BugError } from "../../base/unreachable.js";
import type { ImportedRun } from "../../core/bundle/bundle.js";
import type { RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import { timeOfRunId, type RunId } from "../../core/ids.js";
import { liveStatuses, newRunState, runStatuses, type NewRun, type RunRecord, type RunStatus } from "../../core/run.js";
import type { CreateResult, ImportResult, LiveCount, RunFilter } from "../backend.js";
import { append, headOf, type Append } from "./append.js";
import { lastIdOfChain } from "./chains.js";
import type { Connection } from "./connection.js";
import { hookChanges } from "./hooks.js";
import { keeper, kept } from "./payloads.js";
import { eventOfRow, recordOfRow, type EventRow, type RunRow } from "./rows.js";

const runColumns = `key, run_id, workflow, durable, status, epoch, inbox, due_at, wake_reason, worker_id, recovery_attempts, parked,
  created_at, started_at, completed_at, idempotency_key, tags, recover_on_worker_loss, max_recovery_attempts, max_duration_ms,
  parent, parent_operation, parent_close, nesting_depth, continued_from, continued_to, chain, rerun_of, seed,
  interrupted_at, cancellation_requested, closable_children, reserved_for, closing, orphaned, schedule, schedule_kind, scheduled_time,
  ${kept("input")}, ${kept("result")}, ${kept("error")}`;

const selectRun = `SELECT ${runColumns} FROM runs WHERE run_id = ?`;
const selectByIdempotencyKey = "SELECT run_id FROM runs WHERE workflow = ? AND idempotency_key = ?";
const insertPending = `
  INSERT INTO runs (run_id, workflow, durable, status, epoch, due_at, recovery_attempts, created_at, idempotency_key, tags,
    recover_on_worker_loss, max_recovery_attempts, input,
    max_duration_ms, parent, parent_operation, parent_close, nesting_depth, continued_from, chain, rerun_of, seed,
    schedule, schedule_kind, scheduled_time)
  VALUES (?, ?, ?, ?, 0, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const selectEvents = `SELECT sequence, type, at, operation, ${kept("value")}, rest FROM events WHERE run = ? AND sequence > ? ORDER BY sequence`;

/** Decided in the transaction that inserts, so two processes that race get one run (I9). */
export function createRun(connection: Connection, run: NewRun, history: readonly WorkflowEvent[]): CreateResult {
  const older = olderRun(connection, run);
  if (older !== undefined) return { runId: older, created: false };
  insertRun(connection, run);
  begin(connection, run.runId, { events: history });
  return { runId: run.runId, created: true };
}

function olderRun(connection: Connection, { runId, workflowName, idempotencyKey }: NewRun): RunId | undefined {
  if (connection.sql("SELECT 1 FROM runs WHERE run_id = ?").get(runId)) return runId;
  if (idempotencyKey === undefined) return undefined;
  return connection.sql<{ run_id: RunId }>(selectByIdempotencyKey).get(workflowName, idempotencyKey)?.run_id;
}

/** A run that is due at once; its id must be new. */
export function insertRun(connection: Connection, run: NewRun): void {
  const { status, dueAt } = newRunState(run.createdAt);
  connection.sql(insertPending).run(
    run.runId,
    run.workflowName,
    run.durable ? 1 : 0,
    status,
    dueAt,
    run.createdAt,
    run.idempotencyKey ?? null,
    JSON.stringify(run.tags),
    run.recoverOnWorkerLoss ? 1 : 0,
    run.maxRecoveryAttempts,
    keeper(connection)(run.input),
    run.maxDurationMs ?? null,
    ...valuesOfFamily(run),
    ...valuesOfTick(run),
  );
  connection.ring();
}

function valuesOfFamily({ parent, nestingDepth, continuedFrom, chain, rerunOf, seed }: NewRun): readonly unknown[] {
  const { runId = null, operationId = null, parentClose = null } = parent ?? {};
  return [runId, operationId, parentClose, nestingDepth, continuedFrom ?? null, chain ?? null, rerunOf ?? null, seed ?? null];
}

function valuesOfTick({ schedule, scheduledTime }: NewRun): readonly unknown[] {
  return [schedule?.scheduleId ?? null, schedule?.kind ?? null, scheduledTime ?? null];
}

/** Gives a new run the events with which it begins. */
function begin(connection: Connection, runId: RunId, history: Pick<Append, "events" | "imported">): void {
  if (history.events.length === 0) return;
  const head = headOf(connection, runId);
  const hooks = head && hookChanges(connection, head, history.events);
  if (!hooks || typeof hooks === "string") throw new BugError(`the history that ${runId} begins with does not fit its hook ${hooks}`);
  append(connection, head, { ...history, hooks });
}

/** Checked as a whole before the first is written. */
export function importRuns(connection: Connection, runs: readonly ImportedRun[]): ImportResult {
  for (const { run } of runs) {
    const takenBy = olderRun(connection, run); // I9
    if (takenBy !== undefined) return { imported: false, runId: run.runId, takenBy };
  }
  for (const { run, events, orphaned } of runs) {
    insertRun(connection, run);
    if (orphaned) connection.sql("UPDATE runs SET orphaned = 1 WHERE run_id = ?").run(run.runId);
    begin(connection, run.runId, { events, imported: true });
  }
  return { imported: true };
}

export function getRun(connection: Connection, runId: RunId): RunRecord | undefined {
  const row = connection.sql<RunRow>(selectRun).get(runId);
  return row && recordOfRow(row);
}

/** The run of a chain that went on in no other. */
export function lastOfChain(connection: Connection, chain: RunId): RunRecord | undefined {
  const runId = lastIdOfChain(connection, chain);
  return runId && getRun(connection, runId);
}

export function readHistory(connection: Connection, runId: RunId, after: number): readonly RecordedEvent[] {
  const row = connection.sql<{ key: number }>("SELECT key FROM runs WHERE run_id = ?").get(runId);
  return row ? eventsAfter(connection, row.key, after) : [];
}

type EventList = [EventRow["sequence"], EventRow["type"], EventRow["at"], EventRow["operation"], EventRow["value"], EventRow["rest"]];

export function eventsAfter(connection: Connection, key: number, after: number): readonly RecordedEvent[] {
  const rows = connection.list<EventList>(selectEvents).all(key, after);
  return rows.map(([sequence, type, at, operation, value, rest]) => eventOfRow({ sequence, type, at, operation, value, rest }));
}

export function findRunIds(connection: Connection, prefix: string, limit: number): readonly RunId[] {
  const rows =
    prefix === ""
      ? connection.sql<{ run_id: RunId }>("SELECT run_id FROM runs ORDER BY created_at DESC, key DESC LIMIT ?").all(limit)
      : connection.sql<{ run_id: RunId }>("SELECT run_id FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id DESC LIMIT ?").all(prefix, `${prefix}~`, limit);
  return rows.map(({ run_id }) => run_id);
}

export function countRuns(connection: Connection): Readonly<Partial<Record<RunStatus, number>>> {
  const rows = connection.sql<{ status: RunStatus; count: number }>("SELECT status, count(*) AS count FROM runs GROUP BY status").all();
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

// By an index whose range holds no run that has ended.
const selectLive = `
  SELECT workflow AS "workflowName", status, count(*) AS runs, count(*) FILTER (WHERE due_at <= ?) AS due, count(parked) AS parked
  FROM runs INDEXED BY runs_by_status WHERE status = ? GROUP BY workflow`;

export function countLive(connection: Connection, now: number): readonly LiveCount[] {
  return liveStatuses.flatMap((status) => connection.sql<LiveCount>(selectLive).all(now, status));
}

/** One look at an index for each status asked for, each no longer than the page: `IN` would sort all of them. */
export function listRuns(connection: Connection, filter: RunFilter): readonly RunRecord[] {
  const { statuses = filter.scheduleId === undefined ? [undefined] : runStatuses } = filter;
  return statuses
    .flatMap((status) => page(connection, filter, status))
    .toSorted((a, b) => b.created_at - a.created_at || b.key - a.key)
    .slice(0, filter.limit)
    .map(recordOfRow);
}

function page(connection: Connection, filter: RunFilter, status: RunStatus | undefined): readonly RunRow[] {
  const cursor = filter.before === undefined ? undefined : placeOf(connection, filter.before);
  const conditions = [...conditionsOf(filter, status), ["(created_at, key) < (?, ?)", cursor] as const].filter(([, value]) => value !== undefined);
  const where = ["TRUE", ...conditions.map(([sql]) => sql)].join(" AND ");
  const from = tableFor(filter);
  const select = `SELECT ${runColumns} FROM ${from} WHERE ${where} ORDER BY created_at DESC, key DESC LIMIT ?`;
  return connection.sql<RunRow>(select).all(...conditions.flatMap(([, value]) => value), filter.limit);
}

/** Where a run stands in the order of the list. One that was pruned meanwhile stood before all of its time that are left: none is lost. */
function placeOf(connection: Connection, runId: RunId): readonly number[] {
  const row = connection.sql<Pick<RunRow, "created_at" | "key">>("SELECT created_at, key FROM runs WHERE run_id = ?").get(runId);
  return row ? [row.created_at, row.key] : [timeOfRunId(runId), Number.MAX_SAFE_INTEGER];
}

// The index is named: that of a status fits as well, and goes through the whole store.
function tableFor({ chain, parentId, scheduleId, interruptedFrom }: RunFilter): string {
  if (chain !== undefined) return "runs INDEXED BY runs_chain";
  if (parentId !== undefined) return "runs INDEXED BY runs_children";
  if (scheduleId !== undefined) return "runs INDEXED BY runs_by_schedule";
  return interruptedFrom === undefined ? "runs" : "runs INDEXED BY runs_interrupted";
}

function conditionsOf(filter: RunFilter, status: RunStatus | undefined): readonly (readonly [sql: string, value: string | number | undefined])[] {
  return [
    ["status = ?", status],
    ["workflow = ?", filter.workflowName],
    ["worker_id = ?", filter.workerId],
    ["chain = ?", filter.chain],
    ["parent = ?", filter.parentId],
    ["schedule = ?", filter.scheduleId],
    ["parent IS NULL AND ?", filter.topLevel && 1],
    ["EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", filter.tag],
    ["EXISTS (SELECT 1 FROM (SELECT ? AS part) WHERE instr(run_id, part) OR instr(workflow, part) OR instr(idempotency_key, part))", filter.query],
    ["interrupted_at >= ?", filter.interruptedFrom],
    ["interrupted_at < ?", filter.interruptedBefore],
    ["created_at >= ?", filter.createdFrom],
    ["created_at < ?", filter.createdBefore],
  ];
}
