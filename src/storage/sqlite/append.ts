import type { Encoded } from "../../base/codec.js";
import { BugError } from "../../base/unreachable.js";
import type { RunHead } from "../../core/claim.js";
import type { RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import type { RunId } from "../../core/ids.js";
import { foldRun, type RunState, type RunStatus } from "../../core/run.js";
import type { Connection } from "./connection.js";
import { rowOfEvent, stateOfRow, type StateRow } from "./rows.js";

/** A run's row as far as most appends need it: of its state only what tells whether an event changes it. */
export interface StoredHead extends RunHead {
  readonly key: number;
  readonly durable: boolean;
  readonly inbox: number | null;
}

type HeadRow = [key: number, durable: number, epoch: number, inbox: number | null, status: RunStatus, recoveryAttempts: number, last: number | null];

const selectHead = `
  SELECT key, durable, epoch, inbox, status, recovery_attempts, (SELECT max(sequence) FROM events WHERE run = key)
  FROM runs WHERE run_id = ?`;
const selectState = "SELECT status, due_at, wake_reason, worker_id, recovery_attempts, parked, started_at, completed_at FROM runs WHERE key = ?";
const insertEvent = "INSERT INTO events (run, sequence, type, at, operation, value, rest) VALUES (?, ?, ?, ?, ?, ?, ?)";
const insertPayload = "INSERT INTO payloads (text) VALUES (?)";
const updateRun = `
  UPDATE runs SET epoch = ?, inbox = ?, status = ?, due_at = ?, wake_reason = ?, worker_id = ?, recovery_attempts = ?, parked = ?,
    started_at = ?, completed_at = ?, result = ?, error = ?
  WHERE key = ?`;

export function headOf(connection: Connection, runId: RunId): StoredHead | undefined {
  const row = connection.list<HeadRow>(selectHead).get(runId);
  if (!row) return undefined;
  const [key, isDurable, epoch, inbox, status, recoveryAttempts, last] = row;
  const durable = isDurable === 1;
  // The events of a transient run are not kept: for it, what was written to its inbox is what there is to have seen.
  const lastSequence = (durable ? last : inbox) ?? 0;
  return { key, durable, epoch, inbox, state: { status, recoveryAttempts }, lastSequence };
}

/** What an append changes beside the run's state. */
export interface RowChange {
  readonly epoch?: number;
  readonly inbox?: number | null;
}

export interface Append {
  readonly events: readonly WorkflowEvent[];
  readonly change?: RowChange;
}

export interface AppendResult {
  /** As recorded; empty for a transient run. */
  readonly events: readonly RecordedEvent[];
  /** The run's new state, where something changed. */
  readonly state?: RunState;
  /** Whether somebody must hear of it: the run became due, or its inbox was written. */
  readonly rings: boolean;
}

/** Appends to a run inside the caller's transaction. A plain step leaves the run's row alone: that is half of the cost of a commit. */
export function append(connection: Connection, head: StoredHead, { events, change }: Append): AppendResult {
  const keep = keeper(connection);
  const recorded = head.durable ? insert(connection, head, { events, keep }) : [];
  // The fold looks at no more than the head has when it decides whether an event changes anything.
  if (!change && events.reduce<RunState>(foldRun, head.state) === head.state) return { events: recorded, rings: false };
  const before = stateOf(connection, head.key);
  const state = events.reduce<RunState>(foldRun, before); // I10
  const { epoch = head.epoch, inbox = head.inbox } = change ?? {};
  update(connection, { key: head.key, epoch, inbox, state, keep });
  const becameDue = state.dueAt !== undefined && state.dueAt !== before.dueAt;
  return { events: recorded, state, rings: becameDue || (inbox !== null && inbox !== head.inbox) };
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

function stateOf(connection: Connection, key: number): RunState {
  const row = connection.sql<StateRow>(selectState).get(key);
  if (!row) throw new BugError(`the row of run ${key} went away inside a transaction`);
  return stateOfRow(row);
}

interface RowUpdate {
  readonly key: number;
  readonly epoch: number;
  readonly inbox: number | null;
  readonly state: RunState;
  readonly keep: Keep;
}

function update(connection: Connection, { key, epoch, inbox, state, keep }: RowUpdate): void {
  connection.sql(updateRun).run(
    epoch,
    inbox,
    state.status,
    state.dueAt ?? null,
    state.wakeReason ?? null,
    state.workerId ?? null,
    state.recoveryAttempts,
    state.parked ? JSON.stringify(state.parked) : null,
    state.startedAt ?? null,
    state.completedAt ?? null,
    keep(state.result ?? null),
    keep(state.error ?? null),
    key,
  );
}

const inlineCharsMax = 4096;

/** What a column stores of a text: the text itself, or the id of its payload. */
export type Keep = (text: Encoded | string | null) => string | number | bigint | null;

/** Puts large texts aside, each once: the result of a run is also the value of its last event. */
export function keeper(connection: Connection): Keep {
  let last: { readonly text: string; readonly id: number | bigint } | undefined;
  return (text) => {
    if (text === null || text.length <= inlineCharsMax) return text;
    if (last?.text !== text) last = { text, id: connection.sql(insertPayload).run(text).lastInsertRowid };
    return last.id;
  };
}
