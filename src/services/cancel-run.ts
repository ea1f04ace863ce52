import type { OnProgress } from "../base/on-progress.js";
import { WaitTimeoutError } from "../core/errors.js";
import type { RunId } from "../core/ids.js";
import { isTerminal, liveStatuses, type RunRecord, type RunStatus } from "../core/run.js";
import { requestCancellation, type CancellationAnswer } from "../engine/cancel-run.js";
import { lastOfChain } from "../engine/chain.js";
import type { RunFilter } from "../storage/backend.js";
import { listRuns } from "./list-runs.js";
import type { Project } from "./project.js";
import { waitRun } from "./wait-run.js";

/** How a run is to be cancelled. */
export interface CancelOptions {
  /** For people who read the run's log. */
  readonly reason?: string;
  /** End the run at once: its code does not clean up. */
  readonly force?: boolean;
  /** Wait until it has ended, or is parked. */
  readonly wait?: boolean;
  /** Wait no longer than this. */
  readonly timeoutMs?: number;
}

/** The same, and who says so. */
export interface CancelOrder extends CancelOptions {
  /** Who asks, for people who read the log. */
  readonly requestedBy: string;
  /** Of several: hears how many of how many were asked. */
  readonly onProgress?: OnProgress;
}

/** What became of a request to cancel, under the names that JSON shows. */
export interface CancelRow {
  /** Of a run that continued as new: the one that goes on in its place. */
  readonly run_id: RunId;
  /** Whether the run is asked to end, or was ended. False: it had ended before. */
  readonly cancelled: boolean;
  readonly status: RunStatus;
  /** It ends when code that fits takes it up. */
  readonly stays_parked: boolean;
  /** Nothing was changed: the rest is what would be. */
  readonly dry_run: boolean;
}

type Cancellable = Pick<Project, "backend" | "clock">;

/** Asks one run to end. Throws RunNotFoundError, or WaitTimeoutError where the run was to be waited for and had not ended in time. */
export async function cancelRun(project: Cancellable, runId: RunId, order: CancelOrder): Promise<CancelRow> {
  const asked = await request(project, runId, order);
  if (!order.wait) return asked;
  const row = await settled(project, asked, deadlineOf(project, order));
  if (!isSettled(row)) throw new WaitTimeoutError(row.run_id, row.status);
  return row;
}

/** Asks each of the runs, then waits for them, where that is wanted, until one time limit for all. Throws RunNotFoundError. */
export async function cancelRuns(project: Cancellable, runIds: readonly RunId[], order: CancelOrder): Promise<readonly CancelRow[]> {
  const asked: CancelRow[] = [];
  for (const runId of runIds) {
    asked.push(await request(project, runId, order));
    order.onProgress?.(asked.length, runIds.length);
  }
  if (!order.wait) return asked;
  const deadline = deadlineOf(project, order);
  const rows: CancelRow[] = [];
  for (const row of asked) rows.push(await settled(project, row, deadline));
  return rows;
}

/** Whether a wait for the run's end is over. */
export function isSettled({ status, stays_parked }: CancelRow): boolean {
  return isTerminal(status) || stays_parked;
}

/** Which runs are to be cancelled, where they are not named. */
export type CancelFilter = Pick<RunFilter, "statuses" | "workflowName" | "query">;

/** Every run that has not ended and fits the filter, newest first. */
export async function runsToCancel(project: Project, filter: CancelFilter): Promise<readonly RunRecord[]> {
  const { runs } = await listRuns(project, { statuses: liveStatuses, ...filter });
  return runs;
}

/** What would become of the run. */
export function plannedRow(run: RunRecord): CancelRow {
  return { ...rowOf(run, !isTerminal(run.status)), dry_run: true };
}

async function request(project: Cancellable, runId: RunId, order: CancelOrder): Promise<CancelRow> {
  const { run, written } = await (order.force ? endByForce : ask)(project, runId, order);
  return rowOf(run, written || !isTerminal(run.status));
}

function ask({ backend, clock }: Cancellable, runId: RunId, { reason, requestedBy }: CancelOrder): Promise<CancellationAnswer> {
  return requestCancellation(backend, clock, { runId, reason, requestedBy });
}

/** A foreign end: whoever holds the run loses it, for a fence holds only while the run is running. */
async function endByForce({ backend, clock }: Cancellable, runId: RunId, { reason }: CancelOrder): Promise<CancellationAnswer> {
  for (;;) {
    const run = await lastOfChain(backend, runId);
    if (isTerminal(run.status)) return { run, written: false };
    const end = { type: "workflow.cancelled" as const, at: clock.now(), cleanupCompleted: false, ...(reason !== undefined && { reason }) };
    const [result] = await backend.commit([{ runId: run.runId, seen: 0, events: [end] }]);
    if (result?.accepted) return { run: await lastOfChain(backend, runId), written: true };
  }
}

function deadlineOf({ clock }: Cancellable, { timeoutMs = Infinity }: CancelOrder): number {
  return clock.monotonic() + timeoutMs;
}

async function settled(project: Cancellable, row: CancelRow, deadline: number): Promise<CancelRow> {
  return isSettled(row) ? row : rowOf(await runAt(project, row.run_id, deadline), row.cancelled);
}

/** The run when it is settled, or as it stands when the time is up. */
async function runAt(project: Cancellable, runId: RunId, deadline: number): Promise<RunRecord> {
  try {
    return await waitRun(project, { runId, timeoutMs: Math.max(0, deadline - project.clock.monotonic()) });
  } catch (error) {
    if (error instanceof WaitTimeoutError) return lastOfChain(project.backend, runId);
    throw error;
  }
}

function rowOf({ runId, status, parked }: RunRecord, cancelled: boolean): CancelRow {
  return { run_id: runId, cancelled, status, stays_parked: parked !== undefined, dry_run: false };
}
