import { pause, type Clock } from "../base/clock.js";
import { defaults } from "../core/defaults.js";
import type { Backend } from "../storage/backend.js";
import type { PrunedRuns, PruneFilter } from "../storage/upkeep.js";

export interface PruneParts {
  readonly backend: Pick<Backend, "pruneRuns" | "pruneTicks">;
  readonly clock: Clock;
  /** Ends it behind the transaction that is under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

const none: PrunedRuns = { runs: 0, events: 0 };
const { runsMax, ticksMax, pauseMs } = defaults.pruning;

/** Deletes all the runs that fit, in short transactions with pauses between them. Throws StorageError. */
export async function pruneAllRuns({ backend, clock, signal, onProgress }: PruneParts, filter: PruneFilter): Promise<{ readonly runs: number; readonly events: number }> {
  let [runs, events] = [0, 0];
  for (let endedFrom: number | undefined; ; await pause(clock, pauseMs)) {
    const pruned = signal?.aborted ? none : await backend.pruneRuns({ ...filter, limit: runsMax, ...(endedFrom !== undefined && { endedFrom }) });
    if (pruned.runs === 0) return { runs, events };
    [runs, events, endedFrom] = [runs + pruned.runs, events + pruned.events, pruned.endedUpTo];
    onProgress?.(runs);
  }
}

/** The same for the ledgers of schedules. */
export async function pruneAllTicks({ backend, clock, signal }: PruneParts, decidedBefore: number): Promise<number> {
  for (let ticks = 0; ; await pause(clock, pauseMs)) {
    const pruned = signal?.aborted ? 0 : await backend.pruneTicks({ decidedBefore, limit: ticksMax });
    if (pruned === 0) return ticks;
    ticks += pruned;
  }
}
