import { InvalidDefinitionError, NotInWorkflowError } from "../../core/errors.js";
import { isValidName } from "../../core/ids.js";
import { currentBody } from "./current.js";

/**
 * Guards new code in a workflow that has runs under way: false where this run did the old thing before the deploy, true where it comes here
 * first with the new code, which is recorded. When no run from before is left, the old branch and the call can go. Throws NotInWorkflowError.
 */
export function patched(id: string): boolean {
  if (!isValidName(id)) throw new InvalidDefinitionError(`the patch id ${JSON.stringify(id)} is no name`, "use letters, digits, _ . and - only");
  const current = currentBody();
  if (current === undefined) throw new NotInWorkflowError(`patched(${JSON.stringify(id)})`, "workflow");
  return current.body.patched(id);
}
