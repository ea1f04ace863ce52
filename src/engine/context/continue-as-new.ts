import { answerOf, askingFor } from "./asking.js";

/**
 * Ends this run and goes on as a new one of the same workflow, with this input, its own history and all settings of this one. It works like
 * the exec of a process: nothing after the call runs, no `catch` and no `finally`. Rejects with InvalidInputError, with CancellationError where the
 * run is being cancelled, with NotInWorkflowError outside a body, or with DurableRunRequiredError in a transient run.
 */
export function continueAsNew(input: unknown): Promise<never> {
  return answerOf(() => {
    const { body, shielded } = askingFor("continueAsNew()");
    return body.continueAsNew(input, shielded);
  });
}
