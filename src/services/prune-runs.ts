import type { OnProgress } from "../base/on-progress.js";
import { prunableWords, statusesOf, type PrunableWord } from "../core/retention.js";
import { pruneAllRuns } from "../runtime/prune.js";
import type { PruneFilter } from "../storage/upkeep.js";
import type { Project } from "./project.js";

/** Which runs to prune: those that ended so long ago. */
export interface PruneOptions {
  readonly olderThanMs: number;
  /** Absent: all of them. */
  readonly words?: readonly PrunableWord[];
  readonly workflowName?: string;
}

/** What pruning would do. */
export interface PrunePlan {
  readonly filter: PruneFilter;
  readonly olderThanMs: number;
  readonly words: readonly PrunableWord[];
  /** How many runs it would take. */
  readonly runs: number;
}

/** Only counts. */
export async function planPrune({ backend, clock }: Project, { olderThanMs, words = prunableWords, workflowName }: PruneOptions): Promise<PrunePlan> {
  const filter = { statuses: statusesOf(words), endedBefore: clock.now() - olderThanMs, ...(workflowName !== undefined && { workflowName }) };
  return { filter, olderThanMs, words, runs: await backend.countPrunable(filter) };
}

/** Carries it out while others work; how many runs and events went. Throws StorageError; what was deleted until then stays so. */
export async function carryOutPrune(project: Project, plan: PrunePlan, onProgress: OnProgress): Promise<{ readonly runs: number; readonly events: number }> {
  return pruneAllRuns({ ...project, onProgress: (done) => onProgress(done, Math.max(done, plan.runs)) }, plan.filter);
}

/** What became of it, under the names that JSON shows. `older_than` in seconds. */
export interface PruneRow {
  readonly runs: number;
  /** Null where nothing was deleted yet. */
  readonly events: number | null;
  readonly dry_run: boolean;
  readonly older_than: number;
  readonly ended_before: Date;
  readonly statuses: readonly PrunableWord[];
  readonly workflow_name: string | null;
}

export function pruneRow({ filter, olderThanMs, words, runs }: PrunePlan, done?: { readonly runs: number; readonly events: number }): PruneRow {
  return {
    runs: done?.runs ?? runs,
    events: done?.events ?? null,
    dry_run: done === undefined,
    older_than: olderThanMs / 1000,
    ended_before: new Date(filter.endedBefore),
    statuses: words,
    workflow_name: filter.workflowName ?? null,
  };
}
