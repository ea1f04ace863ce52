import { InvalidDefinitionError } from "../core/errors.js";
import { isValidName } from "../core/ids.js";
import { callerPlace } from "./place.js";

/** Throws InvalidDefinitionError, with the place of the call, for what can't be part of an operation id. */
export function checkName(kind: "workflow" | "step" | "hook" | "patch", name: string): void {
  if (isValidName(name)) return;
  const place = callerPlace();
  throw new InvalidDefinitionError(`${place === undefined ? "" : `${place}: `}the ${kind} name ${JSON.stringify(name)} can't be defined: it is no name`, "use letters, digits, _ . and - only, at most 128 of them");
}
