import { BugError } from "../../base/unreachable.js";
import type { ImportedRun } from "../../core/bundle/bundle.js";
import { refusalOf } from "../../core/claim.js";
import { defaults } from "../../core/defaults.js";
import { endsRun, retriesRun, type RecordedEvent, type WorkflowEvent } from "../../core/events/event.js";
import type { RunEnd, RunRetried } from "../../core/events/run.js";
import { chainOf, closingEvents, isLeftByRetry, isPassedOn, isPassedOver, isToBeClosed, noteToParent, requestEvents, type CancellationRequest, type LinkedAppend } from "../../core/family.js";
import { foldHooks, type HookRows } from "../../core/hooks.js";
import type { RunId, ScheduleId, WorkerId } from "../../core/ids.js";
import { foldHistory, foldRun, isTerminal, type NewRun, type RunRecord } from "../../core/run.js";
import { afterEnd, afterRetry } from "../../core/schedule/state.js";
import type { CommitResult, CreateResult, ImportResult, LiveCount, RunCommit } from "../backend.js";
import type { PrunedRuns, PrunedSoFar, PruneFilter, PruneRequest } from "../upkeep.js";
import type { Schedules } from "./schedules.js";

export interface StoredRun {
  /** Counts the runs of the store: settles which of two is newer. */
  readonly number: number;
  record: RunRecord;
  readonly history: RecordedEvent[];
  hooks: HookRows;
  /** Who held the run when somebody else took it away, and the sequence that did. */
  takenFrom?: { readonly workerId: WorkerId; readonly sequence: number; readonly at: number };
}

/** The runs of a store, with their histories and hooks, and what the end of one brings to its family and its schedule. */
export class Runs {
  readonly #runs = new Map<RunId, StoredRun>();
  readonly #idsByKey = new Map<string, RunId>();
  readonly #schedules: Schedules;
  readonly #wake: () => void;
  #count = 0;
  #pruned: Pick<PrunedSoFar, "runs" | "runsCreatedBefore"> = { runs: 0 };

  constructor(schedules: Schedules, wake: () => void) {
    this.#schedules = schedules;
    this.#wake = wake;
  }

  commit(member: RunCommit): CommitResult {
    const { runId, events, create = [], linked = [] } = member;
    const run = this.#runs.get(runId);
    if (!run) return { accepted: false, refused: "unknown_run" };
    const refused = refusalOf({ epoch: run.record.epoch, state: run.record, lastSequence: lastSequenceOf(run) }, { ...member, retries: retriesRun(events[0]) }); // I2, I4
    if (refused) return { accepted: false, refused };
    const hooks = foldHooks(run.record, run.hooks, events);
    if ("misfit" in hooks) return { accepted: false, refused: "hook", hookId: hooks.misfit };
    this.refuseKnown(create, runId);
    // Nothing was written so far, and from here on nothing is refused.
    for (const created of create) this.create(created);
    if (member.fence === undefined) this.#appendForeign(run, events);
    else this.append(run, events);
    for (const append of linked) this.#appendLinked(append);
    return { accepted: true, events: run.record.durable ? run.history.slice(member.seen) : [] };
  }

