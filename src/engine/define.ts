import { parseDurationMs } from "../base/duration.js";
import { defaults } from "../core/defaults.js";
import { InvalidDefinitionError } from "../core/errors.js";
import { isValidName } from "../core/ids.js";
import { isRetryDelay } from "../core/retry.js";
import { callStep } from "./context/step.js";
import type { StepDefinition, StepOptions, WorkflowDefinition, WorkflowOptions } from "./definition.js";
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
  const definition: StepDefinition = { ...stepSettings(options), run: fn };
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
  const definition: WorkflowDefinition<Input, Output> = { kind: "workflow", name: options.name, options, place: callerPlace(), run: fn };
  registerWorkflow(definition);
  return definition;
}

function stepSettings(options: StepOptions): Omit<StepDefinition, "run"> {
  const { name, maxRetries = defaults.step.maxRetries, retryDelay = defaults.step.retryDelay, timeout } = options;
  checkName("step", name);
  if (!isCount(maxRetries)) refuse(`step ${name}`, `maxRetries is ${maxRetries}`, "give a whole number from 0");
  if (!isRetryDelay(retryDelay)) refuse(`step ${name}`, `retryDelay is ${JSON.stringify(retryDelay)}`, `give "exponential", a duration such as "30s", or a list of durations`);
  const timeoutMs = timeout === undefined ? undefined : parseDurationMs(timeout);
  if (timeout !== undefined && timeoutMs === undefined) refuse(`step ${name}`, `timeout is ${timeout}`, `give a duration such as "30s"`);
  return { name, maxRetries, retryDelay, timeoutMs };
}

function checkWorkflow({ name, tags = [], maxRecoveryAttempts = 0 }: WorkflowOptions): void {
  checkName("workflow", name);
  if (tags.length > defaults.workflow.tagsMax) {
    refuse(`workflow ${name}`, `it has ${tags.length} tags`, `give at most ${defaults.workflow.tagsMax} tags`);
  }
  if (!isCount(maxRecoveryAttempts)) {
    refuse(`workflow ${name}`, `maxRecoveryAttempts is ${maxRecoveryAttempts}`, "give a whole number from 0");
  }
}

function checkName(kind: string, name: string): void {
  if (!isValidName(name)) refuse(`the ${kind} name ${JSON.stringify(name)}`, "it is no name", "use letters, digits, _ . and - only");
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function refuse(what: string, why: string, hint: string): never {
  const place = callerPlace();
  throw new InvalidDefinitionError(`${place === undefined ? "" : `${place}: `}${what} can't be defined: ${why}`, hint);
}
