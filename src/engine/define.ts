import { inspect } from "node:util";
import { parseDurationMs, type Duration } from "../base/duration.js";
import { isObject } from "../base/json.js";
import { didYouMean, nearest } from "../base/nearest.js";
import { defaults } from "../core/defaults.js";
import { InvalidDefinitionError, InvalidScheduleError } from "../core/errors.js";
import { isRetryDelay } from "../core/retry.js";
import { checkName } from "./check-name.js";
import { callStep } from "./context/step.js";
import { checkTimes } from "./declarations.js";
import type { StepDefinition, StepOptions, WorkflowDefinition, WorkflowOptions, WorkflowSchedule } from "./definition.js";
import { callerPlace } from "./place.js";
import { registerStep, registerWorkflow } from "./registry.js";

/**
 * Makes a function a durable step: inside a run its outcome is recorded and never computed again; elsewhere it is just the
 * function. Throws InvalidDefinitionError for a bad name or option, NameTakenError where another step bears the name.
 */
export function step<Args extends readonly unknown[], Result>(
  nameOrOptions: string | StepOptions,
  fn: (...args: Args) => Promise<Result> | Result,
): (...args: Args) => Promise<Result> {
  const options = typeof nameOrOptions === "string" ? { name: nameOrOptions } : nameOrOptions;
  const settings = stepSettings(options);
  checkFunction(`step ${options.name}`, fn);
  const definition: StepDefinition = { ...settings, run: fn };
  registerStep(options.name, fn, callerPlace());
  return (...args) => callStep(definition, args) as Promise<Result>;
}

/**
 * Defines a workflow under a name. Throws InvalidDefinitionError for a bad name or option, NameTakenError where another
 * workflow bears the name.
 */
export function workflow<Input, Output>(
  nameOrOptions: string | WorkflowOptions<Input>,
  fn: (input: Input) => Promise<Output>,
): WorkflowDefinition<Input, Output> {
  const options: WorkflowOptions = typeof nameOrOptions === "string" ? { name: nameOrOptions } : nameOrOptions;
  checkWorkflow(options);
  checkFunction(`workflow ${options.name}`, fn);
  const definition: WorkflowDefinition<Input, Output> = { kind: "workflow", name: options.name, options, place: callerPlace(), run: fn };
  registerWorkflow(definition);
  return definition;
}

function stepSettings(options: StepOptions): Omit<StepDefinition, "run"> {
  const { name, maxRetries = defaults.step.maxRetries, retryDelay = defaults.step.retryDelay } = options;
  const what = `step ${name}`;
  checkName("step", name);
  checkOptions(what, options, stepOptions);
  if (!isCount(maxRetries)) refuse(what, `maxRetries is ${maxRetries}`, "give a whole number from 0");
  if (!isRetryDelay(retryDelay)) refuse(what, `retryDelay is ${JSON.stringify(retryDelay)}`, `give "exponential", a duration such as "30s", or a list of durations`);
  const timeoutMs = durationOf(what, "timeout", options.timeout);
  const heartbeatTimeoutMs = durationOf(what, "heartbeatTimeout", options.heartbeatTimeout);
  return { name, maxRetries, retryDelay, timeoutMs, heartbeatTimeoutMs };
}

function durationOf(what: string, option: string, duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  return parseDurationMs(duration) ?? refuse(what, `${option} is ${String(duration)}`, `give a duration such as "30s"`);
}

function checkWorkflow(options: WorkflowOptions): void {
  const { name, tags = [], maxRecoveryAttempts = 0, input } = options;
  checkName("workflow", name);
  checkOptions(`workflow ${name}`, options, workflowOptions);
  if (input !== undefined && !("~standard" in input)) {
    refuse(`workflow ${name}`, "input is no Standard Schema", "give a schema of zod, valibot, arktype or another library that speaks Standard Schema");
  }
  if (tags.length > defaults.workflow.tagsMax) {
    refuse(`workflow ${name}`, `it has ${tags.length} tags`, `give at most ${defaults.workflow.tagsMax} tags`);
  }
  durationOf(`workflow ${name}`, "maxDuration", options.maxDuration);
  if (!isCount(maxRecoveryAttempts)) {
    refuse(`workflow ${name}`, `maxRecoveryAttempts is ${maxRecoveryAttempts}`, "give a whole number from 0");
  }
  if (options.schedule !== undefined) checkSchedule(`workflow ${name}`, options.schedule);
}

function checkSchedule(what: string, schedule: WorkflowSchedule): void {
  if (!isObject(schedule)) refuse(what, `its schedule is ${inspect(schedule)}`, `write schedule: { cron: "0 9 * * *" }`);
  try {
    checkTimes(schedule);
  } catch (error) {
    if (!(error instanceof InvalidScheduleError)) throw error;
    refuse(what, `its schedule can't be: ${error.message.replace(/^schedule: /, "")}`, error.hint);
  }
}

const stepOptions: readonly (keyof StepOptions)[] = ["name", "maxRetries", "retryDelay", "timeout", "heartbeatTimeout"];
export const workflowOptions: readonly (keyof WorkflowOptions)[] = [
  "name",
  "input",
  "description",
  "tags",
  "durable",
  "maxDuration",
  "recoverOnWorkerLoss",
  "maxRecoveryAttempts",
  "schedule",
];

/** JavaScript has no compiler that would find a mistyped option, and one that does nothing is worse than none. */
export function checkOptions(what: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  refuse(what, `it has an option ${unknown}`, didYouMean(near, `the options are ${known.join(", ")}`));
}

function checkFunction(what: string, fn: unknown): void {
  if (typeof fn !== "function") refuse(what, "it has no function", `write it as the second argument: (…) => { … }`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function refuse(what: string, why: string, hint: string): never {
  const place = callerPlace();
  throw new InvalidDefinitionError(`${place === undefined ? "" : `${place}: `}${what} can't be defined: ${why}`, hint);
}
