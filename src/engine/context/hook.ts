import type { StandardSchemaV1 } from "@standard-schema/spec";
import { handled } from "../../base/deferred.js";
import { parseDurationMs, type Duration } from "../../base/duration.js";
import { defaults } from "../../core/defaults.js";
import { InvalidDefinitionError } from "../../core/errors.js";
import { tokenOf } from "../../core/ids.js";
import { checkName } from "../check-name.js";
import { jsonSchemaOf } from "../input.js";
import { callerPlace } from "../place.js";
import { registerHook } from "../registry.js";
import { answerOf, askingFor } from "./asking.js";

/** How a hook waits. */
export interface HookOptions {
  /** How long to wait; then the wait throws HookExpiredError, and the hook can't be resumed any more. Default: for ever. */
  readonly timeout?: Duration;
  /** Told of the token when the hook can be resumed. A step of its own: tried again when it fails, and perhaps called twice. */
  readonly onCreated?: (token: string) => unknown;
}

/** A hook whose payload has a type. */
export interface Hook<Payload> {
  readonly name: string;
  /** Waits for the payload. Rejects with what `hook()` rejects with. */
  wait(options?: HookOptions): Promise<Payload>;
}

/**
 * Waits until somebody outside resumes the hook with a payload: `engine.resumeHook(token, payload)` or `pyworkflow hooks resume`. The wait
 * takes no memory and survives everything. Rejects with HookExpiredError, CancellationError, or what `onCreated` threw for good; with
 * InvalidDefinitionError for a bad name or timeout, NotInWorkflowError outside a body, DurableRunRequiredError in a transient run.
 */
export function hook<Payload = unknown>(name: string, options: HookOptions = {}): Promise<Payload> {
  return answerOf(() => wait<Payload>(name, options, undefined));
}

/**
 * A hook with a schema: what does not fit is refused where the hook is resumed, before anything is recorded, and the command line asks for its
 * fields. Throws InvalidDefinitionError for a bad name, NameTakenError where another hook bears it.
 */
export function defineHook<Payload>(name: string, schema: StandardSchemaV1<unknown, Payload>): Hook<Payload> {
  checkName("hook", name);
  registerHook(name, schema, callerPlace());
  return { name, wait: (options = {}) => answerOf(() => wait<Payload>(name, options, schema)) };
}

function wait<Payload>(name: string, { timeout, onCreated }: HookOptions, schema: StandardSchemaV1 | undefined): Promise<Payload> {
  checkName("hook", name);
  const timeoutMs = timeout === undefined ? undefined : timeoutOf(name, timeout);
  const { body, runId, shielded } = askingFor(`hook(${JSON.stringify(name)})`);
  const token = tokenOf(runId, body.nextIdOf(`hook_${name}`));
  const jsonSchema = jsonSchemaOf(schema);
  const request = { kind: "hook", name, args: [], ...(timeoutMs !== undefined && { timeoutMs }), ...(jsonSchema && { schema: jsonSchema }) } as const;
  const payload = body.ask(request, shielded) as Promise<Payload>;
  if (onCreated === undefined) return payload;
  const definition = { ...defaults.step, name: `on_created_${name}`, run: (text: unknown) => onCreated(String(text)) };
  const told = body.ask({ kind: "step", name: definition.name, args: [token], definition, afterOthers: true }, shielded);
  return unlessItFails(told, payload);
}

function unlessItFails<T>(condition: Promise<unknown>, promise: Promise<T>): Promise<T> {
  return handled(
    new Promise((resolve, reject) => {
      condition.catch(reject);
      promise.then(resolve, reject);
    }),
  );
}

function timeoutOf(name: string, timeout: Duration): number {
  const timeoutMs = parseDurationMs(timeout);
  if (timeoutMs === undefined) throw new InvalidDefinitionError(`the timeout of hook ${name} is ${JSON.stringify(timeout)}: this is no duration`, 'give "7d", "1h30m", or a number of seconds');
  return timeoutMs;
}
