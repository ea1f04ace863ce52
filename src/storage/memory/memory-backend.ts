import { BugError } from "../../base/unreachable.js";
import type { RecordedEvent } from "../../core/events/event.js";
import { claimEvent, isClaimable } from "../../core/claim.js";
import { defaults } from "../../core/defaults.js";
import { StorageError } from "../../core/errors.js";
import { placeTaken } from "../../core/family.js";
import type { HookRecord } from "../../core/hooks.js";
import { timeOfRunId, type RunId, type ScheduleId, type WorkerId } from "../../core/ids.js";
import { lossEvents, outcomeOfLoss, type LossOutcome } from "../../core/recovery.js";
import type { RunRecord, RunStatus } from "../../core/run.js";
import { liveRunsNeeded, type LoadedSchedule, type OverlapPolicy, type ScheduleRecord } from "../../core/schedule/schedule.js";
import type { Backend, ClaimRequest, ClaimResult, DueRequest, DueSchedules, HookFilter, NewWorker, RunFilter, ScheduleCommit, ScheduleCommitResult, WorkerChange, WorkerLoss, WorkerRecord } from "../backend.js";
import type { PrunedSoFar, StoreFacts } from "../upkeep.js";
import { Listeners } from "../listeners.js";
import { lastSequenceOf, Runs, type StoredRun } from "./runs.js";
import { Schedules } from "./schedules.js";

/** A store without a file: for tests and for trying things out. What it holds is gone with it. */
export function createMemoryBackend(): Backend {
  const store = new MemoryStore();
  return {
    commit: async (batch) => batch.map((member) => store.runs.commit(member)),
    createRun: async (run, history) => store.runs.create(run, history),
    importRuns: async (runs) => store.runs.import(runs),
    claim: async (request) => store.claim(request),
    countDue: async (request) => store.countDue(request),
    readHistory: async (runId, after) => store.readHistory(runId, after),
    getRun: async (runId) => store.runs.get(runId)?.record,
    lastOfChain: async (chain) => store.runs.lastOfChain(chain)?.record,
    getHook: async (runId, hookId) => store.runs.get(runId)?.hooks.get(hookId),
    listHooks: async (filter) => store.listHooks(filter),
    closeChildren: async (limit, now) => store.runs.closeChildren(limit, now),
    findRunIds: async (prefix, limit) => store.findRunIds(prefix, limit),
    listRuns: async (filter) => store.listRuns(filter),
    countRuns: async () => store.countRuns(),
    countLive: async (now) => store.runs.countLive(now),
    createSchedule: async (schedule) => store.schedules.create(schedule),
    getSchedule: async (scheduleId) => store.schedules.get(scheduleId),
    listSchedules: async (filter) => store.schedules.list(filter),
    findScheduleIds: async (prefix, limit) => store.schedules.findIds(prefix, limit),
    loadSchedule: async (scheduleId, policy) => store.loadSchedule(scheduleId, policy),
    dueSchedules: async (now, limit) => store.dueSchedules(now, limit),
    commitSchedules: async (batch) => batch.map((member) => store.commitSchedule(member)),
    listTicks: async (filter) => store.schedules.listTicks(filter),
    registerWorker: async (worker) => store.registerWorker(worker),
    beat: async (workerId, now) => store.beat(workerId, now),
    listWorkers: async () => store.listWorkers(),
    updateWorker: async (workerId, change) => store.updateWorker(workerId, change),
    loseWorker: async (loss) => store.loseWorker(loss),
    onWake: (listener) => store.listeners.add(listener),
    pruneRuns: async (request) => store.runs.prune(request),
    countPrunable: async (filter) => store.runs.countPrunable(filter),
    pruneTicks: async (request) => store.schedules.pruneTicks(request),
    pruned: async () => store.pruned(),
    describe: async () => store.describe(),
    findFaults: async () => [],
    backup: async () => refuseBackup(),
    maintain: async () => {},
    close: async () => store.close(),
  };
}

interface StoredWorker {
  record: Omit<WorkerRecord, "activeRuns">;
  diedAt?: number;
}