  /** Runs that begin with a commit are new. */
  refuseKnown(create: readonly NewRun[], by: RunId | ScheduleId): void {
    const known = create.find((created) => this.#olderThan(created));
    if (known) throw new BugError(`the run ${known.runId} was to be created by ${by}, and is there already`);
  }

  create(run: NewRun, history: readonly WorkflowEvent[] = []): CreateResult {
    const older = this.#olderThan(run); // I9
    if (older) return { runId: older, created: false };
    const { runId, createdAt } = run;
    const key = keyOf(run);
    if (key !== undefined) this.#idsByKey.set(key, runId);
    const recorded = history.map((event, index): RecordedEvent => ({ ...event, sequence: index + 1 })); // I1
    const record = { ...run, ...foldHistory(createdAt, recorded), epoch: 0 }; // I10
    this.#runs.set(runId, { number: this.#count++, record, history: run.durable ? recorded : [], hooks: fittingHooks({ runId, status: "pending" }, new Map(), history) });
    this.#wake();
    return { runId, created: true };
  }

  import(runs: readonly ImportedRun[]): ImportResult {
    for (const { run } of runs) {
      const takenBy = this.#olderThan(run); // I9
      if (takenBy !== undefined) return { imported: false, runId: run.runId, takenBy };
    }
    for (const { run, events, orphaned } of runs) {
      this.create(run, events);
      const stored = this.#runs.get(run.runId);
      if (!stored) throw new BugError(`the run ${run.runId} is not there right after its import`);
      const isClosing = isTerminal(stored.record.status) && stored.record.closableChildren > 0;
      stored.record = { ...stored.record, ...(orphaned && { orphaned }), ...(isClosing && { closing: true }) };
    }
    return { imported: true };
  }

  get(runId: RunId): StoredRun | undefined {
    return this.#runs.get(runId);
  }

  /** The run of a chain that went on in no other. */
  lastOfChain(chain: RunId): StoredRun | undefined {
    return this.#linksOf(chain).find(({ record }) => record.continuedTo === undefined);
  }

  /** The runs that go on in the place of this one. */
  successorsOf(runId: RunId): readonly StoredRun[] {
    const run = this.#runs.get(runId);
    if (!run) return [];
    return this.#linksOf(chainOf(run.record)).filter(({ record, number }) => record.chain === runId || number > run.number);
  }

  all(): readonly StoredRun[] {
    return [...this.#runs.values()];
  }

  heldBy(workerId: WorkerId): readonly StoredRun[] {
    return this.all().filter(({ record }) => record.workerId === workerId);
  }

  /** The runs that somebody wrote to while this worker held them: those it holds, and for a while those that were ended so. */
  inboxesOf(workerId: WorkerId, now: number): readonly { readonly runId: RunId; readonly sequence: number }[] {
    return this.all().flatMap(({ record: { runId, inbox, workerId: holder }, takenFrom }) => {
      if (holder === workerId && inbox !== undefined) return [{ runId, sequence: inbox }];
      const wasTaken = takenFrom?.workerId === workerId && now < takenFrom.at + defaults.storage.takenRunsToldMs;
      return wasTaken ? [{ runId, sequence: takenFrom.sequence }] : [];
    });
  }

  /** The runs of a schedule that have not ended, oldest first. */
  liveOf(scheduleId: ScheduleId): readonly RunRecord[] {
    const records = this.all().map(({ record }) => record);
    return records.filter(({ schedule, status }) => schedule?.scheduleId === scheduleId && !isTerminal(status)).toSorted((a, b) => a.createdAt - b.createdAt);
  }

  countLive(now: number): readonly LiveCount[] {
    const counts = new Map<string, LiveCount>();
    for (const { record } of this.#runs.values()) {
      const { status, workflowName, dueAt = Infinity, parked } = record;
      if (isTerminal(status)) continue;
      const key = `${status} ${workflowName}`;
      const { runs, due, parked: parkedBefore } = counts.get(key) ?? { runs: 0, due: 0, parked: 0 };
      counts.set(key, { workflowName, status, runs: runs + 1, due: due + Number(dueAt <= now), parked: parkedBefore + Number(parked !== undefined) });
    }
    return [...counts.values()];
  }

  /** Asks a run to end, or the one that goes on in its place. One that has ended, or was asked before, is passed over. */
  ask(runId: RunId, request: CancellationRequest): void {
    const named = this.#runs.get(runId);
    const run = named && this.lastOfChain(chainOf(named.record));
    if (!run) return;
    const events = isTerminal(run.record.status) ? [] : requestEvents(run.record, request);
    if (events.length > 0) this.#appendForeign(run, events);
  }

  newestFirst(): readonly StoredRun[] {
    return this.all().toSorted((a, b) => b.record.createdAt - a.record.createdAt || b.number - a.number);
  }

  /** Appends what may be appended, with all that follows from it. */
  append(run: StoredRun, events: readonly WorkflowEvent[], change: Partial<RunRecord> = {}): void {
    const retry = events.find(retriesRun);
    if (retry) this.#beginLife(run, retry);
    const { dueAt } = run.record;
    run.hooks = fittingHooks(run.record, run.hooks, events);
    if (run.record.durable) for (const event of events) run.history.push({ ...event, sequence: run.history.length + 1 }); // I1
    run.record = { ...run.record, ...events.reduce(foldRun, run.record), ...change }; // I10
    const end = events.find(endsRun);
    if (end) this.#tell(run, end);
    if (change.inbox !== undefined || run.record.closing || (run.record.dueAt !== undefined && run.record.dueAt !== dueAt)) this.#wake();
  }

  closeChildren(limit: number, now: number): number {
    let closed = 0;
    // A child that is closed may have children itself, and is then closing in its turn.
    for (let parent = this.closing(); parent !== undefined; parent = this.closing()) {
      for (const child of this.#childrenOf(parent).filter(({ record }) => isToBeClosed(record))) {
        if (closed === limit) return closed;
        this.#closeChild(child, now);
        closed++;
      }
      parent.record = { ...parent.record, closing: undefined };
    }
    return closed;
  }

  get pruned(): Pick<PrunedSoFar, "runs" | "runsCreatedBefore"> {
    return this.#pruned;
  }

  countPrunable(filter: PruneFilter): number {
    return new Set(this.#prunable(filter).flat()).size;
  }

  /** Those that ended first come first, each behind what goes with it. */
  #prunable({ statuses, workflowName, endedBefore, endedFrom = -Infinity }: PruneFilter & Pick<PruneRequest, "endedFrom">): readonly (readonly StoredRun[])[] {
    const fitting = this.all().filter(({ record: { status, completedAt = Infinity, ...run } }) => statuses.includes(status) && completedAt < endedBefore && completedAt >= endedFrom && (workflowName ?? run.workflowName) === run.workflowName);
    const able = fitting.filter(({ record }) => this.#mayGo(record)).toSorted((a, b) => endOf(a) - endOf(b));
    return able.map((run) => this.#goingWith(run));
  }

  /** With the last of a chain go all others: first those between, for its first bears the id that was acknowledged. */
  #goingWith(run: StoredRun): readonly StoredRun[] {
    if (run.record.status === "continued_as_new" || run.record.chain === undefined) return [run];
    const [first, ...others] = this.#linksOf(chainOf(run.record)).filter((link) => link !== run);
    return first === undefined ? [run] : [...others, first, run];
  }

  /** The runs of a chain that are left, its first one first. */
  #linksOf(chain: RunId): readonly StoredRun[] {
    const first = this.#runs.get(chain);
    return [...(first ? [first] : []), ...this.all().filter(({ record }) => record.chain === chain)];
  }

  prune({ limit, ...filter }: PruneRequest): PrunedRuns {
    const gone = new Set<StoredRun>();
    let endedUpTo: number | undefined;
    for (const together of this.#prunable(filter)) {
      if (gone.size >= limit) break;
      endedUpTo = together.at(-1)?.record.completedAt; // where the limit ends it within a chain, that is found again by its last
      for (const run of together.slice(0, limit - gone.size)) gone.add(run);
    }
    for (const { record } of gone) this.#forget(record);
    return { runs: gone.size, events: [...gone].reduce((sum, { history }) => sum + history.length, 0), ...(endedUpTo !== undefined && { endedUpTo }) };
  }

  #forget(record: RunRecord): void {
    this.#runs.delete(record.runId);
    const key = keyOf(record);
    if (key !== undefined) this.#idsByKey.delete(key);
    const { runs, runsCreatedBefore = 0 } = this.#pruned;
    this.#pruned = { runs: runs + 1, runsCreatedBefore: Math.max(runsCreatedBefore, record.createdAt + 1) };
  }

  /** A run that has ended, and of whose children some are still to be closed. */
  closing(): StoredRun | undefined {
    return this.all().find(({ record }) => record.closing);
  }

  #mayGo(run: RunRecord): boolean {
    const { status, closing, parent, chain } = run;
    if (!isTerminal(status) || closing) return false;
    // Its parent knows the first of the chain, and hears of the last.
    if (status === "continued_as_new") return chain !== undefined;
    if (chain !== undefined && this.#linksOf(chain).some(({ record }) => record.closing)) return false;
    const above = parent && this.#runs.get(parent.runId)?.record;
    return above === undefined || (isTerminal(above.status) && above.status !== "failed");
  }

  #tell(run: StoredRun, end: RunEnd): void {
    this.#schedules.fold(run.record, (state) => afterEnd(state, end));
    if (run.record.closableChildren > 0) run.record = { ...run.record, closing: true };
    const note = noteToParent(run.record, end);
    if (note) this.#appendLinked(note);
  }

