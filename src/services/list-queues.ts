import type { LiveStatus } from "../core/run.js";
import type { LiveCount, WorkerRecord } from "../storage/backend.js";
import type { Project } from "./project.js";
import { executes, isAlive } from "./serving.js";

/** The runs of a workflow that have not ended, and who is there for them, under the names that JSON shows. */
export interface QueueRow extends Readonly<Record<`${LiveStatus}_runs`, number>> {
  readonly workflow_name: string;
  /** Those that somebody could take up now. */
  readonly due_runs: number;
  /** Those of the interrupted ones that wait for code which fits them. */
  readonly parked_runs: number;
  /** Processes that take up runs of the workflow, and give signs of life. */
  readonly workers: number;
}

/** What is under way and what waits, by the workflow's name; nothing of what has ended. */
export async function listQueues(project: Project): Promise<readonly QueueRow[]> {
  const { backend, clock } = project;
  const [counts, workers] = await Promise.all([backend.countLive(clock.now()), backend.listWorkers()]);
  const alive = workers.filter((worker) => executes(worker) && isAlive(worker, project));
  const names = new Set(counts.map(({ workflowName }) => workflowName));
  return [...names].toSorted().map((name) => row(name, counts.filter(({ workflowName }) => workflowName === name), alive));
}

function row(name: string, counts: readonly LiveCount[], alive: readonly WorkerRecord[]): QueueRow {
  const of = (status: LiveStatus) => counts.find((count) => count.status === status)?.runs ?? 0;
  return {
    workflow_name: name,
    pending_runs: of("pending"),
    running_runs: of("running"),
    suspended_runs: of("suspended"),
    interrupted_runs: of("interrupted"),
    due_runs: counts.reduce((sum, { due }) => sum + due, 0),
    parked_runs: counts.reduce((sum, { parked }) => sum + parked, 0),
    workers: alive.filter((worker) => takesUp(worker, name)).length,
  };
}

// Who is there for one run alone is no help to the others.
function takesUp({ status, workflows, onlyRun }: WorkerRecord, name: string): boolean {
  return status === "online" && onlyRun === undefined && workflows.includes(name);
}