type Asked = DueRequest & Pick<ClaimRequest, "runId">;

class MemoryStore {
  readonly listeners = new Listeners();
  readonly #schedules = new Schedules(() => this.listeners.call());
  readonly #runs = new Runs(this.#schedules, () => this.listeners.call());
  readonly #workers = new Map<WorkerId, StoredWorker>();
  #closed = false;

  /** The runs, as long as the store is open. */
  get runs(): Runs {
    this.#assertOpen();
    return this.#runs;
  }

  /** The schedules, as long as the store is open. */
  get schedules(): Schedules {
    this.#assertOpen();
    return this.#schedules;
  }

  claim(request: ClaimRequest): ClaimResult {
    this.#assertOpen();
    const worker = this.#alive(request.workerId);
    if (!worker) return { worker: "dead" };
    const asked = this.#askedFor(request);
    const claimable = this.#claimable(request).toSorted(oldestDueFirst);
    const claimed = claimable.slice(0, Math.max(0, request.limit)).map((run) => this.#take(run, request));
    const nextDueAt = earliest(asked.map(({ record }) => record.dueAt), request.now);
    return {
      worker: "alive",
      claimed,
      inboxes: this.#runs.inboxesOf(request.workerId, request.now),
      ...(nextDueAt !== undefined && { nextDueAt }),
      stopRequested: worker.record.stopRequested,
      closing: this.#runs.closing() !== undefined,
    };
  }

  countDue(request: DueRequest): number {
    this.#assertOpen();
    return Math.min(this.#claimable(request).length, request.limit);
  }

  readHistory(runId: RunId, after: number): readonly RecordedEvent[] {
    return this.runs.get(runId)?.history.slice(after) ?? [];
  }

  listHooks({ runId, status, limit }: HookFilter): readonly HookRecord[] {
    const runs = this.runs.all().filter(({ record }) => runId === undefined || record.runId === runId);
    const hooks = runs.flatMap((run) => [...run.hooks.values()]).filter((hook) => status === undefined || hook.status === status);
    return hooks.toReversed().toSorted((a, b) => b.createdAt - a.createdAt).slice(0, limit);
  }

  findRunIds(prefix: string, limit: number): readonly RunId[] {
    const ids = this.runs.newestFirst().map(({ record }) => record.runId);
    if (prefix === "") return ids.slice(0, limit);
    const fitting = ids.filter((runId) => runId.startsWith(prefix));
    return fitting.toSorted().toReversed().slice(0, limit); // ids sort by time of creation
  }

  listRuns(filter: RunFilter): readonly RunRecord[] {
    const runs = this.runs.newestFirst().map(({ record }) => record);
    return runs
      .slice(filter.before === undefined ? 0 : placeBehind(runs, filter.before))
      .filter((run) => fits(run, filter))
      .slice(0, filter.limit);
  }

  countRuns(): Readonly<Partial<Record<RunStatus, number>>> {
    const counts: Partial<Record<RunStatus, number>> = {};
    for (const { record } of this.runs.all()) counts[record.status] = (counts[record.status] ?? 0) + 1;
    return counts;
  }

  pruned(): PrunedSoFar {
    return { ...this.runs.pruned, ...this.schedules.pruned };
  }

  describe(): StoreFacts {
    const runs = this.runs.all();
    const oldest = this.runs.newestFirst().at(-1);
    return {
      backend: "memory",
      runs: this.countRuns(),
      events: runs.reduce((sum, { history }) => sum + history.length, 0),
      hooks: runs.reduce((sum, { hooks }) => sum + hooks.size, 0),
      ...this.schedules.counts,
      ...(oldest && { oldestCreatedAt: oldest.record.createdAt }),
      pruned: this.pruned(),
    };
  }

  loadSchedule(scheduleId: ScheduleId, policy: OverlapPolicy): LoadedSchedule | undefined {
    const schedule = this.schedules.get(scheduleId);
    return schedule && this.#load(schedule, policy);
  }

  dueSchedules(now: number, limit: number): DueSchedules {
    const waking = this.schedules.waking();
    const due = waking.filter(({ wakeAt = Infinity }) => wakeAt <= now);
    const nextWakeAt = due.length > limit ? undefined : waking[due.length]?.wakeAt;
    return {
      due: due.slice(0, limit).map((schedule) => this.#load(schedule, schedule.overlapPolicy)),
      ...(nextWakeAt !== undefined && { nextWakeAt }),
    };
  }

  commitSchedule(member: ScheduleCommit): ScheduleCommitResult {
    const { scheduleId, create, cancel, now } = member;
    const refused = this.schedules.refusalOf(member);
    if (refused) return { accepted: false, refused };
    this.#runs.refuseKnown(create, scheduleId);
    // Nothing was written so far, and from here on nothing is refused.
    this.#schedules.write(member);
    for (const run of create) this.#runs.create(run);
    for (const runId of cancel) this.#runs.ask(runId, placeTaken(scheduleId, now));
    return { accepted: true };
  }

  registerWorker(worker: NewWorker): void {
    this.#assertOpen();
    if (this.#workers.has(worker.workerId)) throw new BugError(`the worker id ${worker.workerId} is used twice`);
    for (const [workerId, { diedAt }] of this.#workers) {
      if (diedAt !== undefined && diedAt < worker.startedAt - defaults.storage.deadWorkerKeptMs) this.#workers.delete(workerId);
    }
    const life = { status: "online", counter: 0, heartbeatAt: worker.startedAt, processed: 0, stopRequested: false } as const;
    this.#workers.set(worker.workerId, { record: { ...worker, ...life } });
  }

  beat(workerId: WorkerId, now: number): boolean {
    this.#assertOpen();
    const worker = this.#alive(workerId);
    if (worker) worker.record = { ...worker.record, counter: worker.record.counter + 1, heartbeatAt: now };
    return worker !== undefined;
  }

  listWorkers(): readonly WorkerRecord[] {
    this.#assertOpen();
    return [...this.#workers.values()].toReversed().map(({ record }) => Object.assign({ activeRuns: this.#runs.heldBy(record.workerId).length }, record));
  }

  updateWorker(workerId: WorkerId, change: WorkerChange): void {
    this.#assertOpen();
    const worker = this.#alive(workerId);
    if (!worker) return;
    worker.record = { ...worker.record, ...change };
    if (change.stopRequested || change.status) this.listeners.call();
  }

  loseWorker({ workerId, now, error, charge }: WorkerLoss): readonly LossOutcome[] {
    this.#assertOpen();
    const worker = this.#alive(workerId);
    if (!worker) return [];
    worker.record = { ...worker.record, status: "dead" };
    worker.diedAt = now;
    this.listeners.call(); // also for the runs that were reserved for its version
    return this.#runs.heldBy(workerId).map((run) => {
      const charged = charge === "all" || charge === run.record.runId;
      const events = lossEvents(run.record, { workerId, now, error, charged, lastEventSequence: lastSequenceOf(run) });
      this.#runs.append(run, events, { epoch: run.record.epoch + 1 }); // I2
      return outcomeOfLoss(run.record.runId, run.record);
    });
  }

  close(): void {
    this.#closed = true;
  }

  #load(schedule: ScheduleRecord, policy: OverlapPolicy): LoadedSchedule {
    const { scheduleId } = schedule;
    const live = this.#runs.liveOf(scheduleId).slice(0, liveRunsNeeded(policy));
    return {
      schedule,
      live: live.map(({ runId, cancellationRequested = false }) => ({ runId, cancellationRequested })),
      buffered: this.#schedules.buffered(scheduleId),
    };
  }

  #take(run: StoredRun, request: ClaimRequest): RunRecord {
    this.#runs.append(run, [claimEvent(run.record, request)], { epoch: run.record.epoch + 1, inbox: undefined });
    return run.record;
  }

  #claimable(request: Asked): readonly StoredRun[] {
    return this.#askedFor(request).filter(({ record }) => isClaimable(record, request, (version) => this.#isServed(record.workflowName, version)));
  }

