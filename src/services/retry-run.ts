import type { OnProgress } from "../base/on-progress.js";
import { defaults } from "../core/defaults.js";
import { RetryRefusedError, RunNotFoundError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import type { OperationId, RunId } from "../core/ids.js";
import { resetOf } from "../core/reset.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import { findRuns } from "./find-run.js";
import type { Project } from "./project.js";

/** A run that was taken up again, under the names that JSON shows. */
export interface RetryRow {
  readonly run_id: RunId;
  readonly workflow_name: string;
  /** Due at once. */
  readonly status: RunStatus & "suspended";
  /** The operations that execute anew. All others keep what they have come to. */
  readonly reset: readonly OperationId[];
}

/** What became of the runs that were to be retried. */
export interface Retried {
  readonly rows: readonly RetryRow[];
  /** One for each run that was left as it is. */
  readonly refused: readonly RetryRefusedError[];
}

/** Takes runs up again, each for itself; `onProgress` hears how many of how many are done. Throws as {@link findRuns}. */
export async function retryRuns(project: Project, ids: readonly string[], onProgress?: OnProgress): Promise<Retried> {
  const [rows, refused]: [RetryRow[], RetryRefusedError[]] = [[], []];
  for (const { runId } of await findRuns(project, ids)) {
    try {
      rows.push(await retryRun(project, runId));
    } catch (error) {
      if (!(error instanceof RetryRefusedError)) throw error;
      refused.push(error);
    }
    onProgress?.(rows.length + refused.length, ids.length);
  }
  return { rows, refused };
}

/**
 * Takes a failed run up again at the operation that failed, or a parked one where it stands; it is due at once. Throws RunNotFoundError, and
 * RetryRefusedError where it is neither of the two, is transient, or is a child whose failure its parent has been told of.
 */
export async function retryRun(project: Pick<Project, "backend" | "clock">, runId: RunId): Promise<RetryRow> {
  const { backend, clock } = project;
  for (;;) {
    const run = await closedRun(project, runId);
    const history = await backend.readHistory(runId, 0);
    await refuseUnlessRetriable(backend, run);
    const reset = resetOf(history);
    const retried = { type: "workflow.resumed", at: clock.now(), reason: "manual_retry", reset } as const;
    const [result] = await backend.commit([{ runId, seen: history.length, expect: true, events: [retried] }]);
    if (result?.accepted) return { run_id: runId, workflow_name: run.workflowName, status: "suspended", reset };
    // Somebody wrote to it in between: look again.
  }
}

// What the last life of the run left to be closed must not be taken for a child of the next one.
async function closedRun({ backend, clock }: Pick<Project, "backend" | "clock">, runId: RunId): Promise<RunRecord> {
  for (;;) {
    const run = await backend.getRun(runId);
    if (run === undefined) throw new RunNotFoundError(runId);
    if (!run.closing) return run;
    await backend.closeChildren(defaults.engine.childrenClosedMax, clock.now());
  }
}

async function refuseUnlessRetriable(backend: Backend, run: RunRecord): Promise<void> {
  const { runId, status, parked, parent, durable } = run;
  if (status !== "failed" && parked === undefined) throw new RetryRefusedError(runId, `it is ${status}`, "only a run that failed or is parked is taken up again; pyworkflow runs rerun starts another one");
  if (!durable) throw new RetryRefusedError(runId, "it is transient, so it has no history to go on from", `pyworkflow runs rerun ${runId} starts another one`);
  if (parent === undefined || status !== "failed") return;
  const isTold = (await backend.readHistory(parent.runId, 0)).some((event) => tellsFailureOf(event, runId));
  if (!isTold) return;
  const parentFailed = (await backend.getRun(parent.runId))?.status === "failed";
  const next = parentFailed ? `pyworkflow runs retry ${parent.runId} takes the parent up again, which starts this child anew` : `pyworkflow runs rerun ${runId} starts another one, without a parent`;
  throw new RetryRefusedError(runId, `its parent ${parent.runId} has been told of its failure`, next);
}

function tellsFailureOf(event: RecordedEvent, child: RunId): boolean {
  return event.type === "child_workflow.failed" && event.childRunId === child;
}
