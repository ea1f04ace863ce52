import type { RunId } from "../core/ids.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import type { RunFilter } from "../storage/backend.js";
import { upTo } from "./pages.js";
import type { Project } from "./project.js";

/** A run in a list, under the names that JSON shows. `duration` is in seconds, from {@link beganAt} to the end. */
export interface RunRow {
  readonly run_id: RunId;
  readonly workflow_name: string;
  readonly status: RunStatus;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly completed_at: Date | null;
  readonly duration: number | null;
  readonly recovery_attempts: number;
  /** When a suspended run goes on by itself. */
  readonly wake_at: Date | null;
  readonly tags: readonly string[];
}

export interface RunPage {
  readonly runs: readonly RunRecord[];
  /** Names the next page; absent where there is none. */
  readonly cursor?: RunId;
}

export interface ListRunsOptions extends Omit<RunFilter, "limit"> {
  /** At most so many runs; all of them where it is absent. */
  readonly limit?: number;
}

/** Runs that fit the filter, newest first. */
export async function listRuns({ backend }: Project, { limit = Infinity, before, ...filter }: ListRunsOptions): Promise<RunPage> {
  const { found, more } = await upTo<RunRecord>(limit, (last, size) => {
    const cursor = last?.runId ?? before;
    return backend.listRuns({ ...filter, ...(cursor && { before: cursor }), limit: size });
  });
  const last = found.at(-1);
  return { runs: found, ...(more && last && { cursor: last.runId }) };
}

export function runRow(run: RunRecord): RunRow {
  return {
    run_id: run.runId,
    workflow_name: run.workflowName,
    status: run.status,
    created_at: new Date(run.createdAt),
    started_at: dateOf(run.startedAt),
    completed_at: dateOf(run.completedAt),
    duration: secondsBetween(beganAt(run), run.completedAt),
    recovery_attempts: run.recoveryAttempts,
    wake_at: run.status === "suspended" ? dateOf(run.dueAt) : null,
    tags: run.tags,
  };
}

/** When the run first started. A rerun reuses the start of another run, which is older than itself: it begins when it is made. */
export function beganAt({ startedAt, createdAt }: Pick<RunRecord, "startedAt" | "createdAt">): number | undefined {
  return startedAt === undefined ? undefined : Math.max(createdAt, startedAt);
}

/** Seconds from one time to the other; null while one of them is open. */
export function secondsBetween(fromMs: number | undefined, toMs: number | undefined): number | null {
  return fromMs === undefined || toMs === undefined ? null : (toMs - fromMs) / 1000;
}

export function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}
