import type { RunStatus } from "./run.js";

/**
 * How long what has ended is kept, in milliseconds; what is absent is kept for ever. The first and the last run of a chain are kept as the last is, those
 * between as completed ones.
 */
export interface Retention {
  readonly completedMs?: number;
  readonly failedMs?: number;
  readonly cancelledMs?: number;
  /** Rows of the ledgers of schedules. */
  readonly ticksMs?: number;
}

export const prunableWords = ["completed", "failed", "cancelled"] as const;
/** What people call the end of a run. */
export type PrunableWord = (typeof prunableWords)[number];

/** The statuses that people mean: a run that continued as new did all that it had to. */
export function statusesOf(words: readonly PrunableWord[]): readonly RunStatus[] {
  return words.flatMap((word): readonly RunStatus[] => (word === "completed" ? ["completed", "continued_as_new"] : [word]));
}

/** Which runs a retention deletes at a moment: some of each kind of end. */
export function rulesOf({ completedMs, failedMs, cancelledMs }: Retention, now: number): readonly { readonly statuses: readonly RunStatus[]; readonly endedBefore: number }[] {
  const kept = { completed: completedMs, failed: failedMs, cancelled: cancelledMs };
  return prunableWords.flatMap((word) => {
    const keptMs = kept[word];
    return keptMs === undefined ? [] : [{ statuses: statusesOf([word]), endedBefore: now - keptMs }];
  });
}
