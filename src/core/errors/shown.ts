import { shorten } from "../../base/shorten.js";

// A list of ids, or somebody's mistake.
const wordsMax = 400;

/** What somebody gave, a text or not, as an error repeats it: enough to know it by. */
export function shown(given: unknown): string {
  return shorten(String(given), wordsMax);
}
