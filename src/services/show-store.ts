import { runStatuses } from "../core/run.js";
import type { Project } from "./project.js";
import { dateOf } from "./list-runs.js";

/** A store, under the names that JSON shows. Sizes are in bytes. */
export interface StoreCard {
  readonly backend: "sqlite" | "memory";
  /** Null in memory, and where nothing is there yet. */
  readonly path: string | null;
  readonly format: number | null;
  /** The newest format that this version of the package knows. */
  readonly newest_format: number | null;
  readonly file_bytes: number | null;
  /** Of the write-ahead log beside the file. */
  readonly log_bytes: number | null;
  /** Of the file: used again before it grows. */
  readonly free_bytes: number | null;
  readonly runs: number;
  readonly runs_by_status: Readonly<Record<string, number>>;
  readonly events: number;
  readonly hooks: number;
  readonly schedules: number;
  readonly ticks: number;
  readonly oldest_run_at: Date | null;
  /** Deleted so far. */
  readonly pruned_runs: number;
  readonly pruned_ticks: number;
}

export async function showStore({ backend }: Pick<Project, "backend">): Promise<StoreCard> {
  const { backend: kind, path, format, bytes, runs, events, hooks, schedules, ticks, oldestCreatedAt, pruned } = await backend.describe();
  const counts = Object.fromEntries(runStatuses.map((status) => [status, runs[status] ?? 0]));
  return {
    backend: kind,
    path: path ?? null,
    format: format?.version ?? null,
    newest_format: format?.newest ?? null,
    file_bytes: bytes?.file ?? null,
    log_bytes: bytes?.log ?? null,
    free_bytes: bytes?.free ?? null,
    runs: Object.values(counts).reduce((sum, count) => sum + count, 0),
    runs_by_status: counts,
    events,
    hooks,
    schedules,
    ticks,
    oldest_run_at: dateOf(oldestCreatedAt),
    pruned_runs: pruned.runs,
    pruned_ticks: pruned.ticks,
  };
}
