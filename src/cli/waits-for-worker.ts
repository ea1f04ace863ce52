import { findLiveWorker, type Served } from "../services/find-live-worker.js";
import type { Project } from "../services/project.js";

/** What to tell of runs that nobody is there to execute: a line for each of their workflows. */
export async function waitsForWorker(project: Project, runs: readonly Served[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const run of new Map(runs.map((each) => [each.workflowName, each])).values()) {
    if ((await findLiveWorker(project, run)) !== undefined) continue;
    lines.push(`No live worker executes ${run.workflowName}: its runs wait until one does. Start it with \`pyworkflow worker run\`.`);
  }
  return lines;
}