  #isServed(workflowName: string, version: string): boolean {
    return [...this.#workers.values()].some(({ record }) => record.role !== "supervisor" && record.status === "online" && record.version === version && record.workflows.includes(workflowName));
  }

  #askedFor({ runId, workflows }: Asked): readonly StoredRun[] {
    const runs = this.#runs.all().filter(({ record }) => workflows.includes(record.workflowName));
    if (runId === undefined) return runs;
    const family = this.#familyOf(runId);
    return runs.filter(({ record }) => family.has(record.runId));
  }

  #familyOf(runId: RunId): ReadonlySet<RunId> {
    const family = new Set([runId, ...this.#runs.successorsOf(runId).map(({ record }) => record.runId)]);
    // Children are younger than who made them.
    for (const { record } of this.#runs.all()) if (record.parent !== undefined && family.has(record.parent.runId)) family.add(record.runId);
    return family;
  }

  #alive(workerId: WorkerId): StoredWorker | undefined {
    const worker = this.#workers.get(workerId);
    return worker?.record.status === "dead" ? undefined : worker;
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new StorageError("the store in memory is closed", { kind: "closed", outcome: "rolled_back", hint: "open a new one" });
    }
  }
}

/** One that was pruned meanwhile stood before all of its time that are left. */
function placeBehind(runs: readonly RunRecord[], cursor: RunId): number {
  const place = runs.findIndex(({ runId }) => runId === cursor);
  if (place >= 0) return place + 1;
  const time = timeOfRunId(cursor);
  return runs.filter(({ createdAt }) => createdAt > time).length;
}

