import { inspect } from "node:util";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Duration } from "../base/duration.js";
import { isObject } from "../base/json.js";
import { InvalidDefinitionError } from "../core/errors.js";
import type { RetryDelay } from "../core/retry.js";
import type { ScheduleOptions } from "../core/schedule/options.js";

/** How a step is to be tried. */
export interface StepOptions {
  /** `[A-Za-z0-9_.-]+`. Explicit, because bundlers rename functions. */
  readonly name: string;
  /** Attempts after the first one. Default 3. */
  readonly maxRetries?: number;
  /** Wait between attempts. Default `"exponential"`. */
  readonly retryDelay?: RetryDelay;
  /** How long an attempt may take before its signal aborts and it counts as failed. Default: no limit. */
  readonly timeout?: Duration;
  /** How long an attempt may go without calling `stepContext().heartbeat()` before it counts as failed. Default: no limit. */
  readonly heartbeatTimeout?: Duration;
}

/** A step as the engine runs it. */
export interface StepDefinition {
  readonly name: string;
  readonly maxRetries: number;
  readonly retryDelay: RetryDelay;
  readonly timeoutMs?: number | undefined;
  readonly heartbeatTimeoutMs?: number | undefined;
  run(...args: readonly unknown[]): unknown;
}

/** What a workflow is called, takes and survives. */
export interface WorkflowOptions<Input = unknown> {
  /** `[A-Za-z0-9_.-]+`. */
  readonly name: string;
  /** Checks the input where the run is started; any Standard Schema (zod, valibot, arktype …). */
  readonly input?: StandardSchemaV1<unknown, Input>;
  /** For people who look at it. */
  readonly description?: string;
  /** At most 3. */
  readonly tags?: readonly string[];
  /** False: no log; a lost run fails, or begins again where recovery is on. Default true. */
  readonly durable?: boolean;
  /** How long a run may take from its first claim to its end, waits included; then it fails with WorkflowTimeoutError. Default: no limit. */
  readonly maxDuration?: Duration;
  /** Whether a run whose worker was lost goes on. Default: true for durable runs. */
  readonly recoverOnWorkerLoss?: boolean;
  /** Losses in a row without a new outcome that a run survives. Default 3; 0 is none. */
  readonly maxRecoveryAttempts?: number;
  /** When it starts by itself, wherever a worker knows this definition: the schedule `auto_` and the name, which follows the code. */
  readonly schedule?: WorkflowSchedule<NoInfer<Input>>;
}

/** A schedule that a workflow's definition declares. */
export interface WorkflowSchedule<Input = unknown> extends ScheduleOptions {
  /** Of every run. Default: `{}` where the input's schema has fields, so that it fills in its defaults; else nothing. */
  readonly input?: Input;
}

/** What `workflow()` returns: a definition, to be started by an engine or by the command line. It is not callable. */
export interface WorkflowDefinition<Input = never, Output = unknown> {
  readonly kind: "workflow";
  readonly name: string;
  readonly options: WorkflowOptions;
  /** `file:line:column` of the definition. */
  readonly place: string | undefined;
  /** The body. Only the engine calls it. */
  readonly run: (input: Input) => Promise<Output>;
}

/** Throws InvalidDefinitionError, with the call that was given the value, where it is no workflow: programs in JavaScript have no compiler that would say so. */
export function checkDefinition(call: string, value: unknown): void {
  if (isObject(value) && value["kind"] === "workflow") return;
  throw new InvalidDefinitionError(`${call}: ${inspect(value, { depth: 0, breakLength: Infinity })} is no workflow`, "pass what workflow() returned; where it is undefined, see what the module that defines it exports");
}
