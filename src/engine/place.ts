import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ownFolder = dirname(import.meta.dirname) + sep;
const position = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()\s][^()]*:\d+:\d+)\)?$/;

/**
 * Where the user's code is that called into this package, as `file:line:column`; undefined where no frame is the user's.
 * Costs a stack trace: only for definitions and for errors.
 */
export function callerPlace(): string | undefined {
  return framesOf(new Error().stack).find((place) => !place.startsWith(ownFolder));
}

/** The first place of a stored stack that is in code of the user's own. */
export function placeInStack(stack: string | null): string | undefined {
  return framesOf(stack ?? undefined).find((place) => !place.startsWith(ownFolder) && !place.includes(`${sep}node_modules${sep}`));
}

function framesOf(stack: string | undefined): readonly string[] {
  const places: string[] = [];
  for (const frame of stack?.split("\n").slice(1) ?? []) {
    const found = position.exec(frame.trim())?.[1];
    if (found === undefined || found.startsWith("node:")) continue;
    places.push(found.startsWith("file://") ? fileURLToPath(found) : found);
  }
  return places;
}
