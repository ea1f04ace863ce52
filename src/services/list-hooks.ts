import type { HookRecord, HookStatus } from "../core/hooks.js";
import { tokenOf, type OperationId, type RunId } from "../core/ids.js";
import type { HookFilter } from "../storage/backend.js";
import { dateOf } from "./list-runs.js";
import type { Project } from "./project.js";

/** A hook in a list, under the names that JSON shows. */
export interface HookRow {
  readonly token: string;
  readonly hook_id: OperationId;
  readonly run_id: RunId;
  readonly name: string;
  readonly status: HookStatus;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly has_schema: boolean;
}

/** The newest hooks that fit. */
export interface HookPage {
  readonly hooks: readonly HookRow[];
  /** Whether the store has more that fit. */
  readonly more: boolean;
}

/** Hooks that fit the filter, newest first. */
export async function listHooks({ backend }: Pick<Project, "backend">, { limit, ...filter }: HookFilter): Promise<HookPage> {
  // One more than wanted tells whether the list goes on.
  const found = await backend.listHooks({ ...filter, limit: limit + 1 });
  return { hooks: found.slice(0, limit).map(hookRow), more: found.length > limit };
}

/** Hooks that can be resumed now, newest first: pending ones whose time is not over. */
export async function openHooks({ backend, clock }: Pick<Project, "backend" | "clock">, limit: number): Promise<readonly HookRow[]> {
  const pending = await backend.listHooks({ status: "pending", limit });
  return pending.filter(({ expiresAt = Infinity }) => clock.now() < expiresAt).map(hookRow);
}

export function hookRow(hook: HookRecord): HookRow {
  const { runId, hookId, name, status, createdAt, expiresAt, schema } = hook;
  return {
    token: tokenOf(runId, hookId),
    hook_id: hookId,
    run_id: runId,
    name,
    status,
    created_at: new Date(createdAt),
    expires_at: dateOf(expiresAt),
    has_schema: schema !== undefined,
  };
}
