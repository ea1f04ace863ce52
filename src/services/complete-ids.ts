import type { HookStatus } from "../core/hooks.js";
import { newestLives } from "../core/reset.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import { findRun } from "./find-run.js";
import { listHooks } from "./list-hooks.js";
import { listWorkers } from "./list-workers.js";
import type { Project } from "./project.js";

/** An id that the store has, and what a person should know to choose it. */
export interface KnownId {
  readonly id: string;
  readonly about: string;
}

/** More than a person would read through. */
const idsMax = 50;
/** So far back it looks for those that fit. */
const looksMax = 500;

/** Runs whose id begins so, newest first, and `@last`; only those of the statuses, where some are given. */
export async function knownRuns({ backend }: Project, prefix: string, statuses?: readonly RunStatus[]): Promise<readonly KnownId[]> {
  const [newest] = "@last".startsWith(prefix) ? await backend.listRuns({ topLevel: true, limit: 1 }) : [];
  const last = newest === undefined ? [] : [{ id: "@last", about: knownRun(newest).about }];
  if (statuses === undefined) {
    const ids = await backend.findRunIds(prefix, idsMax);
    const runs = await Promise.all(ids.map((runId) => backend.getRun(runId)));
    return [...last, ...runs.filter((run) => run !== undefined).map(knownRun)];
  }
  const runs = await backend.listRuns({ statuses, limit: looksMax });
  return [...last, ...runs.map(knownRun).filter(({ id }) => id.startsWith(prefix)).slice(0, idsMax)];
}

function knownRun({ runId, workflowName, status }: RunRecord): KnownId {
  return { id: runId, about: `${workflowName} ${status}` };
}

/** Names of workflows that workers, schedules and the newest runs bear: no module is loaded. */
export async function knownWorkflows({ backend }: Project): Promise<readonly KnownId[]> {
  const [workers, schedules, runs] = await Promise.all([backend.listWorkers(), backend.listSchedules({ limit: looksMax }), backend.listRuns({ limit: looksMax })]);
  const names = [...workers.flatMap(({ workflows }) => workflows), ...schedules.map(({ settings }) => settings.workflowName), ...runs.map(({ workflowName }) => workflowName)];
  return [...new Set(names)].toSorted().map((id) => ({ id, about: "" }));
}

/** Schedules whose id begins so, newest first, and `@last`. */
export async function knownSchedules({ backend }: Project, prefix: string): Promise<readonly KnownId[]> {
  const ids = await backend.findScheduleIds(prefix, idsMax);
  const schedules = await Promise.all(ids.map((id) => backend.getSchedule(id)));
  const last = "@last".startsWith(prefix) && (await backend.listSchedules({ statuses: ["active", "paused"], limit: 1 })).length > 0 ? [{ id: "@last", about: "the newest" }] : [];
  return [...last, ...schedules.filter((each) => each !== undefined).map(({ scheduleId, settings, status }) => ({ id: scheduleId, about: `${settings.workflowName} ${status}` }))];
}

/** The workers that are alive. */
export async function knownWorkers(project: Project): Promise<readonly KnownId[]> {
  const workers = await listWorkers(project);
  return workers.map(({ worker_id, hostname, pid, status }) => ({ id: worker_id, about: `${hostname} ${pid} ${status}` }));
}

/** Tokens that begin so, newest first. Where the word names a run by `@last` or a prefix of its id, that run's, spelt as it was typed. */
export async function knownHooks(project: Project, prefix: string, status?: HookStatus): Promise<readonly KnownId[]> {
  const [run = "", hook] = prefix.split(":", 2);
  if (hook === undefined) {
    const { hooks } = await listHooks(project, { limit: looksMax, ...(status && { status }) });
    return hooks.filter(({ token }) => token.startsWith(prefix)).slice(0, idsMax).map((each) => ({ id: each.token, about: `${each.name} ${each.status}` }));
  }
  const { runId } = await findRun(project, run);
  const { hooks } = await listHooks(project, { runId, limit: looksMax, ...(status && { status }) });
  return hooks.map((each) => ({ id: `${run}:${each.hook_id}`, about: `${each.name} ${each.status}` }));
}

/** The operations of a run, in the order of its log. */
export async function knownOperations(project: Project, run: string): Promise<readonly KnownId[]> {
  const { runId } = await findRun(project, run);
  return newestLives(await project.backend.readHistory(runId, 0)).map(({ id }) => ({ id, about: "" }));
}