function refuseBackup(): never {
  throw new StorageError("a store in memory has no file to be copied", { kind: "unsupported", outcome: "rolled_back", hint: "choose --storage sqlite for what is to be kept" });
}

// Parked runs come last: two versions that park for each other must not starve the rest.
function oldestDueFirst(a: StoredRun, b: StoredRun): number {
  const [dueA, dueB] = [a.record.dueAt ?? Infinity, b.record.dueAt ?? Infinity];
  return dueA === dueB ? a.number - b.number : dueA - dueB;
}

function earliest(dueTimes: readonly (number | undefined)[], now: number): number | undefined {
  const future = dueTimes.filter((dueAt) => dueAt !== undefined && dueAt > now);
  return future.length === 0 ? undefined : future.reduce((least = Infinity, dueAt = Infinity) => Math.min(least, dueAt));
}

function fits(run: RunRecord, filter: RunFilter): boolean {
  const { statuses = [run.status], tag, query } = filter;
  if (!statuses.includes(run.status) || (tag !== undefined && !run.tags.includes(tag))) return false;
  return isOf(run, filter) && isOfTime(run, filter) && (query === undefined || mentions(run, query));
}

function isOf(run: RunRecord, filter: RunFilter): boolean {
  const { workflowName, workerId, schedule } = run;
  if (filter.workflowName !== undefined && filter.workflowName !== workflowName) return false;
  if (filter.workerId !== undefined && filter.workerId !== workerId) return false;
  if (filter.scheduleId !== undefined && filter.scheduleId !== schedule?.scheduleId) return false;
  return isOfFamily(run, filter);
}

function isOfFamily({ parent, chain }: RunRecord, { topLevel, parentId = parent?.runId, chain: wanted = chain }: RunFilter): boolean {
  return !(topLevel && parent !== undefined) && parentId === parent?.runId && wanted === chain;
}

function isOfTime({ createdAt, interruptedAt }: RunRecord, filter: RunFilter): boolean {
  if (!isWithin(createdAt, filter.createdFrom, filter.createdBefore)) return false;
  return filter.interruptedFrom === undefined || isWithin(interruptedAt, filter.interruptedFrom, filter.interruptedBefore);
}

function isWithin(at = -Infinity, from = -Infinity, before = Infinity): boolean {
  return from <= at && at < before;
}

function mentions({ runId, workflowName, idempotencyKey = "" }: RunRecord, query: string): boolean {
  return [runId, workflowName, idempotencyKey].some((text) => text.includes(query));
}
