import { decode } from "../base/codec.js";
import type { JsonSchema } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import { defaults } from "../core/defaults.js";
import { HookNotFoundError, InvalidTokenError } from "../core/errors.js";
import type { HookRecord } from "../core/hooks.js";
import { parseToken, tokenOf } from "../core/ids.js";
import { findRun } from "./find-run.js";
import { hookRow, type HookRow } from "./list-hooks.js";
import { dateOf } from "./list-runs.js";
import type { Project } from "./project.js";

/** All that is known of a hook, under the names that JSON shows. */
export interface HookCard extends HookRow {
  readonly received_at: Date | null;
  readonly payload: unknown;
  readonly payload_schema: JsonSchema | null;
}

/** The hook of this token. Throws as {@link wholeToken} and {@link findHook}. */
export async function showHook(project: Project, { token }: { readonly token: string }): Promise<HookCard> {
  return hookCard(await findHook(project, await wholeToken(project, token)));
}

/** Every hook of the run with this id, prefix or `@last`, newest first. Throws as `findRun`. */
export async function showHooksOfRun(project: Project, { id }: { readonly id: string }): Promise<readonly HookCard[]> {
  const { runId } = await findRun(project, id);
  const hooks = await project.backend.listHooks({ runId, limit: Number.MAX_SAFE_INTEGER });
  return hooks.map(hookCard);
}

/** The token that a person means: its run may be a unique prefix, or `@last`. Throws InvalidTokenError, or as `findRun`. */
export async function wholeToken(project: Project, text: string): Promise<string> {
  if (parseToken(text) !== undefined) return text;
  const [, run = "", hook = ""] = /^([^:]+):(hook_[^:]+)$/.exec(text) ?? [];
  if (run === "") throw new InvalidTokenError(text);
  const { runId } = await findRun(project, run);
  return `${runId}:${hook}`;
}

/** Throws InvalidTokenError, or HookNotFoundError with the nearest token. */
export async function findHook({ backend }: Pick<Project, "backend">, token: string): Promise<HookRecord> {
  const parsed = parseToken(token);
  if (parsed === undefined) throw new InvalidTokenError(token);
  const hook = await backend.getHook(parsed.runId, parsed.hookId);
  if (hook === undefined) throw await notFound(backend, tokenOf(parsed.runId, parsed.hookId));
  return hook;
}

async function notFound(backend: Project["backend"], token: string): Promise<HookNotFoundError> {
  const hooks = await backend.listHooks({ limit: defaults.neighboursMax });
  const meant = nearest(token, hooks.map(({ runId, hookId }) => tokenOf(runId, hookId)));
  return new HookNotFoundError(token, { meant });
}

function hookCard(hook: HookRecord): HookCard {
  const { receivedAt, payload, schema } = hook;
  return {
    ...hookRow(hook),
    received_at: dateOf(receivedAt),
    payload: payload === undefined ? null : (decode(payload) ?? null),
    payload_schema: schema ?? null,
  };
}
