import type { Clock, Timer } from "../../base/clock.js";
import { deferred } from "../../base/deferred.js";
import type { Company } from "../../core/claim.js";
import { isStoreGone, StorageError } from "../../core/errors.js";
import type { RunId, WorkerId } from "../../core/ids.js";
import { mustRunAlone, type RunRecord } from "../../core/run.js";
import type { Executor, ExecutorEvents, ExecutorNote } from "../../engine/executor.js";
import type { Backend, NewWorker } from "../../storage/backend.js";
import { startClaimLoop, type Claimed, type ClaimLoop } from "./claim-loop.js";
import { asksFor, type Ask } from "./company.js";
import type { Heartbeat, StartHeartbeat } from "./heartbeat.js";
import { Lease } from "./lease.js";

/** How a worker's life ended: asked to stop and handed over; declared dead by somebody, or its store is gone; or no run that must be alone is due any more. */
export type WorkerEnd = "stopped" | "dead" | "finished";

/** One process that executes runs. */
export interface Worker {
  readonly workerId: WorkerId;
  /** Resolves after the last thing that it did. */
  readonly ended: Promise<WorkerEnd>;
  /** Claims nothing more, gives steps `graceMs` to finish, hands the rest over. A second call changes nothing. */
  stop(graceMs: number): Promise<WorkerEnd>;
  /** The run whose code is on the stack. */
  currentRun(): RunId | undefined;
}

/** What an executor gets from its worker. */
export interface ExecutorHooks {
  readonly workerId: WorkerId;
  /** For each step before it starts: true; or the answer to come, false when the worker is dead. */
  mayStart(): true | Promise<boolean>;
  readonly events: ExecutorEvents;
}

export interface WorkerParts {
  readonly backend: Backend;
  readonly clock: Clock;
  /** Entered into the store. Its id must be new: it is used for this one life. */
  readonly worker: Omit<NewWorker, "startedAt">;
  readonly company: Company;
  /** Claims this run, its descendants, what goes on in the place of any of them, and nothing else. */
  readonly onlyRun?: RunId;
  readonly leaseMs: number;
  /** For a stop that came through the store. */
  readonly shutdownTimeoutMs: number;
  readonly startHeartbeat: StartHeartbeat;
  createExecutor(hooks: ExecutorHooks): Executor;
  onOutcome?(runId: RunId): void;
  onNote(note: ExecutorNote): void;
}

/** Registers the worker and begins to claim. Rejects with a StorageError where the store refuses the registration. */
export async function startWorker(parts: WorkerParts): Promise<Worker> {
  await parts.backend.registerWorker({ ...parts.worker, startedAt: parts.clock.now() });
  return new RunningWorker(parts);
}

const progressEveryMs = 1000;

