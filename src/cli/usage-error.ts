import { didYouMean, nearest } from "../base/nearest.js";
import { PyworkflowError } from "../core/errors.js";

/** The command line does not say what a command understands. Nothing was done. */
export class UsageError extends PyworkflowError {
  static override readonly code = "USAGE";
}

/** `did you mean …?` where a candidate is near, else what to do to see them all. */
export function suggest(word: string, candidates: readonly string[], otherwise: string): string {
  return didYouMean(nearest(word, candidates), otherwise);
}
