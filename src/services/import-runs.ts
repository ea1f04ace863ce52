import { bundledEvent, bundledRun, type ImportedRun } from "../core/bundle/bundle.js";
import { readBundle } from "../core/bundle/read-bundle.js";
import { ImportConflictError } from "../core/errors.js";
import { isOutcome, type RecordedEvent, type WorkflowEvent } from "../core/events/event.js";
import { chainOf } from "../core/family.js";
import type { OperationId, RunId } from "../core/ids.js";
import { foldHistory, isTerminal, type NewRun, type RunStatus } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import type { Project } from "./project.js";

/** A run of a bundle after its import, under the names that JSON shows. */
export interface ImportRow {
  readonly run_id: RunId;
  readonly workflow_name: string;
  readonly status: RunStatus;
  /** `unchanged`: it was there already, with the same history. `ahead`: with the same history, and has gone on since. */
  readonly action: "imported" | "unchanged" | "ahead";
}

type Store = Pick<Project, "backend" | "clock">;

/**
 * Enters the runs of a bundle, all or none: with their ids, times and histories. Those that live need `live`, which says that they were ended or
 * exported for good where they come from; one that was running is handed over, due at once. Throws InvalidBundleError, and ImportConflictError
 * where a run, its idempotency key or its schedule is something else here, or a run lives.
 */
export async function importRuns(store: Store, { bundle, live }: { readonly bundle: unknown; readonly live: boolean }): Promise<readonly ImportRow[]> {
  const all = await withChains(store, readBundle(bundle));
  const rows = await Promise.all(all.map((each) => rowOf(store, each)));
  const fresh = all.filter((_, index) => rows[index]?.action === "imported");
  for (const each of fresh) {
    if (!live) refuseLiving(each);
    await refuseForeignTick(store, each);
    await refuseTornFamily(store, each, all);
  }
  const now = store.clock.now();
  const ready = fresh.map((each) => handedOver(each, now));
  const result = await store.backend.importRuns(ready);
  if (!result.imported) throw takenError(result.runId, result.takenBy);
  const statuses = new Map(ready.map((each) => [each.run.runId, statusOf(each)]));
  return rows.map((row) => ({ ...row, status: statuses.get(row.run_id) ?? row.status }));
}

// Bundles of older versions do not say which chain a run belongs to.
async function withChains({ backend }: Store, all: readonly ImportedRun[]): Promise<readonly ImportedRun[]> {
  const named = new Map(all.map(({ run }) => [run.runId, run]));
  const chainOfRun = async (run: NewRun): Promise<RunId> => {
    if (run.chain !== undefined || run.continuedFrom === undefined) return chainOf(run);
    const before = named.get(run.continuedFrom);
    const known = (await backend.getRun(run.runId)) ?? (before ? undefined : await backend.getRun(run.continuedFrom));
    return known ? chainOf(known) : before ? chainOfRun(before) : run.continuedFrom;
  };
  const chains = await Promise.all(all.map(({ run }) => chainOfRun(run)));
  return all.map((each, index) => (each.run.continuedFrom === undefined ? each : { ...each, run: { ...each.run, chain: chains[index] ?? each.run.continuedFrom } }));
}

/** What becomes of it. Throws where the store knows it otherwise. */
async function rowOf({ backend }: Store, each: ImportedRun): Promise<ImportRow> {
  const { run, events } = each;
  const row = { run_id: run.runId, workflow_name: run.workflowName };
  const here = await backend.getRun(run.runId);
  if (!here) return { ...row, status: statusOf(each), action: "imported" };
  const history = await backend.readHistory(run.runId, 0);
  const isKnown = textOf(here, history.slice(0, events.length)) === textOf(run, recorded(events));
  if (!isKnown) throw new ImportConflictError(run.runId, "is there already, with another history", "nothing was imported; leave it out of the bundle, or import into another store");
  return { ...row, status: here.status, action: history.length > events.length ? "ahead" : "unchanged" };
}

function textOf(run: NewRun, events: readonly RecordedEvent[]): string {
  const { runId, workflowName, durable, input, createdAt, tags, recoverOnWorkerLoss, maxRecoveryAttempts, nestingDepth, ...others } = run;
  const given = { ...others, runId, workflowName, durable, input, createdAt, tags, recoverOnWorkerLoss, maxRecoveryAttempts, nestingDepth };
  // Whether its parent has closed it is no part of what happened to it.
  return JSON.stringify([bundledRun({ ...given, ...foldHistory(createdAt, events), epoch: 0, orphaned: undefined }), events.map(bundledEvent)]);
}

