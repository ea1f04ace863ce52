import { asEncoded } from "../../base/codec.js";
import { endsRun, retriesRun, type WorkflowEvent } from "../../core/events/event.js";
import type { ScheduleId } from "../../core/ids.js";
import type { NewSchedule, ScheduleDefinition, ScheduleRecord, ScheduleState, ScheduleStatus } from "../../core/schedule/schedule.js";
import { afterEnd, afterRetry, stateOf } from "../../core/schedule/state.js";
import type { ScheduleFilter } from "../backend.js";
import type { Connection } from "./connection.js";
import { keeper, kept } from "./payloads.js";

export interface ScheduleRow {
  readonly key: number;
  readonly schedule_id: ScheduleId;
  readonly version: number;
  readonly created_at: number;
  readonly definition: string;
  readonly input: string;
  readonly declared: string | null;
  readonly state: string;
}

export const scheduleColumns = `key, schedule_id, version, created_at, definition, ${kept("input")}, declared, state`;
const selectSchedule = `SELECT ${scheduleColumns} FROM schedules WHERE schedule_id = ?`;
const selectState = "SELECT key, version, state FROM schedules WHERE schedule_id = ?";
const insertSchedule = "INSERT INTO schedules (schedule_id, version, created_at, definition, input, declared, state) VALUES (?, 1, ?, ?, ?, ?, ?)";
const updateState = "UPDATE schedules SET version = version + 1, state = ? WHERE key = ?";
const updateDefinition = "UPDATE schedules SET definition = ?, declared = ifnull(?, declared) WHERE key = ?";
const selectInput = `SELECT ${kept("input")} FROM schedules WHERE key = ?`;
const forgetInput = "DELETE FROM payloads WHERE id = (SELECT input FROM schedules WHERE key = ? AND typeof(input) <> 'text')";
const updateInput = "UPDATE schedules SET input = ? WHERE key = ?";

/** Inside a transaction. */
export function createSchedule(connection: Connection, schedule: NewSchedule & ScheduleState): boolean {
  const { scheduleId, createdAt, input, declared = null } = schedule;
  if (storedSchedule(connection, scheduleId)) return false;
  connection.sql(insertSchedule).run(scheduleId, createdAt, textOfDefinition(schedule), keeper(connection)(input), declared, textOfState(schedule));
  if (schedule.wakeAt !== undefined) connection.ring();
  return true;
}

export function getSchedule(connection: Connection, scheduleId: ScheduleId): ScheduleRecord | undefined {
  const row = scheduleRow(connection, scheduleId);
  return row && recordOfSchedule(row);
}

export function scheduleRow(connection: Connection, scheduleId: ScheduleId): ScheduleRow | undefined {
  return connection.sql<ScheduleRow>(selectSchedule).get(scheduleId);
}

/** One look at an index for each status asked for, each no longer than the page. */
export function listSchedules(connection: Connection, filter: ScheduleFilter): readonly ScheduleRecord[] {
  const { statuses = [undefined] } = filter;
  return statuses
    .flatMap((status) => page(connection, filter, status))
    .toSorted((a, b) => b.created_at - a.created_at || b.key - a.key)
    .slice(0, filter.limit)
    .map(recordOfSchedule);
}

function page(connection: Connection, { workflowName, before, limit }: ScheduleFilter, status: ScheduleStatus | undefined): readonly ScheduleRow[] {
  const conditions = [
    // The plus keeps the index of a status, which may be long, away from the schedules of one workflow.
    [workflowName === undefined ? "status = ?" : "+status = ?", status],
    ["workflow = ?", workflowName],
    ["(created_at, key) < (SELECT created_at, key FROM schedules WHERE schedule_id = ?)", before],
  ].filter(([, value]) => value !== undefined);
  const where = ["TRUE", ...conditions.map(([sql]) => sql)].join(" AND ");
  const select = `SELECT ${scheduleColumns} FROM schedules WHERE ${where} ORDER BY created_at DESC, key DESC LIMIT ?`;
  return connection.sql<ScheduleRow>(select).all(...conditions.map(([, value]) => value), limit);
}

export function findScheduleIds(connection: Connection, prefix: string, limit: number): readonly ScheduleId[] {
  const select = "SELECT schedule_id FROM schedules WHERE schedule_id >= ? AND schedule_id < ? ORDER BY created_at DESC, key DESC LIMIT ?";
  return connection.sql<{ schedule_id: ScheduleId }>(select).all(prefix, `${prefix}~`, limit).map(({ schedule_id }) => schedule_id);
}

/** A schedule as far as a change of its state needs it. */
export interface StoredSchedule {
  readonly key: number;
  readonly version: number;
  readonly state: ScheduleState;
}

export function storedSchedule(connection: Connection, scheduleId: ScheduleId): StoredSchedule | undefined {
  const row = connection.sql<Pick<ScheduleRow, "key" | "version" | "state">>(selectState).get(scheduleId);
  return row && { key: row.key, version: row.version, state: stateOfText(row.state) };
}

/** Inside a transaction: what was decided on the state before is refused from now on. */
export function saveState(connection: Connection, before: StoredSchedule, state: ScheduleState): void {
  connection.sql(updateState).run(textOfState(state), before.key);
  const { wakeAt } = state;
  if (wakeAt !== undefined && wakeAt < (before.state.wakeAt ?? Infinity)) connection.ring();
}

export function saveDefinition(connection: Connection, key: number, definition: ScheduleDefinition & Pick<NewSchedule, "declared">): void {
  connection.sql(updateDefinition).run(textOfDefinition(definition), definition.declared ?? null, key);
  if (connection.sql<Pick<ScheduleRow, "input">>(selectInput).get(key)?.input === definition.input) return;
  connection.sql(forgetInput).run(key);
  connection.sql(updateInput).run(keeper(connection)(definition.input), key);
}

export interface RunChange {
  /** Appended to a run of the schedule. */
  readonly events: readonly WorkflowEvent[];
  /** The run had failed before them. */
  readonly hadFailed: boolean;
}

/** In the transaction that ends a run, or takes it up again: who decides about its schedule has seen it before, or is refused. */
export function tellSchedule(connection: Connection, scheduleId: ScheduleId, { events, hadFailed }: RunChange): void {
  const telling = events.filter((event) => endsRun(event) || (hadFailed && retriesRun(event)));
  const before = telling.length > 0 ? storedSchedule(connection, scheduleId) : undefined;
  if (!before) return;
  const state = telling.reduce((folded, event) => (endsRun(event) ? afterEnd(folded, event) : afterRetry(folded)), before.state);
  saveState(connection, before, state);
}

export function recordOfSchedule(row: ScheduleRow): ScheduleRecord {
  return {
    ...(JSON.parse(row.definition) as Omit<ScheduleDefinition, "input">),
    ...stateOfText(row.state),
    scheduleId: row.schedule_id,
    createdAt: row.created_at,
    input: asEncoded(row.input),
    ...(row.declared !== null && { declared: row.declared }),
    version: row.version,
  };
}

function textOfDefinition({ spec, overlapPolicy, catchup, catchupWindowMs, description, settings }: ScheduleDefinition): string {
  return JSON.stringify({ spec, overlapPolicy, catchup, catchupWindowMs, description, settings });
}

function textOfState(state: ScheduleState): string {
  return JSON.stringify(stateOf(state));
}

function stateOfText(text: string): ScheduleState {
  return JSON.parse(text) as ScheduleState;
}
