import { rejected } from "../../base/deferred.js";
import { DurableRunRequiredError, NotInWorkflowError } from "../../core/errors.js";
import { currentBody, type Current } from "./current.js";

/** A body on whose behalf a durable call is made. */
export type Asking = Current & { kind: "body" };

/** What a durable call gives: where it is made in a wrong way, that is a rejection like any other. The promise is pre-handled. */
export function answerOf<T>(call: () => Promise<T>): Promise<T> {
  // Not async: the promise that ask() returns is the answer itself, and one around it would come a turn later.
  try {
    return call();
  } catch (error) {
    return rejected(error);
  }
}

/** The body that makes a call which only a durable run can make. Throws NotInWorkflowError or DurableRunRequiredError. */
export function askingFor(call: string): Asking {
  const current = currentBody();
  if (current === undefined) throw new NotInWorkflowError(call, "workflow");
  if (!current.body.durable) throw new DurableRunRequiredError(call);
  return current;
}
