import type { OnProgress } from "../base/on-progress.js";
import type { RunId, ScheduleId } from "../core/ids.js";
import type { RunStatus } from "../core/run.js";

/** What keeps a store small and sound: a part of `Backend`. All times are milliseconds since the epoch. */
export interface Upkeep {
  /**
   * Deletes runs that ended before a time, those that ended first coming first, each with its history, its hooks and its payloads; all in one
   * transaction, which ends before `limit` where the histories are long. Left alone is a run whose children are still to be closed, and one whose parent
   * has not ended, or has failed and may be retried. Of a chain, the runs between its first and its last count by their own end (`continued_as_new`), whatever
   * became of its parent: who knows the first finds the last without them. The first bears the id that was acknowledged, and the idempotency key: it goes
   * with the last, and so does whatever else is left of the chain. 0 runs: none is left. An idempotency key of a run that is deleted may be used anew.
   */
  pruneRuns(request: PruneRequest): Promise<PrunedRuns>;

  /** How many runs `pruneRuns` would delete until none is left. Reads no run, but the parents of children. */
  countPrunable(filter: PruneFilter): Promise<number>;

  /**
   * Deletes up to `limit` rows of ledgers that were decided before a time, all in one transaction; returns how many. Left alone is whatever could be decided
   * a second time without its row (I8): buffered ticks, due times that their schedule does not know to be decided, and backfills that started a run.
   */
  pruneTicks(request: PruneTicksRequest): Promise<number>;

  /** What pruning took so far: tells a run or a tick that is gone from one that is missing. */
  pruned(): Promise<PrunedSoFar>;

  /** What people want to know of a store. Counts every row: slow on a large one. */
  describe(): Promise<StoreFacts>;

  /** What is wrong with the store below the level of runs and events; empty where all is well. Slow on a large one. */
  findFaults(): Promise<readonly StoreFault[]>;

  /** Writes a copy of the store as it is now into a new file, while others go on writing. Rejects with a StorageError where a file is there already, or the store has none. */
  backup(request: BackupRequest): Promise<void>;
}

/**
 * Something that is wrong below the level of runs and events. `file`: what holds the store is damaged, and nothing that is read of it can be trusted.
 * `row`: a part of it belongs to nobody, or is missing; the rest is as good as it was.
 */
export interface StoreFault {
  readonly kind: "file" | "row";
  readonly message: string;
  readonly runId?: RunId;
  readonly scheduleId?: ScheduleId;
  /** Of the event, where it is one event. */
  readonly sequence?: number;
}

/** Which runs to delete: those that fit all that is given. */
export interface PruneFilter {
  /** Those of runs that have not ended are passed over. `continued_as_new`: the runs between the first and the last of a chain. */
  readonly statuses: readonly RunStatus[];
  readonly workflowName?: string;
  readonly endedBefore: number;
}

export interface PruneRequest extends PruneFilter {
  readonly limit: number;
  /** Only runs that ended then or later: `endedUpTo` of the call before, so that what that one left alone is not looked at again. */
  readonly endedFrom?: number;
}

export interface PrunedRuns {
  readonly runs: number;
  readonly events: number;
  /** When the last of them ended. */
  readonly endedUpTo?: number;
}

export interface PruneTicksRequest {
  readonly decidedBefore: number;
  readonly limit: number;
}

export interface PrunedSoFar {
  readonly runs: number;
  /** Every run that was deleted was created before then. */
  readonly runsCreatedBefore?: number;
  readonly ticks: number;
  /** Every tick that was deleted was decided before then. */
  readonly ticksDecidedBefore?: number;
}

export interface StoreFacts {
  readonly backend: "sqlite" | "memory";
  /** Of the file, absolute; absent in memory, and where there is no file yet. */
  readonly path?: string;
  /** The file's format, and the newest that this version of the package knows. */
  readonly format?: { readonly version: number; readonly newest: number };
  /** `log` is the write-ahead log beside the file; `free` is the part of the file that is used again before it grows. */
  readonly bytes?: { readonly file: number; readonly log: number; readonly free: number };
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
  readonly events: number;
  readonly hooks: number;
  readonly schedules: number;
  readonly ticks: number;
  /** When the oldest run that is there was created. */
  readonly oldestCreatedAt?: number;
  readonly pruned: PrunedSoFar;
}

export interface BackupRequest {
  /** The file, absolute. Its folder must exist. */
  readonly path: string;
  /** Take the place of a file that is there. */
  readonly force?: boolean;
  /** Aborted: no copy is made, and what was written is removed. */
  readonly signal?: AbortSignal;
  /** In bytes. */
  readonly onProgress?: OnProgress;
}
