import { BugError } from "../../base/unreachable.js";
import type { RunHead } from "../../core/claim.js";
import type { RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import { isPassedOn, isPassedOver, noteToParent, type LinkedAppend } from "../../core/family.js";
import type { RunId } from "../../core/ids.js";
import { foldRun, isTerminal, type RunState, type RunStatus } from "../../core/run.js";
import { lastIdOfChain } from "./chains.js";
import type { Connection } from "./connection.js";
import { disposeOfHooks, hookChanges, saveHooks, type HookChange } from "./hooks.js";
import { keeper, type Keep } from "./payloads.js";
import { parentOfRow, rowOfEvent, stateOfRow, type ParentRow, type RunRow, type StateRow } from "./rows.js";
import { tellSchedule } from "./schedules.js";

/** A run's row as far as most appends need it: of its state only what tells whether an event changes it. */
export interface StoredHead extends RunHead {
  readonly runId: RunId;
  readonly key: number;
  readonly durable: boolean;
  readonly inbox: number | null;
}

type HeadRow = [key: number, durable: number, epoch: number, inbox: number | null, status: RunStatus, recoveryAttempts: number, last: number | null];
type StoredState = StateRow & ParentRow & Pick<RunRow, "chain" | "schedule">;

const selectHead = `
  SELECT key, durable, epoch, inbox, status, recovery_attempts, (SELECT max(sequence) FROM events WHERE run = key)
  FROM runs WHERE run_id = ?`;
const selectState = `
  SELECT status, due_at, wake_reason, worker_id, recovery_attempts, parked, started_at, completed_at,
    interrupted_at, continued_to, cancellation_requested, closable_children, reserved_for, parent, parent_operation, parent_close, orphaned, chain, schedule
  FROM runs WHERE key = ?`;
const insertEvent = "INSERT INTO events (run, sequence, type, at, operation, value, rest) VALUES (?, ?, ?, ?, ?, ?, ?)";
const updateRun = `
  UPDATE runs SET epoch = ?, inbox = ?, status = ?, due_at = ?, wake_reason = ?, worker_id = ?, recovery_attempts = ?, parked = ?,
    started_at = ?, completed_at = ?, result = ?, error = ?, interrupted_at = ?, continued_to = ?, cancellation_requested = ?, closable_children = ?, reserved_for = ?
  WHERE key = ?`;
const markClosing = "UPDATE runs SET closing = 1 WHERE key = ?";
const markTaken = "UPDATE runs SET taken_from = ?, epoch = epoch + 1 WHERE key = ?";

export function headOf(connection: Connection, runId: RunId): StoredHead | undefined {
  const row = connection.list<HeadRow>(selectHead).get(runId);
  if (!row) return undefined;
  const [key, isDurable, epoch, inbox, status, recoveryAttempts, last] = row;
  const durable = isDurable === 1;
  // The events of a transient run are not kept: for it, what was written to its inbox is what there is to have seen.
  const lastSequence = (durable ? last : inbox) ?? 0;
  return { runId, key, durable, epoch, inbox, state: { status, recoveryAttempts, closableChildren: 0 }, lastSequence };
}

/** What an append changes beside the run's state. */
export interface RowChange {
  readonly epoch?: number;
  /** A claim empties it. */
  readonly inbox?: null;
}

export interface Append {
  readonly events: readonly WorkflowEvent[];
  /** What the events make of hooks: asked for before (`hookChanges`), because it may refuse them. */
  readonly hooks?: readonly HookChange[];
  /** The writer does not hold the run: its inbox is set. */
  readonly foreign?: boolean;
  readonly change?: RowChange;
  /** They happened elsewhere: nobody else hears of them. */
  readonly imported?: boolean;
}

export interface AppendResult {
  /** As recorded; empty for a transient run. */
  readonly events: readonly RecordedEvent[];
  /** The run's new state, where something changed. */
  readonly state?: RunState;
}

/**
 * Appends to a run inside the caller's transaction, with all that follows from its end. A plain step leaves the run's row alone: that is half
 * of the cost of a commit.
 */
export function append(connection: Connection, head: StoredHead, given: Append): AppendResult {
  const { events, hooks = [], foreign, change } = given;
  const keep = keeper(connection);
  const recorded = head.durable ? insert(connection, head, { events, keep }) : [];
  if (hooks.length > 0) saveHooks(connection, hooks, { run: head.key, keep });
  // The fold looks at no more than the head has when it decides whether an event changes anything.
  const leavesRow = !foreign && !change && events.reduce<RunState>(foldRun, head.state) === head.state;
  return leavesRow ? { events: recorded } : { events: recorded, state: changeRow(connection, head, { ...given, keep }) };
}

function insert(connection: Connection, head: StoredHead, { events, keep }: { readonly events: readonly WorkflowEvent[]; readonly keep: Keep }): readonly RecordedEvent[] {
  const statement = connection.sql(insertEvent);
  let sequence = head.lastSequence;
  return events.map((event) => {
    sequence += 1; // I1
    const { type, at, operation, value, rest } = rowOfEvent(event, sequence);
    statement.run(head.key, sequence, type, at, operation, keep(value), rest);
    return { ...event, sequence };
  });
}

function changeRow(connection: Connection, head: StoredHead, { events, foreign = false, change = {}, imported, keep }: Append & { readonly keep: Keep }): RunState {
  const row = storedState(connection, head.key);
  const before = stateOfRow(row);
  const state = events.reduce<RunState>(foldRun, before); // I10
  const { epoch = head.epoch, inbox = foreign ? head.lastSequence + events.length : head.inbox } = change;
  connection.sql(updateRun).run(epoch, inbox, ...valuesOfState(state, keep), head.key);
  if (foreign || becameDue(before, state)) connection.ring();
  if (foreign && isTaken(before, state)) connection.sql(markTaken).run(before.workerId, head.key); // I2
  followUp(connection, head, { events: imported ? [] : events, row, state });
  return state;
}

// What was imported happened elsewhere: others that are here know of it, or never will.
function followUp(connection: Connection, head: StoredHead, change: End): void {
  const { events, row, state } = change;
  if (isTerminal(state.status)) end(connection, head, change);
  if (row.schedule !== null && events.length > 0) tellSchedule(connection, row.schedule, { events, hadFailed: row.status === "failed" });
}

function becameDue(before: RunState, state: RunState): boolean {
  return state.dueAt !== undefined && state.dueAt !== before.dueAt;
}

function isTaken(before: RunState, state: RunState): boolean {
  return before.workerId !== undefined && state.workerId === undefined;
}

function storedState(connection: Connection, key: number): StoredState {
  const row = connection.sql<StoredState>(selectState).get(key);
  if (!row) throw new BugError(`the row of run ${key} went away inside a transaction`);
  return row;
}

/** In the order of the columns of `updateRun`. */
function valuesOfState(state: RunState, keep: Keep): readonly unknown[] {
  const { status, dueAt, wakeReason, workerId, recoveryAttempts, startedAt, completedAt, interruptedAt, continuedTo, closableChildren, reservedFor } = state;
  const parked = state.parked && JSON.stringify(state.parked);
  const cancellationRequested = state.cancellationRequested && 1;
  const [result, error] = [keep(state.result ?? null), keep(state.error ?? null)];
  const values = [status, dueAt, wakeReason, workerId, recoveryAttempts, parked, startedAt, completedAt, result, error, interruptedAt, continuedTo];
  return [...values, cancellationRequested, closableChildren, reservedFor].map((value) => value ?? null);
}

interface End {
  readonly events: readonly WorkflowEvent[];
  /** Before the end. */
  readonly row: StoredState;
  readonly state: RunState;
}

/** What follows from the end of a run, whoever ended it. */
function end(connection: Connection, { key, runId, durable }: StoredHead, { events, row, state }: End): void {
  if (durable) disposeOfHooks(connection, key);
  if (state.closableChildren > 0) {
    connection.sql(markClosing).run(key);
    connection.ring();
  }
  const parent = parentOfRow(row);
  if (parent === undefined) return;
  const child = { runId, parent, ...(row.orphaned !== null && { orphaned: true as const }) };
  appendLinked(connection, events.map((event) => noteToParent(child, event)).filter((note) => note !== undefined));
}

/** Appends to other runs as somebody who does not hold them. What says nothing to its run any more is passed over. */
export function appendLinked(connection: Connection, links: readonly LinkedAppend[]): void {
  for (const { runId, events } of links) {
    const head = headOf(connection, runId);
    if (!head) continue;
    const row = storedState(connection, head.key);
    const state = stateOfRow(row);
    const last = isPassedOn(state, events) ? lastIdOfChain(connection, (row.chain as RunId | null) ?? runId) : undefined;
    if (last) appendLinked(connection, [{ runId: last, events }]);
    if (isPassedOver(state, events)) continue;
    const hooks = hookChanges(connection, head, events);
    if (typeof hooks === "string") throw new BugError(`an event of ${hooks} does not fit, and was to be linked to ${runId}`);
    append(connection, head, { events, hooks, foreign: true });
  }
}
