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
  readonly bytes: { readonly file: number; readonly log: number; readonly free: number } | null;
  /** How many of each status. */
  readonly runs: Readonly<Record<string, number>>;
  readonly events: number;
  readonly hooks: number;
  readonly schedules: number;
  readonly ticks: number;
  readonly oldest_run_at: Date | null;
  readonly pruned: { readonly runs: number; readonly ticks: number };
}

export async function showStore({ backend }: Pick<Project, "backend">): Promise<StoreCard> {
  const { backend: kind, path, format, bytes, runs, events, hooks, schedules, ticks, oldestCreatedAt, pruned } = await backend.describe();
  const counts = Object.fromEntries(runStatuses.map((status) => [status, runs[status] ?? 0]));
  return {
    backend: kind,
    path: path ?? null,
    format: format?.version ?? null,
    newest_format: format?.newest ?? null,
    bytes: bytes ?? null,
    runs: counts,
    events,
    hooks,
    schedules,
    ticks,
    oldest_run_at: dateOf(oldestCreatedAt),
    pruned: { runs: pruned.runs, ticks: pruned.ticks },
  };
}
