import type { ScheduleRecord } from "../core/schedule/schedule.js";
import { findLiveWorker, type Served } from "../services/find-live-worker.js";
import { workersThatPark } from "../services/parked-by.js";
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

/** What to tell of parked runs that are to be taken up while who parked them is still there: a line for each such worker. */
export async function parksAgain(project: Project, ids: readonly string[]): Promise<readonly string[]> {
  const parking = await workersThatPark(project, ids);
  return parking.map(({ worker: { workerId, pid, hostname, version }, runIds: [first, ...more] }) => {
    const [what, them] = more.length === 0 ? [first, "it"] : [`${more.length + 1} of these runs`, "them"];
    return `Worker ${workerId} (pid ${pid} on ${hostname}) has the code that parked ${what}, version ${version.slice(0, 12)}: restart it once its code fits, or it parks ${them} again.`;
  });
}

async function unserved(project: Project, runs: readonly Served[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const run of new Map(runs.map((each) => [each.workflowName, each])).values()) {
    if ((await findLiveWorker(project, run)) === undefined) names.push(run.workflowName);
  }
  return names;
}
