import type { RunId } from "../core/ids.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import { findRun } from "./find-run.js";
import { listRuns, runRow, type RunRow } from "./list-runs.js";
import type { Project } from "./project.js";

/** A child in a list, under the names that JSON shows. */
export interface ChildRow extends RunRow {
  readonly parent_run_id: RunId | null;
  readonly nesting_depth: number;
}

/** Whose children, and which. */
export interface ListChildrenOptions {
  /** A run id, a prefix, or `@last`. */
  readonly id: string;
  readonly statuses?: readonly RunStatus[];
  /** Children of children too, each behind its parent. */
  readonly tree?: boolean;
}

/** The children of a run, newest first. Throws as {@link findRun}. */
export async function listChildren(project: Project, { id, statuses, tree = false }: ListChildrenOptions): Promise<readonly RunRecord[]> {
  const { runId } = await findRun(project, id);
  if (!tree) return (await listRuns(project, { parentId: runId, ...(statuses && { statuses }) })).runs;
  const all = await descendants(project, runId);
  return statuses === undefined ? all : all.filter(({ status }) => statuses.includes(status));
}

async function descendants(project: Project, parentId: RunId): Promise<readonly RunRecord[]> {
  const { runs } = await listRuns(project, { parentId });
  const found: RunRecord[] = [];
  for (const run of runs) found.push(run, ...(await descendants(project, run.runId)));
  return found;
}

export function childRow(run: RunRecord): ChildRow {
  return { ...runRow(run), parent_run_id: run.parent?.runId ?? null, nesting_depth: run.nestingDepth };
}
