import { BugError } from "../../base/unreachable.js";
import type { RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import { claimEvent, isClaimable, refusalOf } from "../../core/claim.js";
import { defaults } from "../../core/defaults.js";
import { StorageError } from "../../core/errors.js";
import type { RunId, WorkerId } from "../../core/ids.js";
import { lossEvents, outcomeOfLoss, type LossOutcome } from "../../core/recovery.js";
import { foldRun, newRunState, type NewRun, type RunRecord, type RunStatus } from "../../core/run.js";
import type {
  Backend,
  ClaimRequest,
  ClaimResult,
  CommitResult,
  CreateResult,
  DueRequest,
  NewWorker,
  RunCommit,
  RunFilter,
  WorkerChange,
  WorkerLoss,
  WorkerRecord,
} from "../backend.js";
import { Listeners } from "../listeners.js";

/** A store without a file: for tests and for trying things out. What it holds is gone with it. */
export function createMemoryBackend(): Backend {
  const store = new MemoryStore();
  return {
    commit: async (batch) => batch.map((member) => store.commit(member)),
    createRun: async (run) => store.createRun(run),
    claim: async (request) => store.claim(request),
    countDue: async (request) => store.countDue(request),
    readHistory: async (runId, after) => store.readHistory(runId, after),
    getRun: async (runId) => store.getRun(runId),
    findRunIds: async (prefix, limit) => store.findRunIds(prefix, limit),
    listRuns: async (filter) => store.listRuns(filter),
    countRuns: async () => store.countRuns(),
    registerWorker: async (worker) => store.registerWorker(worker),
    beat: async (workerId, now) => store.beat(workerId, now),
    listWorkers: async () => store.listWorkers(),
    updateWorker: async (workerId, change) => store.updateWorker(workerId, change),
    loseWorker: async (loss) => store.loseWorker(loss),
    onWake: (listener) => store.listeners.add(listener),
    maintain: async () => {},
    close: async () => store.close(),
  };
}

interface StoredRun {
  /** Counts the runs of the store: settles which of two is newer. */
  readonly number: number;
  record: RunRecord;
  readonly history: RecordedEvent[];
}

interface StoredWorker {
  record: Omit<WorkerRecord, "activeRuns">;
  diedAt?: number;
}

type Asked = DueRequest & Pick<ClaimRequest, "runId">;

class MemoryStore {
  readonly listeners = new Listeners();
  readonly #runs = new Map<RunId, StoredRun>();
  readonly #idsByKey = new Map<string, RunId>();
  readonly #workers = new Map<WorkerId, StoredWorker>();
  #closed = false;

  commit(member: RunCommit): CommitResult {
    this.#assertOpen();
    const run = this.#runs.get(member.runId);
    if (!run) return { accepted: false, refused: "unknown_run" };
    const refused = refusalOf({ epoch: run.record.epoch, state: run.record, lastSequence: lastSequenceOf(run) }, member); // I2, I4
    if (refused) return { accepted: false, refused };
    const inbox = member.fence === undefined ? { inbox: lastSequenceOf(run) + member.events.length } : {};
    this.#append(run, member.events, inbox);
    return { accepted: true, events: run.record.durable ? run.history.slice(member.seen) : [] };
  }

  createRun(run: NewRun): CreateResult {
    this.#assertOpen();
    const key = run.idempotencyKey === undefined ? undefined : `${run.workflowName} ${run.idempotencyKey}`;
    const older = this.#runs.has(run.runId) ? run.runId : key && this.#idsByKey.get(key); // I9
    if (older) return { runId: older, created: false };
    if (key !== undefined) this.#idsByKey.set(key, run.runId);
    const record = { ...run, ...newRunState(run.createdAt), epoch: 0 };
    this.#runs.set(run.runId, { number: this.#runs.size, record, history: [] });
    this.listeners.call();
    return { runId: run.runId, created: true };
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
      inboxes: this.#heldBy(request.workerId).flatMap(({ record }) =>
        record.inbox === undefined ? [] : [{ runId: record.runId, sequence: record.inbox }],
      ),
      ...(nextDueAt !== undefined && { nextDueAt }),
      stopRequested: worker.record.stopRequested,
    };
  }

  countDue(request: DueRequest): number {
    this.#assertOpen();
    return Math.min(this.#claimable(request).length, request.limit);
  }

  readHistory(runId: RunId, after: number): readonly RecordedEvent[] {
    this.#assertOpen();
    return this.#runs.get(runId)?.history.slice(after) ?? [];
  }

  getRun(runId: RunId): RunRecord | undefined {
    this.#assertOpen();
    return this.#runs.get(runId)?.record;
  }

  findRunIds(prefix: string, limit: number): readonly RunId[] {
    const ids = this.#newestFirst().map(({ record }) => record.runId);
    if (prefix === "") return ids.slice(0, limit);
    const fitting = ids.filter((runId) => runId.startsWith(prefix));
    return fitting.toSorted().toReversed().slice(0, limit); // ids sort by time of creation
  }

  listRuns(filter: RunFilter): readonly RunRecord[] {
    const runs = this.#newestFirst().map(({ record }) => record);
    const cursor = runs.findIndex(({ runId }) => runId === filter.before);
    if (filter.before !== undefined && cursor < 0) return [];
    return runs
      .slice(cursor + 1)
      .filter((run) => fits(run, filter))
      .slice(0, filter.limit);
  }

  countRuns(): Readonly<Partial<Record<RunStatus, number>>> {
    this.#assertOpen();
    const counts: Partial<Record<RunStatus, number>> = {};
    for (const { record } of this.#runs.values()) counts[record.status] = (counts[record.status] ?? 0) + 1;
    return counts;
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
    return [...this.#workers.values()].toReversed().map(({ record }) => Object.assign({ activeRuns: this.#heldBy(record.workerId).length }, record));
  }

  updateWorker(workerId: WorkerId, change: WorkerChange): void {
    this.#assertOpen();
    const worker = this.#alive(workerId);
    if (!worker) return;
    worker.record = { ...worker.record, ...change };
    if (change.stopRequested) this.listeners.call();
  }

  loseWorker({ workerId, now, error, charge }: WorkerLoss): readonly LossOutcome[] {
    this.#assertOpen();
    const worker = this.#alive(workerId);
    if (!worker) return [];
    worker.record = { ...worker.record, status: "dead" };
    worker.diedAt = now;
    return this.#heldBy(workerId).map((run) => {
      const charged = charge === "all" || charge === run.record.runId;
      const events = lossEvents(run.record, { workerId, now, error, charged, lastEventSequence: lastSequenceOf(run) });
      this.#append(run, events, { epoch: run.record.epoch + 1 });
      return outcomeOfLoss(run.record.runId, run.record);
    });
  }

  close(): void {
    this.#closed = true;
  }

  #append(run: StoredRun, events: readonly WorkflowEvent[], change: Partial<RunRecord>): void {
    const { dueAt } = run.record;
    if (run.record.durable) for (const event of events) run.history.push({ ...event, sequence: run.history.length + 1 }); // I1
    run.record = { ...run.record, ...events.reduce(foldRun, run.record), ...change }; // I10
    if (change.inbox !== undefined || (run.record.dueAt !== undefined && run.record.dueAt !== dueAt)) this.listeners.call();
  }

  #take(run: StoredRun, { workerId, now }: ClaimRequest): RunRecord {
    this.#append(run, [claimEvent(run.record, workerId, now)], { epoch: run.record.epoch + 1, inbox: undefined });
    return run.record;
  }

  #claimable(request: Asked): readonly StoredRun[] {
    return this.#askedFor(request).filter(({ record }) => isClaimable(record, request));
  }

  #askedFor({ runId, workflows }: Asked): readonly StoredRun[] {
    const runs = [...this.#runs.values()].filter(({ record }) => workflows.includes(record.workflowName));
    return runId === undefined ? runs : runs.filter(({ record }) => record.runId === runId);
  }

  #alive(workerId: WorkerId): StoredWorker | undefined {
    const worker = this.#workers.get(workerId);
    return worker?.record.status === "dead" ? undefined : worker;
  }

  #heldBy(workerId: WorkerId): readonly StoredRun[] {
    return [...this.#runs.values()].filter(({ record }) => record.workerId === workerId);
  }

  #newestFirst(): readonly StoredRun[] {
    this.#assertOpen();
    return [...this.#runs.values()].toSorted((a, b) => b.record.createdAt - a.record.createdAt || b.number - a.number);
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new StorageError("the store in memory is closed", { kind: "closed", outcome: "rolled_back", hint: "open a new one" });
    }
  }
}

// The events of a transient run are not kept: for it, what was written to its inbox is what there is to have seen.
function lastSequenceOf({ record, history }: StoredRun): number {
  return record.durable ? history.length : (record.inbox ?? 0);
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
  const { statuses = [run.status], workflowName = run.workflowName, workerId = run.workerId } = filter;
  if (!statuses.includes(run.status) || run.workflowName !== workflowName || run.workerId !== workerId) return false;
  if (filter.tag !== undefined && !run.tags.includes(filter.tag)) return false;
  return isOfTime(run, filter) && (filter.query === undefined || mentions(run, filter.query));
}

function isOfTime({ createdAt }: RunRecord, { createdFrom = -Infinity, createdBefore = Infinity }: RunFilter): boolean {
  return createdFrom <= createdAt && createdAt < createdBefore;
}

function mentions({ runId, workflowName, idempotencyKey = "" }: RunRecord, query: string): boolean {
  return [runId, workflowName, idempotencyKey].some((text) => text.includes(query));
}
