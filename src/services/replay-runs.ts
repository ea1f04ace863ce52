import { nearest } from "../base/nearest.js";
import type { OnProgress } from "../base/on-progress.js";
import { sentenceOf, type Misfit } from "../core/decide.js";
import { misfitError, type PyworkflowError } from "../core/errors.js";
import type { OperationId, RunId } from "../core/ids.js";
import { liveStatuses, type RunRecord, type RunStatus } from "../core/run.js";
import { registeredWorkflows } from "../engine/registry.js";
import { replayRun, type ReplayFinding } from "../engine/replay-run.js";
import { findRuns } from "./find-run.js";
import { listRuns } from "./list-runs.js";
import { findWorkflow } from "./list-workflows.js";
import type { Project } from "./project.js";
import { strangeToRuns } from "./workflow-meant.js";

/** Which runs are to be replayed: those with these ids, or every one that the filter lets through. */
export type RunsToReplay = { readonly ids: readonly string[] } | ReplayFilter;

/** Which runs of the store, where they are not named. */
export interface ReplayFilter {
  readonly ids?: never;
  /** Default: every status of a run that lives. */
  readonly statuses?: readonly RunStatus[];
  readonly workflowName?: string;
}

/** Whether the loaded code fits a run's history, under the names that JSON shows. */
export interface ReplayRow {
  readonly run_id: RunId;
  readonly workflow_name: string;
  readonly fits: boolean;
  /** The first operation that does not fit. */
  readonly operation_id?: OperationId;
  /** The sentence a person reads. */
  readonly reason?: string;
  /** `file:line:column` of the call that does not fit. */
  readonly at?: string;
}

/** What a replay of several runs found. */
export interface Replayed {
  readonly rows: readonly ReplayRow[];
  /** Transient runs among them: they have no history. */
  readonly transient: number;
  /** Of the first run that does not fit. */
  readonly misfit?: PyworkflowError;
}

/**
 * Replays the histories of runs against the workflow modules that this process has loaded, one after the other. Nothing is executed, and nothing in
 * the store changes. Throws as {@link findRuns}, and WorkflowNotFoundError for a name that neither the modules nor the runs of the store know.
 */
export async function replayRuns(project: Project, which: RunsToReplay, onProgress?: OnProgress): Promise<Replayed> {
  const rows: ReplayRow[] = [];
  let transient = 0;
  let misfit: PyworkflowError | undefined;
  const runs = await runsOf(project, which);
  for (const [done, run] of runs.entries()) {
    onProgress?.(done, runs.length);
    if (!run.durable) {
      transient++;
      continue;
    }
    const finding = await replay(project, run);
    rows.push(rowOf(run, finding));
    if (!finding.fits) misfit ??= misfitError(`run ${run.runId} and the code do not fit: ${sentenceOf(finding)}`, finding);
  }
  return { rows, transient, ...(misfit !== undefined && { misfit }) };
}

async function runsOf(project: Project, which: RunsToReplay): Promise<readonly RunRecord[]> {
  if (which.ids !== undefined) return findRuns(project, which.ids);
  const { runs } = await listRuns(project, { statuses: liveStatuses, ...which });
  if (runs.length === 0) await demandKnown(project, which.workflowName);
  return runs;
}

// "Everything fits" of a mistyped name would let a deploy through that breaks what is in flight.
async function demandKnown(project: Project, name: string | undefined): Promise<void> {
  if (name === undefined || registeredWorkflows().has(name) || (await strangeToRuns(project, name)) === undefined) return;
  findWorkflow(name);
}

async function replay({ backend, config }: Project, run: RunRecord): Promise<ReplayFinding> {
  const definition = registeredWorkflows().get(run.workflowName);
  if (definition === undefined) return { fits: false, ...missing(run.workflowName) };
  return replayRun({ run, history: await backend.readHistory(run.runId, 0) }, definition, config.limits);
}

/** The loaded modules do not define the workflow. */
export function missing(name: string): Misfit {
  const meant = nearest(name, [...registeredWorkflows().keys()]);
  return { code: "NON_DETERMINISTIC", message: `the modules have no workflow called ${name}${meant === undefined ? "" : `, but one called ${meant}`}` };
}

function rowOf({ runId: run_id, workflowName: workflow_name }: RunRecord, finding: ReplayFinding): ReplayRow {
  if (finding.fits) return { run_id, workflow_name, fits: true };
  const { operationId, message: reason, place } = finding;
  return { run_id, workflow_name, fits: false, ...(operationId && { operation_id: operationId }), reason, ...(place && { at: place }) };
}
