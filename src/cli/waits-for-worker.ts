import { findLiveWorker } from "../services/find-live-worker.js";
import type { Project } from "../services/project.js";

/** What to tell of runs that nobody is there to execute: a line for each of their workflows. */
export async function waitsForWorker(project: Project, runs: readonly { readonly workflow_name: string }[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const name of new Set(runs.map(({ workflow_name }) => workflow_name))) {
    if ((await findLiveWorker(project, name)) !== undefined) continue;
    lines.push(`No live worker executes ${name}: its runs wait until one does. Start it with \`pyworkflow worker run\`.`);
  }
  return lines;
}
