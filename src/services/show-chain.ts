import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import { findRun } from "./find-run.js";
import { runRow, type RunRow } from "./list-runs.js";
import type { Project } from "./project.js";

/** A run of a chain, under the names that JSON shows. */
export interface ChainRow extends RunRow {
  readonly continued_from_run_id: RunId | null;
  readonly continued_to_run_id: RunId | null;
}

/** The runs that continued each other as new, oldest first, found from any of them. Throws as {@link findRun}. */
export async function showChain(project: Project, { id }: { readonly id: string }): Promise<readonly RunRecord[]> {
  const run = await findRun(project, id);
  const before = await walk(project.backend, run, ({ continuedFrom }) => continuedFrom);
  const after = await walk(project.backend, run, ({ continuedTo }) => continuedTo);
  return [...before.toReversed(), run, ...after];
}

/** The runs behind this one, one step after another. A chain whose end was pruned stops there. */
async function walk(backend: Pick<Backend, "getRun">, from: RunRecord, next: (run: RunRecord) => RunId | undefined): Promise<readonly RunRecord[]> {
  const found: RunRecord[] = [];
  for (let id = next(from); id !== undefined; ) {
    const run = await backend.getRun(id);
    if (run === undefined) break;
    found.push(run);
    id = next(run);
  }
  return found;
}

export function chainRow(run: RunRecord): ChainRow {
  return { ...runRow(run), continued_from_run_id: run.continuedFrom ?? null, continued_to_run_id: run.continuedTo ?? null };
}
