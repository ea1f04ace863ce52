import { decode } from "../base/codec.js";
import { misfitError, RunCancelledError, RunFailedError, RunNotEndedError } from "../core/errors.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import { lastOfChain } from "../engine/chain.js";
import { findRun } from "./find-run.js";
import type { Project } from "./project.js";
import { errorCard, thrownText, type ErrorCard } from "./show-run.js";

/** How a run stands for somebody who waits for it, under the names that JSON shows. */
export interface RunOutcome {
  readonly run_id: RunId;
  readonly workflow_name: string;
  readonly status: RunStatus;
  /** Of a completed run. */
  readonly result?: unknown;
  /** Of a failed run. */
  readonly error?: ErrorCard;
}

/** The result of a completed run; of a chain, of its last. Throws as {@link findRun} and {@link resultOf}. */
export async function readResult(project: Project, { id }: { readonly id: string }): Promise<unknown> {
  const { runId } = await findRun(project, id);
  return resultOf(await lastOfChain(project.backend, runId));
}

/** Throws RunFailedError, RunCancelledError, the error that a run is parked for, or RunNotEndedError. */
export function resultOf(run: RunRecord): unknown {
  if (run.status === "completed") return run.result === undefined ? undefined : decode(run.result);
  if (run.status === "failed") throw new RunFailedError(run.runId, causeOf(run));
  if (run.status === "cancelled") throw new RunCancelledError(run.runId);
  if (run.parked !== undefined) throw misfitError(`run ${run.runId} is parked: ${run.parked.error}`, run.parked);
  throw new RunNotEndedError(run.runId, run.status);
}

export function outcomeOf(run: RunRecord): RunOutcome {
  return {
    run_id: run.runId,
    workflow_name: run.workflowName,
    status: run.status,
    ...(run.status === "completed" && { result: resultOf(run) ?? null }),
    ...(run.error !== undefined && { error: errorCard(decode(run.error)) }),
  };
}

function causeOf(run: RunRecord): Error {
  const cause = run.error === undefined ? undefined : decode(run.error);
  return cause instanceof Error ? cause : new TypeError(`it threw ${thrownText(cause)}, which is no Error`);
}
