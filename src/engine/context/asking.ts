import { DurableRunRequiredError, NotInWorkflowError } from "../../core/errors.js";
import { currentBody, type Current } from "./current.js";

/** A body on whose behalf a durable call is made. */
export type Asking = Current & { kind: "body" };

/** The body that makes a call which only a durable run can make. Throws NotInWorkflowError or DurableRunRequiredError. */
export function askingFor(call: string): Asking {
  const current = currentBody();
  if (current === undefined) throw new NotInWorkflowError(call, "workflow");
  if (!current.body.durable) throw new DurableRunRequiredError(call);
  return current;
}
