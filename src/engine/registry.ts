import type { StandardSchemaV1 } from "@standard-schema/spec";
import { NameTakenError } from "../core/errors.js";
import type { WorkflowDefinition } from "./definition.js";
import { shared } from "./shared.js";

interface Registered<T> {
  readonly definition: T;
  readonly place: string | undefined;
}

const workflows = shared("workflows", () => new Map<string, Registered<WorkflowDefinition>>());
const hooks = shared("hooks", () => new Map<string, Registered<StandardSchemaV1>>());
const steps = shared("steps", () => new Map<string, Registered<(...args: never) => unknown>>());

/** Throws NameTakenError where another workflow bears the name. */
export function registerWorkflow(definition: WorkflowDefinition): void {
  enter(workflows, "workflow", { name: definition.name, definition, place: definition.place });
}

/** Throws NameTakenError where another step bears the name. */
export function registerStep(name: string, fn: (...args: never) => unknown, place: string | undefined): void {
  enter(steps, "step", { name, definition: fn, place });
}

/** Throws NameTakenError where another hook bears the name. */
export function registerHook(name: string, schema: StandardSchemaV1, place: string | undefined): void {
  enter(hooks, "hook", { name, definition: schema, place });
}

/** The schema of the hook that was defined under this name in this process. */
export function registeredHook(name: string): StandardSchemaV1 | undefined {
  return hooks.get(name)?.definition;
}

/** Every workflow that was defined in this process, by name. */
export function registeredWorkflows(): ReadonlyMap<string, WorkflowDefinition> {
  return new Map([...workflows].map(([name, { definition }]) => [name, definition]));
}

/** The names of the steps that were defined in this process. */
export function registeredSteps(): readonly string[] {
  return [...steps.keys()];
}

/** `file:line:column` of the definition of a step of this process. */
export function placeOfStep(name: string): string | undefined {
  return steps.get(name)?.place;
}

/** The source of every workflow and step of this process, by name: what tells two versions of embedded code apart. */
export function registeredSources(): readonly string[] {
  const bodies = [...workflows].map(([name, { definition }]) => `workflow ${name} ${String(definition.run)}`);
  return [...bodies, ...[...steps].map(([name, { definition }]) => `step ${name} ${String(definition)}`)].toSorted();
}

// The same object again is no conflict.
function enter<T>(entries: Map<string, Registered<T>>, kind: "workflow" | "step" | "hook", entry: Registered<T> & { readonly name: string }): void {
  const { name, definition, place } = entry;
  const known = entries.get(name);
  if (known !== undefined && known.definition !== definition) {
    throw new NameTakenError(kind, name, [known.place, place].filter((where) => where !== undefined));
  }
  entries.set(name, { definition, place });
}
