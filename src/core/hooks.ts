import type { Encoded } from "../base/codec.js";
import type { JsonSchema } from "../base/json.js";
import { endsRun, retriesRun, type WorkflowEvent } from "./events/event.js";
import type { HookEvent } from "./events/hook.js";
import type { OperationId, RunId } from "./ids.js";
import { isTerminal, type RunRecord } from "./run.js";

export const hookStatuses = ["pending", "received", "expired", "disposed"] as const;
/** Where a hook is in its life: it leaves `pending` once. */
export type HookStatus = (typeof hookStatuses)[number];

/** A hook as a store keeps it: the fold of its events. Its token is `tokenOf(runId, hookId)`. Times in milliseconds since the epoch. */
export interface HookRecord {
  readonly runId: RunId;
  readonly hookId: OperationId;
  readonly name: string;
  readonly status: HookStatus;
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  readonly receivedAt?: number | undefined;
  readonly payload?: Encoded | undefined;
  readonly schema?: JsonSchema | undefined;
}

export function isHookEvent<E extends WorkflowEvent>(event: E): event is E & HookEvent {
  return event.type.startsWith("hook.");
}

/**
 * The hook after one more event, or undefined where the event must not be written: a hook leaves `pending` once, so that of two who
 * resume it one wins, and nobody resumes it past its expiry, also when no worker lives to write that.
 */
export function foldHook(runId: RunId, hook: HookRecord | undefined, event: HookEvent): HookRecord | undefined {
  if (event.type === "hook.created") {
    const { operationId: hookId, name, at: createdAt, expiresAt, schema } = event;
    return { runId, hookId, name, status: "pending", createdAt, expiresAt, schema };
  }
  if (hook?.status !== "pending") return undefined;
  if (event.type === "hook.expired") return { ...hook, status: "expired" };
  if (event.type === "hook.disposed") return { ...hook, status: "disposed" };
  if (hook.expiresAt !== undefined && event.at >= hook.expiresAt) return undefined;
  return { ...hook, status: "received", receivedAt: event.at, payload: event.value };
}

/** A run's hooks after more of its events, one after another; or the hook that one of them does not fit, so that none may be written. */
export function foldHooks({ runId, status }: Pick<RunRecord, "runId" | "status">, hooks: HookRows, events: readonly WorkflowEvent[]): HookRows | { readonly misfit: OperationId } {
  if (!events.some((event) => isHookEvent(event) || endsRun(event) || retriesRun(event))) return hooks;
  let rows = new Map(hooks);
  let hasEnded = isTerminal(status);
  for (const event of events) {
    if (isHookEvent(event)) {
      const hook = foldHook(runId, rows.get(event.operationId), event);
      if (hook === undefined) return { misfit: event.operationId };
      rows.set(event.operationId, hook);
    } else if (endsRun(event)) {
      rows = mapOf(rows, (hook) => (hook.status === "pending" ? { ...hook, status: "disposed" } : hook)); // nobody waits any more
      hasEnded = true;
    } else if (retriesRun(event) && hasEnded) {
      rows = mapOf(rows, (hook) => (hook.status === "disposed" && !event.reset.includes(hook.hookId) ? { ...hook, status: "pending" } : hook));
      hasEnded = false;
    }
  }
  return rows;
}

/** The hooks of a run. */
export type HookRows = ReadonlyMap<OperationId, HookRecord>;

function mapOf(rows: HookRows, change: (hook: HookRecord) => HookRecord): Map<OperationId, HookRecord> {
  return new Map(Array.from(rows, ([hookId, hook]) => [hookId, change(hook)]));
}
