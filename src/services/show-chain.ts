import { chainOf } from "../core/family.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { findRun } from "./find-run.js";
import { listRuns, runRow, type RunRow } from "./list-runs.js";
import type { Project } from "./project.js";

/** A run of a chain, under the names that JSON shows. */
export interface ChainRow extends RunRow {
  readonly continued_from_run_id: RunId | null;
  readonly continued_to_run_id: RunId | null;
  /** The run that this one continues, and maybe others before it, are no longer in the store. */
  readonly gap_before: boolean;
}

/** The runs that continued each other as new and are still there, oldest first, found from any of them. Throws as {@link findRun}. */
export async function showChain(project: Project, { id }: { readonly id: string }): Promise<readonly RunRecord[]> {
  return runsOfChain(project, await findRun(project, id));
}

/** All runs of the chain of this run that are there, oldest first. */
export async function runsOfChain(project: Project, run: RunRecord): Promise<readonly RunRecord[]> {
  const chain = chainOf(run);
  const first = await project.backend.getRun(chain);
  const { runs } = await listRuns(project, { chain });
  return inOrder([...(first ? [first] : []), ...runs.toReversed()]);
}

/** From one to the next; what stands behind a gap follows by its time. */
function inOrder(oldestFirst: readonly RunRecord[]): readonly RunRecord[] {
  const byId = new Map(oldestFirst.map((run) => [run.runId, run]));
  const ordered: RunRecord[] = [];
  for (const head of oldestFirst) {
    if (head.continuedFrom !== undefined && byId.has(head.continuedFrom)) continue;
    for (let run: RunRecord | undefined = head; run; run = run.continuedTo && byId.get(run.continuedTo)) ordered.push(run);
  }
  return ordered;
}

export function chainRows(runs: readonly RunRecord[]): readonly ChainRow[] {
  return runs.map((run, index) => ({
    ...runRow(run),
    continued_from_run_id: run.continuedFrom ?? null,
    continued_to_run_id: run.continuedTo ?? null,
    gap_before: run.continuedFrom !== runs[index - 1]?.runId,
  }));
}
