import { randomBytes } from "node:crypto";
import type { Encoded } from "../base/codec.js";
import { didYouMean, nearest } from "../base/nearest.js";
import { sentenceOf } from "../core/decide.js";
import { OperationNotFoundError, RerunRefusedError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import { newRunId, type OperationId, type RunId } from "../core/ids.js";
import { historyOf, reuseOf, type Reuse } from "../core/rerun.js";
import { newestLives } from "../core/reset.js";
import { isTerminal, settingsOf, type NewRun, type RunRecord, type RunStatus } from "../core/run.js";
import { lastOfChain } from "../engine/chain.js";
import { registeredWorkflows } from "../engine/registry.js";
import { replayRun, type StoredHistory } from "../engine/replay-run.js";
import { findRun } from "./find-run.js";
import type { Project } from "./project.js";

/** What is run again, and from where. */
export interface RerunOptions {
  /** A run id, a prefix, or `@last`. */
  readonly id: string;
  /** The operation that the new run begins at; what came before it keeps its outcomes. Absent: from the beginning. */
  readonly from?: string;
  /** The stored input of the new run, made of that of the old one. Absent: the same. */
  readonly changeInput?: (original: RunRecord) => Promise<Encoded>;
  /** Only tell. */
  readonly dryRun?: boolean;
}

/** A new run in the place of another, under the names that JSON shows. */
export interface RerunRow {
  /** Null where nothing was started. */
  readonly run_id: RunId | null;
  readonly workflow_name: string;
  readonly status: RunStatus & ("pending" | "suspended");
  readonly rerun_of: RunId;
  /** Operations of the old run that execute again, in the order of its log. */
  readonly executes_again: readonly OperationId[];
  /** Nothing was started: the rest is what would be. */
  readonly dry_run: boolean;
}

/**
 * Starts another run of the same workflow, with the same settings and input, which reuses the outcomes up to an operation. Throws as
 * {@link findRun}, OperationNotFoundError, RerunRefusedError, and what `changeInput` throws.
 */
export async function rerunRun(project: Project, { id, from, changeInput, dryRun = false }: RerunOptions): Promise<RerunRow> {
  const { backend, clock } = project;
  const original = await findRun(project, id);
  const reuse = await reuseFrom(project, original, from);
  const input = changeInput === undefined ? original.input : await changeInput(original);
  const row = { workflow_name: original.workflowName, rerun_of: original.runId, executes_again: reuse.executesAgain, dry_run: dryRun };
  const at = clock.now();
  const history = historyOf(reuse, at);
  const run = newRunLike(original, { input, createdAt: at, reuses: history.length > 0 });
  await demandFit(project, original.runId, { run, history: history.map((event, place) => ({ ...event, sequence: place + 1 })) });
  const status = history.length > 0 ? "suspended" : "pending";
  if (dryRun) return { run_id: null, status, ...row };
  const { runId } = await backend.createRun(run, history);
  return { run_id: runId, status, ...row };
}

async function reuseFrom({ backend }: Project, { runId, durable }: RunRecord, from: string | undefined): Promise<Reuse> {
  if (from !== undefined && !durable) throw new RerunRefusedError(runId, "it is transient, so it has no history", "without --from-step the new run begins at the beginning");
  const history = await backend.readHistory(runId, 0);
  const reuse = reuseOf(history, from);
  if (reuse === undefined) throw unknownOperation(runId, from ?? "", history);
  for (const child of reuse.openChildren) {
    const { runId: last, status } = await lastOfChain(backend, child);
    // Its end would be told to the old run alone.
    if (!isTerminal(status)) throw new RerunRefusedError(runId, `its child ${last} is ${status}`, `pyworkflow runs wait ${last} waits for its end; or begin at an operation before the child was started`);
  }
  return reuse;
}

function unknownOperation(runId: RunId, id: string, history: readonly RecordedEvent[]): OperationNotFoundError {
  const ids = newestLives(history).map((operation) => operation.id);
  const meant = nearest(id, ids) ?? nearest(`step_${id}_1`, ids);
  return new OperationNotFoundError(runId, id, didYouMean(meant, `it has ${ids.join(", ") || "none at all"}`));
}

/** Else the first worker would park the new run. Where this process does not know the workflow, nobody can tell. */
async function demandFit({ config }: Project, original: RunId, stored: StoredHistory): Promise<void> {
  const definition = registeredWorkflows().get(stored.run.workflowName);
  if (definition === undefined) return;
  const finding = await replayRun(stored, definition, config.limits);
  if (finding.fits) return;
  const { operationId } = finding;
  const reason = `its input and code do not fit what would be reused${operationId === undefined ? "" : `, first at ${operationId}`}: ${sentenceOf(finding)}`;
  throw new RerunRefusedError(original, reason, `begin at ${operationId ?? "an earlier operation"}, or without --from-step at the beginning; or give the input that it had`);
}

/**
 * What was decided for the original holds for the new run, but for its place in a family or a chain, and its idempotency key. The due time that it
 * was started for is part of what it was told, and its prefix may rest on it; but it is no tick of that schedule: it counts there for nothing.
 */
function newRunLike(original: RunRecord, { input, createdAt, reuses }: Pick<NewRun, "input" | "createdAt"> & { readonly reuses: boolean }): NewRun {
  return {
    ...settingsOf(original),
    runId: newRunId(createdAt, randomBytes),
    input,
    createdAt,
    nestingDepth: 0,
    rerunOf: original.runId,
    ...(original.scheduledTime !== undefined && { scheduledTime: original.scheduledTime }),
    // What the prefix has was drawn from it.
    ...(reuses && { seed: original.seed ?? original.runId }),
  };
}
