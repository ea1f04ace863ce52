import type { RunStatus } from "./run.js";

/** How long what has ended is kept, in milliseconds; what is absent is kept for ever. A chain is kept as its last run is. */
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

/** Which runs a retention deletes at a moment: some of each kind of end. */
export function rulesOf({ completedMs, failedMs, cancelledMs }: Retention, now: number): readonly { readonly statuses: readonly RunStatus[]; readonly endedBefore: number }[] {
  const kept = { completed: completedMs, failed: failedMs, cancelled: cancelledMs };
  return prunableWords.flatMap((word) => {
    const keptMs = kept[word];
    return keptMs === undefined ? [] : [{ statuses: [word], endedBefore: now - keptMs }];
  });
}
