import type { Encoded } from "../base/codec.js";
import type { JsonSchema } from "../base/json.js";
import type { Config } from "../config/config.js";
import { HookAlreadyReceivedError, HookDisposedError, HookExpiredError, InvalidPayloadError, type PyworkflowError } from "../core/errors.js";
import type { HookRecord } from "../core/hooks.js";
import { tokenOf, type OperationId, type RunId } from "../core/ids.js";
import { check, jsonSchemaOf } from "../engine/input.js";
import { registeredHook } from "../engine/registry.js";
import { storable } from "../engine/run/storable.js";
import type { Project } from "./project.js";
import { findHook } from "./show-hook.js";

/** Which hook gets what. */
export interface ResumeHookOptions {
  /** The whole token. */
  readonly token: string;
  readonly payload: unknown;
}

/** A hook that has received its payload. */
export interface ResumedHook {
  readonly runId: RunId;
  readonly hookId: OperationId;
  /**
   * What the payload was checked with: the schema of the hook as this process defines it, the one that was stored when the hook was created, or
   * nothing, because there is none or it can't be understood here.
   */
  readonly checkedWith: "definition" | "stored_schema" | "nothing";
}

/** What of a project it takes to resume a hook. */
export type Resumable = Pick<Project, "backend" | "clock"> & { readonly config: Pick<Config, "limits"> };

/**
 * Gives a hook its payload, and its run goes on. In this order throws InvalidTokenError, HookNotFoundError; HookAlreadyReceivedError,
 * HookExpiredError, HookDisposedError; InvalidPayloadError, NotStorableValueError, PayloadTooLargeError. Then nothing was recorded.
 */
export async function resumeHook(project: Resumable, { token, payload }: ResumeHookOptions): Promise<ResumedHook> {
  const { backend, clock, config } = project;
  const hook = await findHook(project, token);
  const refusal = refusalOf(hook, clock.now());
  if (refusal !== undefined) throw refusal;
  const { value, checkedWith } = await acceptPayload(hook, payload, config.limits);
  const { runId, hookId } = hook;
  const [result] = await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: clock.now(), operationId: hookId, value }] }]);
  if (result?.accepted) return { runId, hookId, checkedWith };
  // Somebody was quicker, its time was over, or its run has ended: the hook says which. An ended run's hook is disposed of in that transaction.
  throw refusalOf(await findHook(project, token), clock.now()) ?? new HookDisposedError(token);
}

/** Why the hook takes no payload any more; undefined where it does. */
export function refusalOf({ runId, hookId, status, expiresAt = Infinity }: HookRecord, nowMs: number): PyworkflowError | undefined {
  const token = tokenOf(runId, hookId);
  if (status === "received") return new HookAlreadyReceivedError(token);
  if (status === "disposed") return new HookDisposedError(token);
  // Its time counts, whether or not its run has noticed.
  return status === "expired" || nowMs >= expiresAt ? new HookExpiredError(token) : undefined;
}

interface AcceptedPayload {
  readonly value: Encoded;
  readonly checkedWith: ResumedHook["checkedWith"];
}

async function acceptPayload(hook: HookRecord, payload: unknown, { payloadBytes }: Config["limits"]): Promise<AcceptedPayload> {
  const defined = definedSchemaOf(hook);
  const schema = defined ?? (await schemaOf(hook.schema));
  const checked = await check(schema, payload);
  const token = tokenOf(hook.runId, hook.hookId);
  if ("issues" in checked) throw new InvalidPayloadError(token, checked.issues);
  const stored = storable(checked.value, `the payload for ${token}`, payloadBytes);
  if ("error" in stored) throw stored.error;
  return { value: stored.value, checkedWith: defined ? "definition" : schema ? "stored_schema" : "nothing" };
}

/** That of `defineHook`, where the hook is one of those: `hook()` with the same name has no schema, and takes anything. */
function definedSchemaOf({ name, schema }: HookRecord) {
  const defined = registeredHook(name);
  // A schema that has no JSON form was not stored with the hook.
  return schema !== undefined || jsonSchemaOf(defined) === undefined ? defined : undefined;
}

async function schemaOf(schema: JsonSchema | undefined) {
  if (schema === undefined) return undefined;
  const { z } = await import("zod");
  try {
    return z.fromJSONSchema(schema);
  } catch {
    return undefined; // a keyword that zod does not understand
  }
}
