import { claimEvent, isClaimable } from "../../core/claim.js";
import { defaults } from "../../core/defaults.js";
import type { RunId } from "../../core/ids.js";
import { lossesUntilAlone, type RunRecord } from "../../core/run.js";
import type { ClaimRequest, ClaimResult, DueRequest } from "../backend.js";
import { append, headOf } from "./append.js";
import type { Connection } from "./connection.js";
import { getRun } from "./runs.js";

interface Candidate {
  readonly key: number;
  readonly run_id: RunId;
  /** Null for a parked run. */
  readonly due_at: number | null;
}

// Workers that would claim a run of a workflow for the sake of a version.
const serving = (version: string, workflow: string) => `
  SELECT 1 FROM workers WHERE status = 'online' AND facts ->> '$.role' <> 'supervisor'
    AND facts ->> '$.version' = ${version} AND EXISTS (SELECT 1 FROM json_each(facts, '$.workflows') WHERE value = ${workflow})`;
const selectServing = serving("?", "?");
// Passed over in the query: a run that is reserved must not take the place of one that isn't.
const selectDue = `
  SELECT key, run_id, due_at FROM runs
  WHERE workflow = ? AND due_at <= ? AND recovery_attempts BETWEEN ? AND ?
    AND (reserved_for IS NULL OR reserved_for = ? OR NOT EXISTS (${serving("runs.reserved_for", "runs.workflow")}))
  ORDER BY due_at, key LIMIT ?`;
const selectParked = `
  SELECT key, run_id, NULL AS due_at FROM runs INDEXED BY runs_parked
  WHERE workflow = ? AND parked IS NOT NULL AND parked ->> '$.version' <> ? AND recovery_attempts BETWEEN ? AND ? ORDER BY key LIMIT ?`;
const selectFamily = `
  WITH RECURSIVE family (run_id, asked, chain) AS (
    SELECT run_id, key, coalesce(chain, run_id) FROM runs WHERE run_id = ?
    UNION SELECT child.run_id, NULL, NULL FROM family JOIN runs AS child ON child.parent = family.run_id
    UNION SELECT link.run_id, NULL, NULL FROM family JOIN runs AS link INDEXED BY runs_chain ON link.chain = family.chain
      AND (family.run_id = family.chain OR link.key > family.asked))
  SELECT key, run_id, due_at FROM family CROSS JOIN runs USING (run_id) WHERE completed_at IS NULL`;
const selectNextDue = "SELECT min(due_at) AS due_at FROM runs WHERE workflow = ? AND due_at > ?";
const selectInboxes = `
  SELECT run_id AS "runId", inbox AS sequence FROM runs WHERE worker_id = ? AND inbox IS NOT NULL
  UNION ALL SELECT run_id, inbox FROM runs WHERE taken_from = ? AND completed_at > ?`;
const selectWorker = `
  SELECT stop_requested, EXISTS (SELECT 1 FROM runs WHERE closing = 1) AS closing FROM workers WHERE worker_id = ? AND status <> 'dead'`;

/** Looks first and writes only where there is something to take: a worker that finds nothing must not hold up those that write. */
export async function claim(connection: Connection, request: ClaimRequest): Promise<ClaimResult> {
  const found = await connection.read(() => {
    const result = resultOf(connection, request, []);
    return { result, isWorthWriting: result.worker === "alive" && candidates(connection, request).length > 0 };
  });
  if (!found.isWorthWriting) return found.result;
  return connection.write(() => {
    // Asked again inside the transaction: the worker may have been declared dead since.
    if (!aliveWorker(connection, request)) return { worker: "dead" };
    const claimed = candidates(connection, request).map(({ run_id }) => take(connection, run_id, request));
    return resultOf(connection, request, claimed.filter((run) => run !== undefined));
  });
}

export function countDue(connection: Connection, request: DueRequest): number {
  return candidates(connection, request).length;
}

function take(connection: Connection, runId: RunId, request: ClaimRequest): RunRecord | undefined {
  const [run, head] = [getRun(connection, runId), headOf(connection, runId)];
  if (!run || !head) return undefined;
  const change = { epoch: head.epoch + 1, inbox: null };
  const { state } = append(connection, head, { events: [claimEvent(run, request)], change });
  return { ...run, ...state, epoch: change.epoch, inbox: undefined };
}

function resultOf(connection: Connection, request: ClaimRequest, claimed: readonly RunRecord[]): ClaimResult {
  const worker = aliveWorker(connection, request);
  if (!worker) return { worker: "dead" };
  const { workerId, now } = request;
  const nextDueAt = nextDue(connection, request);
  return {
    worker: "alive",
    claimed,
    inboxes: connection.sql<{ runId: RunId; sequence: number }>(selectInboxes).all(workerId, workerId, now - defaults.storage.takenRunsToldMs),
    ...(nextDueAt !== undefined && { nextDueAt }),
    stopRequested: worker.stop_requested === 1,
    closing: worker.closing === 1,
  };
}

interface WorkerFlags {
  readonly stop_requested: number;
  readonly closing: number;
}

function aliveWorker(connection: Connection, { workerId }: ClaimRequest): WorkerFlags | undefined {
  return connection.sql<WorkerFlags>(selectWorker).get(workerId);
}

/** One look at the index for each workflow, each no longer than the limit; the oldest of all are taken. */
function candidates(connection: Connection, request: DueRequest & Pick<ClaimRequest, "runId">): readonly Candidate[] {
  const { runId, workflows, version, now, limit } = request;
  if (limit <= 0) return [];
  if (runId !== undefined) return familyOf(connection, runId).filter((run) => canClaim(connection, run, request)).toSorted(oldestDueFirst).slice(0, limit);
  const attempts = attemptsOf(request);
  const due = workflows.flatMap((name) => connection.sql<Candidate>(selectDue).all(name, now, ...attempts, version, limit));
  const parked = workflows.flatMap((name) => connection.sql<Candidate>(selectParked).all(name, version, ...attempts, limit));
  return [...due, ...parked].toSorted(oldestDueFirst).slice(0, limit);
}

/** A run and its descendants, and what goes on in the place of any of them, as far as they live. */
function familyOf(connection: Connection, runId: RunId): readonly Candidate[] {
  return connection.sql<Candidate>(selectFamily).all(runId);
}

function canClaim(connection: Connection, { run_id }: Candidate, request: DueRequest): boolean {
  const run = getRun(connection, run_id);
  const isServed = (version: string) => connection.sql(selectServing).get(version, run?.workflowName) !== undefined;
  return run !== undefined && isClaimable(run, request, isServed);
}

function attemptsOf({ company }: DueRequest): readonly [least: number, most: number] {
  if (company === "crowd") return [0, lossesUntilAlone - 1];
  return [company === "alone" ? lossesUntilAlone : 0, Number.MAX_SAFE_INTEGER];
}

// Parked runs come last: two versions that park for each other must not starve the rest.
function oldestDueFirst(a: Candidate, b: Candidate): number {
  const [dueA, dueB] = [a.due_at ?? Infinity, b.due_at ?? Infinity];
  return dueA === dueB ? a.key - b.key : dueA - dueB;
}

function nextDue(connection: Connection, { runId, workflows, now }: ClaimRequest): number | undefined {
  const times =
    runId === undefined
      ? workflows.map((name) => connection.sql<{ due_at: number | null }>(selectNextDue).get(name, now)?.due_at ?? Infinity)
      : familyOf(connection, runId).map(({ due_at }) => (due_at === null || due_at <= now ? Infinity : due_at));
  const earliest = Math.min(Infinity, ...times);
  return earliest === Infinity ? undefined : earliest;
}