class RunningWorker implements Worker {
  readonly workerId: WorkerId;
  readonly #parts: WorkerParts;
  readonly #executor: Executor;
  readonly #heartbeat: Heartbeat;
  readonly #lease: Lease;
  readonly #claims: ClaimLoop;
  readonly #end = deferred<WorkerEnd>();
  #stopping: Promise<void> | undefined;
  #over = false;
  readonly #executing = new Set<RunId>();
  /** A claim failed in a way that leaves open whether it happened. */
  #mayHoldMore = false;
  #processed = 0;
  #handedOver = 0;
  #progress: Timer | undefined;
  #storeRefuses = false;
  #aloneInside: RunId | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.workerId = parts.worker.workerId;
    this.#heartbeat = parts.startHeartbeat({ onAlive: () => this.#lease.renewed(), onDead: () => this.#die() });
    this.#lease = new Lease(this.#heartbeat, parts.leaseMs);
    this.#executor = parts.createExecutor({
      workerId: this.workerId,
      mayStart: () => this.#lease.mayStart(),
      events: this.#executorEvents(),
    });
    const { workerId, workflows, version } = parts.worker;
    this.#claims = startClaimLoop({
      backend: parts.backend,
      clock: parts.clock,
      request: { workerId, workflows, version, ...(parts.onlyRun && { runId: parts.onlyRun }) },
      asks: () => this.#asks(),
      onClaimed: (claimed) => this.#receive(claimed),
      onDead: () => this.#die(),
      onTrouble: (error) => {
        if (isStoreGone(error)) return this.#die(error);
        this.#mayHoldMore ||= error instanceof StorageError && error.outcome === "unknown";
        this.#note("warn", "the store can't be asked for due runs; trying again", error);
      },
    });
  }

  get ended(): Promise<WorkerEnd> {
    return this.#end.promise;
  }

  currentRun(): RunId | undefined {
    return this.#executor.currentRun();
  }

  async stop(graceMs: number): Promise<WorkerEnd> {
    await (this.#stopping ??= this.#handOver(graceMs));
    return this.#end.promise;
  }

  async #handOver(graceMs: number): Promise<void> {
    if (this.#over) return;
    const { backend } = this.#parts;
    this.#parts.onNote({ level: "info", message: "draining", fields: { executing: this.#executing.size } });
    await backend.updateWorker(this.workerId, { status: "draining" }).catch((error: unknown) => this.#note("warn", "the store was not told of the stop", error));
    // A claim that is under way may still bring runs; they are handed over with the others.
    await this.#claims.quiet();
    await this.#executor.release(graceMs);
    await this.#retire("stopped");
  }

  async #asks(): Promise<readonly Ask[]> {
    const { company, backend, clock, worker } = this.#parts;
    if (this.#mayHoldMore) await this.#executeUnnoticed();
    const closed = this.#stopping !== undefined || this.#storeRefuses || this.#over;
    const free = closed ? 0 : worker.concurrency - this.#executing.size;
    const house = { executing: this.#executing.size, free, aloneInside: this.#aloneInside !== undefined };
    const mayWait = company === "any" && house.executing > 0 && !house.aloneInside && free > 0;
    const waiting = mayWait ? await backend.countDue({ ...worker, company: "alone", limit: 1, now: clock.now() }) : 0;
    return asksFor(company, { ...house, aloneWaits: waiting > 0 });
  }

  // I5: a run that was claimed without our knowing has a live lease, and nobody to execute it.
  async #executeUnnoticed(): Promise<void> {
    const held = await this.#parts.backend.listRuns({ workerId: this.workerId, statuses: ["running"], limit: this.#parts.worker.concurrency * 2 });
    this.#mayHoldMore = false;
    for (const run of held) if (!this.#executing.has(run.runId)) void this.#execute(run);
  }

  #receive({ claimed, inboxes, stopRequested }: Claimed): void {
    if (this.#over) return;
    for (const { runId, sequence } of inboxes) this.#executor.wake(runId, sequence);
    for (const run of claimed) void this.#execute(run);
    if (stopRequested && this.#stopping === undefined) void this.stop(this.#parts.shutdownTimeoutMs);
    // Who executes runs alone was started for those that are due, one after the other.
    if (this.#parts.company === "alone" && this.#executing.size === 0 && !this.#stopping) void this.#retire("finished");
  }

  async #execute(run: RunRecord): Promise<void> {
    this.#executing.add(run.runId);
    if (mustRunAlone(run)) this.#aloneInside = run.runId;
    const departure = await this.#executor.execute(run);
    this.#executing.delete(run.runId);
    if (this.#aloneInside === run.runId) this.#aloneInside = undefined;
    if (departure === "ended") this.#count();
    if (departure === "released") this.#handedOver++;
    if (departure === "lost") this.#parts.onNote({ level: "debug", message: "run lost: somebody else has it, or ended it", runId: run.runId });
    this.#claims.look();
  }

  #executorEvents(): ExecutorEvents {
    return {
      onOutcome: (runId) => {
        this.#parts.onOutcome?.(runId);
        if (this.#aloneInside === runId) this.#proveHarmless(runId);
      },
      onStorageTrouble: (error) => {
        if (isStoreGone(error)) return this.#die(error);
        this.#storeRefuses = true;
        this.#note("error", "the store takes nothing more; claiming stops until it does", error);
      },
      onStorageBack: () => {
        this.#storeRefuses = false;
        this.#claims.look();
      },
      onNote: (note) => this.#parts.onNote(note),
    };
  }

  // A run with a new outcome is no danger to its neighbours any more: any worker may have it.
  #proveHarmless(runId: RunId): void {
    this.#aloneInside = undefined;
    if (this.#parts.company === "alone") void this.#executor.releaseRun(runId);
    else this.#claims.look();
  }

  #count(): void {
    this.#processed++;
    this.#progress ??= this.#parts.clock.setTimer(() => void this.#tellProgress(), progressEveryMs);
  }

  async #tellProgress(): Promise<void> {
    this.#progress?.cancel();
    this.#progress = undefined;
    await this.#parts.backend
      .updateWorker(this.workerId, { processed: this.#processed })
      .catch((error: unknown) => this.#note("debug", "the count of processed runs was not written", error));
  }

  async #retire(end: WorkerEnd): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const { backend, clock } = this.#parts;
    await this.#claims.close();
    await this.#heartbeat.stop();
    await this.#tellProgress();
    await backend
      .loseWorker({ workerId: this.workerId, now: clock.now(), error: "stopped", charge: "none" })
      .catch((error: unknown) => this.#note("warn", "the store was not told of the end of this worker", error));
    this.#parts.onNote({ level: end === "stopped" ? "info" : "debug", message: end, fields: { ended: this.#processed, handed_over: this.#handedOver } });
    this.#end.resolve(end);
  }

  #die(storeGone?: StorageError): void {
    if (this.#over) return;
    this.#over = true;
    this.#lease.lost();
    this.#executor.drop();
    this.#progress?.cancel();
    if (storeGone) this.#note("error", "this worker ends: its store is gone", storeGone);
    else this.#note("error", "this worker was declared dead: its heartbeat did not reach the store in time; its runs are taken over by others");
    // Neither is waited for: a store that hangs must not keep a dead worker alive.
    void this.#claims.close();
    void this.#heartbeat.stop();
    this.#end.resolve("dead");
  }

  #note(level: ExecutorNote["level"], message: string, error?: unknown): void {
    this.#parts.onNote(error === undefined ? { level, message } : { level, message, fields: { error } });
  }
}
