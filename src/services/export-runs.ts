import type { OnProgress } from "../base/on-progress.js";
import { bundledEvent, bundledRun, bundleFormat } from "../core/bundle/bundle.js";
import { ExportRefusedError } from "../core/errors.js";
import { chainOf } from "../core/family.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { findRuns } from "./find-run.js";
import { listRuns } from "./list-runs.js";
import type { Project } from "./project.js";
import { runsOfChain } from "./show-chain.js";

export interface ExportSelection {
  /** Oldest first. */
  readonly runs: readonly RunRecord[];
  /** Transient relatives: they keep no history that could be exported. */
  readonly leftOut: readonly RunId[];
}

/**
 * The runs that are named; with `tree` their descendants too, and those that go on in the place of any of them or before it. Throws as
 * {@link findRuns}, and ExportRefusedError where a transient run is named.
 */
export async function selectForExport(project: Project, { ids, tree }: { readonly ids: readonly string[]; readonly tree: boolean }): Promise<ExportSelection> {
  const named = await findRuns(project, ids);
  const transient = named.find(({ durable }) => !durable);
  if (transient) throw new ExportRefusedError(transient.runId, "is transient: it keeps no history", "export durable runs; pyworkflow runs result shows what a transient one returned");
  const all = tree ? await withRelatives(project, named) : named;
  const runs = all.filter(({ durable }) => durable).toSorted((a, b) => a.createdAt - b.createdAt || (a.runId < b.runId ? -1 : 1));
  return { runs, leftOut: all.filter(({ durable }) => !durable).map(({ runId }) => runId) };
}

async function withRelatives(project: Project, named: readonly RunRecord[]): Promise<readonly RunRecord[]> {
  const found = new Map<RunId, RunRecord>();
  const chains = new Set<RunId>();
  const waiting = [...named];
  for (let run = waiting.pop(); run !== undefined; run = waiting.pop()) {
    if (found.has(run.runId)) continue;
    found.set(run.runId, run);
    const { runs: children } = await listRuns(project, { parentId: run.runId });
    const isNewChain = !chains.has(chainOf(run)) && (run.chain ?? run.continuedTo) !== undefined;
    chains.add(chainOf(run));
    waiting.push(...children, ...(isNewChain ? await runsOfChain(project, run) : []));
  }
  return [...found.values()];
}

// A piece at a time: one run's events are held at once, and never all of the text.
export async function* bundleText({ backend }: Pick<Project, "backend">, runs: readonly RunRecord[], { version, onProgress }: { readonly version: string; readonly onProgress: OnProgress }): AsyncGenerator<string> {
  yield `{\n"format": ${bundleFormat},\n"pyworkflow": ${JSON.stringify(version)},\n"runs": [`;
  for (const [index, listed] of runs.entries()) {
    const history = await backend.readHistory(listed.runId, 0);
    const run = (await backend.getRun(listed.runId)) ?? listed;
    const head = JSON.stringify(bundledRun(run));
    yield `${index === 0 ? "" : ","}\n${head.slice(0, -1)},"events":[`;
    for (const event of history) yield `${event.sequence === 1 ? "" : ","}\n${JSON.stringify(bundledEvent(event))}`;
    yield history.length === 0 ? "]}" : "\n]}";
    onProgress(index + 1, runs.length);
  }
  yield "\n]\n}\n";
}
