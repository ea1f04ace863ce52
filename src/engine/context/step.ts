import { NotInWorkflowError } from "../../core/errors.js";
import type { StepDefinition } from "../definition.js";
import { currentBody, currentContext, type StepContext } from "./current.js";

/** The context of the attempt that is executing. Throws NotInWorkflowError outside a step. */
export function stepContext(): StepContext {
  const current = currentContext();
  if (current?.kind !== "step") throw new NotInWorkflowError("stepContext()", "step");
  return current.step;
}

/** A call of a step: durable in a body, else just the function. */
export function callStep(definition: StepDefinition, args: readonly unknown[]): Promise<unknown> {
  const current = currentBody();
  // Not async: the promise that ask() returns is pre-handled, one around it would not be.
  if (current !== undefined) return current.body.ask({ kind: "step", name: definition.name, args, definition }, current.shielded);
  return plainCall(definition, args);
}

async function plainCall(definition: StepDefinition, args: readonly unknown[]): Promise<unknown> {
  return definition.run(...args);
}
