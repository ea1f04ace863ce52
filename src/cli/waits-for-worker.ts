import type { ScheduleRecord } from "../core/schedule/schedule.js";
import { findLiveWorker, type Served } from "../services/find-live-worker.js";
import type { Project } from "../services/project.js";

/** What to tell of runs that nobody is there to execute: a line for each of their workflows. */
export async function waitsForWorker(project: Project, runs: readonly Served[]): Promise<readonly string[]> {
  const names = await unserved(project, runs);
  return names.map((name) => `No live worker executes ${name}: its runs wait until one does. Start it with \`pyworkflow worker run\`.`);
}

/** The same of active schedules, whose runs are to come. */
export async function scheduleWaitsForWorker(project: Project, schedules: readonly ScheduleRecord[]): Promise<readonly string[]> {
  const active = schedules.filter(({ status }) => status === "active");
  const names = await unserved(project, active.map(({ settings: { workflowName } }) => ({ workflowName })));
  return names.map((name) => `No live worker executes ${name}: what its schedules start waits until one does. \`pyworkflow worker run\` starts one, and a scheduler with it.`);
}

async function unserved(project: Project, runs: readonly Served[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const run of new Map(runs.map((each) => [each.workflowName, each])).values()) {
    if ((await findLiveWorker(project, run)) === undefined) names.push(run.workflowName);
  }
  return names;
}