function recorded(events: readonly WorkflowEvent[]): readonly RecordedEvent[] {
  return events.map((event, index) => ({ ...event, sequence: index + 1 }));
}

function statusOf({ run, events }: ImportedRun): RunStatus {
  return foldHistory(run.createdAt, recorded(events)).status;
}

function refuseLiving(each: ImportedRun): void {
  const status = statusOf(each);
  if (isTerminal(status)) return;
  throw new ImportConflictError(
    each.run.runId,
    `has not ended (${status}): it would execute here and where it comes from`,
    "nothing was imported; --live says that it goes on nowhere else: its store is gone, or was exported for good",
  );
}

// A schedule counts the runs that it started; one of the same id that did not start this one must not.
async function refuseForeignTick({ backend }: Store, { run }: ImportedRun): Promise<void> {
  const { schedule, scheduledTime, continuedFrom, createdAt, runId } = run;
  const here = schedule && (await backend.getSchedule(schedule.scheduleId));
  if (!here || scheduledTime === undefined || continuedFrom !== undefined || here.createdAt > createdAt) return;
  const [tick] = await backend.listTicks({ ...schedule, dueFrom: scheduledTime, dueBefore: scheduledTime + 1, limit: 1 });
  if (tick?.runId === runId) return;
  throw new ImportConflictError(runId, `was started by a schedule ${schedule.scheduleId}, and the one of that id here did not start it`, "nothing was imported; import into another store");
}

/** A bundle that was written while its runs went on may know of a child's end what the parent does not, or the other way round. */
async function refuseTornFamily({ backend }: Store, each: ImportedRun, all: readonly ImportedRun[]): Promise<void> {
  const { run } = each;
  const parent = all.find((other) => other.run.runId === run.parent?.runId);
  if (run.parent && parent && isAwaitedBy(parent, each) && settledOf(parent).has(run.parent.operationId) !== isTerminal(statusOf(each))) {
    throw new ImportConflictError(run.runId, `and its parent ${parent.run.runId} do not agree on whether it has ended`, exportAgain);
  }
  await refuseTornChain(backend, run, all);
  if (isTerminal(statusOf(each))) return;
  const settled = settledOf(each);
  const awaited = each.events.find((event) => event.type === "child_workflow.started" && event.waits && !settled.has(event.operationId));
  if (awaited?.type !== "child_workflow.started") return;
  const isHere = all.some((other) => other.run.runId === awaited.childRunId) || (await backend.getRun(awaited.childRunId)) !== undefined;
  if (!isHere) throw new ImportConflictError(run.runId, `waits for its child ${awaited.childRunId}, which is neither in the bundle nor here`, exportAgain);
}

// A chain ends once.
async function refuseTornChain(backend: Backend, { runId, continuedFrom }: NewRun, all: readonly ImportedRun[]): Promise<void> {
  const bundled = all.find(({ run }) => run.runId === continuedFrom);
  const before = bundled ? foldHistory(bundled.run.createdAt, recorded(bundled.events)) : continuedFrom && (await backend.getRun(continuedFrom));
  if (before && before.continuedTo !== runId) throw new ImportConflictError(runId, `continues ${continuedFrom}, which did not continue as this one`, exportAgain);
}

const exportAgain = "nothing was imported; export them again with --tree, while no worker executes them";

function isAwaitedBy(parent: ImportedRun, child: ImportedRun): boolean {
  return !child.orphaned && !isTerminal(statusOf(parent)) && statusOf(child) !== "continued_as_new";
}

function settledOf({ events }: ImportedRun): ReadonlySet<OperationId> {
  const settled = new Set<OperationId>();
  for (const event of events) {
    if (event.type === "workflow.resumed") for (const id of event.reset ?? []) settled.delete(id);
    if (isOutcome(event)) settled.add(event.operationId);
  }
  return settled;
}

function handedOver(each: ImportedRun, now: number): ImportedRun {
  if (statusOf(each) !== "running") return each;
  const at = Math.max(now, each.events.at(-1)?.at ?? now);
  return { ...each, events: [...each.events, { type: "workflow.suspended", at, reason: "released" }] };
}

function takenError(runId: RunId, takenBy: RunId): ImportConflictError {
  if (runId === takenBy) return new ImportConflictError(runId, "came to this store meanwhile", "nothing was imported; import again");
  return new ImportConflictError(runId, `has the idempotency key of ${takenBy}, another run of its workflow here`, "nothing was imported; leave it out of the bundle, or import into another store");
}