  #appendLinked({ runId, events }: LinkedAppend): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    const last = isPassedOn(run.record, events) ? this.lastOfChain(chainOf(run.record)) : undefined;
    if (last) this.#appendLinked({ runId: last.record.runId, events });
    else if (!isPassedOver(run.record, events)) this.#appendForeign(run, events);
  }

  #appendForeign(run: StoredRun, events: readonly WorkflowEvent[]): void {
    const { workerId, epoch } = run.record;
    const sequence = lastSequenceOf(run) + events.length;
    this.append(run, events, { inbox: sequence });
    const at = events.at(-1)?.at;
    if (workerId === undefined || run.record.workerId !== undefined || at === undefined) return;
    run.record = { ...run.record, epoch: epoch + 1 }; // I2
    run.takenFrom = { workerId, sequence, at };
  }

  #beginLife(run: StoredRun, retry: RunRetried): void {
    if (isTerminal(run.record.status)) this.#schedules.fold(run.record, afterRetry); // a parked one has not failed
    this.#leaveChildren(run, retry);
  }

  // What the life that ended was to close is closed now: the next life counts its children anew.
  #leaveChildren(run: StoredRun, { reset, at }: RunRetried): void {
    for (const child of this.#childrenOf(run)) if (isLeftByRetry(child.record, run.record, reset)) this.#closeChild(child, at);
    run.record = { ...run.record, closing: undefined };
  }

  #closeChild(child: StoredRun, now: number): void {
    const events = closingEvents(child.record, now);
    child.record = { ...child.record, orphaned: true }; // before its end, of which nobody is to hear
    if (events.length > 0) this.#appendForeign(child, events);
  }

  #childrenOf({ record: { runId } }: StoredRun): readonly StoredRun[] {
    return this.all().filter(({ record }) => record.parent?.runId === runId);
  }

  #olderThan(run: NewRun): RunId | undefined {
    const key = keyOf(run);
    if (this.#runs.has(run.runId)) return run.runId;
    return key === undefined ? undefined : this.#idsByKey.get(key);
  }
}

// The events of a transient run are not kept: for it, what was written to its inbox is what there is to have seen.
export function lastSequenceOf({ record, history }: StoredRun): number {
  return record.durable ? history.length : (record.inbox ?? 0);
}

function endOf({ record }: StoredRun): number {
  return record.completedAt ?? Infinity;
}

function fittingHooks(run: Pick<RunRecord, "runId" | "status">, hooks: HookRows, events: readonly WorkflowEvent[]): HookRows {
  const folded = foldHooks(run, hooks, events);
  if ("misfit" in folded) throw new BugError(`an event of ${folded.misfit} does not fit, and was to be written to ${run.runId}`);
  return folded;
}

function keyOf({ workflowName, idempotencyKey }: NewRun): string | undefined {
  return idempotencyKey === undefined ? undefined : `${workflowName} ${idempotencyKey}`;
}
