import { NotInWorkflowError } from "../../core/errors.js";
import { checkName } from "../check-name.js";
import { currentBody } from "./current.js";

/**
 * Guards new code in a workflow that has runs under way: false where this run did the old thing before the deploy, true where it comes here
 * first with the new code, which is recorded. When no run from before is left, the old branch and the call can go. Throws NotInWorkflowError, or
 * InvalidDefinitionError for an id with characters outside `[A-Za-z0-9_.-]`.
 */
export function patched(id: string): boolean {
  checkName("patch", id);
  const current = currentBody();
  if (current === undefined) throw new NotInWorkflowError(`patched(${JSON.stringify(id)})`, "workflow");
  return current.body.patched(id);
}
