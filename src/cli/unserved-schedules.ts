import type { ScheduleRecord } from "../core/schedule/schedule.js";
import { findLiveWorker } from "../services/find-live-worker.js";
import type { Project } from "../services/project.js";

/** What to tell of active schedules whose runs nobody is there to execute: a line for each of their workflows. */
export async function unservedSchedules(project: Project, schedules: readonly ScheduleRecord[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const active = schedules.filter(({ status }) => status === "active");
  for (const workflowName of new Set(active.map(({ settings }) => settings.workflowName))) {
    if ((await findLiveWorker(project, { workflowName })) !== undefined) continue;
    lines.push(`No live worker executes ${workflowName}: what its schedules start waits until one does. \`pyworkflow worker run\` starts one, and a scheduler with it.`);
  }
  return lines;
}
