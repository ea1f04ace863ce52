import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ownFolder = dirname(import.meta.dirname) + sep;
const position = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()\s][^()]*:\d+:\d+)\)?$/;

/**
 * Where the user's code is that called into this package, as `file:line:column`; undefined where no frame is the user's.
 * Costs a stack trace: only for definitions and for errors.
 */
export function callerPlace(): string | undefined {
  const stack = new Error().stack?.split("\n").slice(1) ?? [];
  for (const frame of stack) {
    const found = position.exec(frame.trim())?.[1];
    if (found === undefined || found.startsWith("node:")) continue;
    const place = found.startsWith("file://") ? fileURLToPath(found) : found;
    if (!place.startsWith(ownFolder)) return place;
  }
  return undefined;
}
