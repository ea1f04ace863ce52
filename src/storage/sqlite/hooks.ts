import { asEncoded } from "../../base/codec.js";
import type { JsonSchema } from "../../base/json.js";
import type { RunHead } from "../../core/claim.js";
import { retriesRun, type WorkflowEvent } from "../../core/events/event.js";
import { foldHooks, isHookEvent, type HookRecord, type HookRows, type HookStatus } from "../../core/hooks.js";
import type { OperationId, RunId } from "../../core/ids.js";
import type { HookFilter } from "../backend.js";
import type { Connection } from "./connection.js";
import { isPayload, kept, type Keep } from "./payloads.js";

interface HookRow {
  readonly run_id: RunId;
  readonly operation: OperationId;
  readonly name: string;
  readonly status: HookStatus;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly received_at: number | null;
  readonly payload: string | null;
  readonly schema: string | null;
}

const hookColumns = `(SELECT run_id FROM runs WHERE key = hooks.run) AS run_id, operation, name, status, created_at, expires_at, received_at,
  ${kept("payload")}, ${kept("schema")}`;
const selectHook = `SELECT ${hookColumns} FROM hooks WHERE run = (SELECT key FROM runs WHERE run_id = ?) AND operation = ?`;
// A hook that is created again, in a new life of its operation, begins anew.
const insertHook = `
  INSERT OR REPLACE INTO hooks (run, operation, name, created_at, sequence, expires_at, schema, status, received_at, payload)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const forgetPayloads = `
  WITH gone AS (SELECT run, payload, schema FROM hooks WHERE run = ? AND operation = ?)
  DELETE FROM payloads WHERE id IN (SELECT payload FROM gone WHERE ${isPayload("payload")} UNION ALL SELECT schema FROM gone WHERE ${isPayload("schema")})
    AND id NOT IN (SELECT value FROM gone JOIN events USING (run) WHERE ${isPayload("value")})`;
const updateHook = "UPDATE hooks SET status = ?, received_at = ?, payload = ? WHERE run = ? AND operation = ?";
const disposePending = "UPDATE hooks SET status = 'disposed' WHERE run = ? AND status = 'pending'";

/** A hook as events leave it. */
export interface HookChange {
  readonly hook: HookRecord;
  /** Of the event that creates it, where that is among the events. */
  readonly createdBy: number | undefined;
}

/** What the events make of the run's hooks; or the id of the first hook that its event does not fit. Writes nothing. */
export function hookChanges(connection: Connection, head: HookOwner, events: readonly WorkflowEvent[]): readonly HookChange[] | OperationId {
  const before = hooksBefore(connection, head.runId, events);
  if (before === undefined) return [];
  const { runId, lastSequence, state } = head;
  const after = foldHooks({ runId, status: state.status }, before, events);
  if ("misfit" in after) return after.misfit;
  const creations = new Map(events.map((event, index) => [event.type === "hook.created" ? event.operationId : undefined, lastSequence + 1 + index]));
  const changed = [...after.values()].filter((hook) => before.get(hook.hookId) !== hook);
  return changed.map((hook) => ({ hook, createdBy: creations.get(hook.hookId) }));
}

/** Those that the events may change, but for what an end disposes of; undefined where there is no such event. */
function hooksBefore(connection: Connection, runId: RunId, events: readonly WorkflowEvent[]): HookRows | undefined {
  const named = events.filter((event) => isHookEvent(event)).map(({ operationId }) => operationId);
  const retries = events.some((event) => retriesRun(event));
  if (named.length === 0 && !retries) return undefined;
  const hooks = retries ? listHooks(connection, { runId, limit: Number.MAX_SAFE_INTEGER }) : named.flatMap((hookId) => getHook(connection, runId, hookId) ?? []);
  return new Map(hooks.map((hook) => [hook.hookId, hook]));
}

export interface HookOwner extends Pick<RunHead, "lastSequence" | "state"> {
  readonly runId: RunId;
}

/** `run` is the key of the run's row. */
export function saveHooks(connection: Connection, changes: readonly HookChange[], { run, keep }: { readonly run: number; readonly keep: Keep }): void {
  for (const { hook, createdBy } of changes) {
    const { hookId, name, status, createdAt, expiresAt = null, receivedAt = null, schema } = hook;
    const payload = keep(hook.payload ?? null);
    if (createdBy === undefined) {
      connection.sql(updateHook).run(status, receivedAt, payload, run, hookId);
      continue;
    }
    connection.sql(forgetPayloads).run(run, hookId);
    connection.sql(insertHook).run(run, hookId, name, createdAt, createdBy, expiresAt, keep(schema === undefined ? null : JSON.stringify(schema)), status, receivedAt, payload);
  }
}

/** The run has ended: nobody waits for its hooks any more. */
export function disposeOfHooks(connection: Connection, run: number): void {
  connection.sql(disposePending).run(run);
}

export function getHook(connection: Connection, runId: RunId, hookId: OperationId): HookRecord | undefined {
  const row = connection.sql<HookRow>(selectHook).get(runId, hookId);
  return row && recordOf(row);
}

export function listHooks(connection: Connection, { runId, status, limit }: HookFilter): readonly HookRecord[] {
  const conditions = [
    ["run = (SELECT key FROM runs WHERE run_id = ?)", runId],
    // The plus keeps the index of a status, which may be long, away from the hooks of one run.
    [runId === undefined ? "status = ?" : "+status = ?", status],
  ].filter(([, value]) => value !== undefined);
  const where = ["TRUE", ...conditions.map(([sql]) => sql)].join(" AND ");
  const select = `SELECT ${hookColumns} FROM hooks WHERE ${where} ORDER BY created_at DESC, run DESC, sequence DESC LIMIT ?`;
  return connection.sql<HookRow>(select).all(...conditions.map(([, value]) => value), limit).map(recordOf);
}

function recordOf(row: HookRow): HookRecord {
  return {
    runId: row.run_id,
    hookId: row.operation,
    name: row.name,
    status: row.status,
    createdAt: row.created_at,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.received_at !== null && { receivedAt: row.received_at }),
    ...(row.payload !== null && { payload: asEncoded(row.payload) }),
    ...(row.schema !== null && { schema: JSON.parse(row.schema) as JsonSchema }),
  };
}
