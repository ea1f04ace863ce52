import { setAlarm } from "../../base/clock.js";
import { deferred } from "../../base/deferred.js";
import { isStoreGone, type StorageError } from "../../core/errors.js";
import type { WorkerId } from "../../core/ids.js";
import type { ExecutorNote } from "../../engine/executor.js";
import type { WorkerLoss, WorkerRecord } from "../../storage/backend.js";
import { loseWorker } from "../lose-worker.js";
import { startRetention, type Retaining } from "../retention.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import { startScheduling } from "../scheduler/scheduling.js";
import { describeExit, type Child, type Loaded } from "./child.js";
import { chargeFor, crashLoopDeaths, pauseMs } from "./crash-loop.js";
import { Enrolment } from "./enrolment.js";
import { Observer } from "./observer.js";
import type { SupervisorParts } from "./parts.js";
import { Overview } from "./overview.js";
import { Renewal } from "./renewal.js";
import { exitGraceMs, Roster, type Member } from "./roster.js";

/** Starts worker processes, watches them and every other worker of the store, and brings their runs back when they die. */
export interface Supervisor {
  /** Resolves when the first process claims. Rejects with what kept it from that, where none can begin. */
  readonly ready: Promise<Loaded>;
  /**
   * Resolves when every process is gone and the store knows it; after a failed start, too. Rejects with a StorageError where the store was replaced
   * or deleted: then the processes were ended at once.
   */
  readonly ended: Promise<void>;
  /** As on SIGTERM: the processes finish or hand over what they hold. The log says what it was asked by. */
  stop(by?: string): void;
  /** Ends the processes at once; what they held is due for others, and charged to no run. */
  kill(): void;
}

export function startSupervisor(parts: SupervisorParts): Supervisor {
  return new RunningSupervisor(parts);
}

const lookEveryMs = 250;

class RunningSupervisor implements Supervisor {
  readonly ready: Promise<Loaded>;
  readonly #parts: SupervisorParts;
  readonly #roster: Roster;
  readonly #observer: Observer;
  readonly #enrolment: Enrolment;
  readonly #renewal: Renewal;
  readonly #overview: Overview;
  readonly #end = deferred<void>();
  #loaded: Loaded | undefined;
  #scheduling: Scheduler | undefined;
  #retaining: Retaining | undefined;
  /** Deaths since the last new outcome of any run. */
  #deathsInARow = 0;
  #startAgainAt = -Infinity;
  #phase: "at work" | "stopping" | "ended" = "at work";
  #looking: Promise<void> | undefined;
  #pause = deferred<void>();
  #storeGone: StorageError | undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    const { clock, locks, settings } = parts;
    this.#observer = new Observer({ clock, locks, leaseMs: settings.leaseMs, everyMs: lookEveryMs });
    this.#enrolment = new Enrolment(parts);
    this.#roster = new Roster(parts, {
      onOutcome: () => {
        this.#deathsInARow = 0;
        this.#renewal.gotOn();
      },
      onExit: (member) => this.#bury(member),
      // At once, not at the next look: recovery waits for nobody.
      onGone: () => void this.#fill(),
    });
    this.#overview = new Overview(parts, this.#roster);
    this.#renewal = new Renewal(parts, this.#roster, {
      start: (before) => this.#roster.start("crowd", this.#enrolment.workerId, before),
      isAtWork: () => this.#phase === "at work",
      onCodeChanged: () => this.#forgetDeaths(),
      onNewCode: (loaded) => this.#takeUp(loaded),
    });
    this.ready = this.#begin();
    // The caller may be waiting for one of them alone.
    this.ready.catch(() => this.#giveUp("no worker process could begin"));
    this.#end.promise.catch(() => undefined);
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  stop(by = "its program"): void {
    this.#leave("info", `asked to stop by ${by}: steps have ${this.#parts.settings.shutdownTimeoutMs / 1000} s to finish, the rest is handed over`);
  }

  #leave(level: ExecutorNote["level"], why: string): void {
    if (this.#phase !== "at work") return;
    this.#phase = "stopping";
    this.#note(level, why);
    void this.#finish();
  }

  kill(): void {
    if (this.#phase === "stopping") this.#note("warn", "asked again to stop: the worker processes are ended at once");
    this.#giveUp("the worker processes are ended at once");
  }

  #giveUp(why: string): void {
    this.#leave("debug", why);
    this.#roster.kill();
  }

  async #begin(): Promise<Loaded> {
    const children = await Promise.all(Array.from({ length: this.#parts.settings.processes }, () => this.#start("crowd")));
    const loaded = await Promise.any(children.map(({ ready }) => ready)).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors[0] : error;
    });
    await this.#enrolment.enter(loaded);
    this.#loaded = loaded;
    this.#schedule(loaded);
    if (this.#phase === "at work") this.#retaining = startRetention(this.#parts);
    this.#looking = this.#keepLooking();
    return loaded;
  }

  #schedule({ declarations }: Loaded): void {
    if (this.#phase === "at work") this.#scheduling = startScheduling({ ...this.#parts, declarations, fires: this.#parts.settings.scheduler });
  }

  async #takeUp(loaded: Loaded): Promise<void> {
    this.#loaded = loaded;
    await this.#scheduling?.stop();
    this.#schedule(loaded);
  }

  // They were the old code's.
  #forgetDeaths(): void {
    this.#deathsInARow = 0;
    this.#startAgainAt = -Infinity;
  }

  #start(company: "crowd" | "alone"): Promise<Child> {
    return this.#roster.start(company, this.#enrolment.workerId);
  }

  async #bury({ child, leaving, takesOver, readyAt }: Member & { readonly child: Child }): Promise<void> {
    const exit = await child.exited;
    const words = this.#parts.locks.lastWords(child.workerId);
    const error = words?.error ?? describeExit(exit);
    // Killed because it took too long to make room, or never begun in the place of one that is at work: no run and no code is to blame.
    const isOurs = leaving === "overdue" || (takesOver && readyAt === undefined);
    const isDeath = this.#loaded !== undefined && this.#phase === "at work" && !isOurs && (exit.code !== 0 || words !== undefined);
    if (isDeath) await this.#tellDeath(child, error);
    const charge = isDeath ? chargeFor(this.#deathsInARow, words?.runId) : "none";
    await this.#lose(child.workerId, error, charge);
  }

  async #tellDeath({ workerId, pid, ready }: Child, error: string): Promise<void> {
    this.#deathsInARow++;
    const delayMs = pauseMs(this.#deathsInARow);
    this.#startAgainAt = this.#parts.clock.monotonic() + delayMs;
    const cause = await ready.then(() => undefined, (reason: unknown) => reason);
    this.#note("warn", `worker process ${pid} is gone: ${error}`, { worker_id: workerId, ...(cause !== undefined && { error: cause }) });
    if (this.#deathsInARow < crashLoopDeaths) return;
    const seconds = Math.ceil(delayMs / 1000);
    this.#note("error", `crash loop: ${this.#deathsInARow} worker processes died in a row and no run got on; no run is charged, the next process starts in ${seconds} s`);
  }

  async #lose(workerId: WorkerId, error: string, charge: WorkerLoss["charge"]): Promise<void> {
    try {
      await this.#overview.lost(await loseWorker(this.#parts, { workerId, error, charge }));
    } catch (cause) {
      if (isStoreGone(cause)) return this.#abandon(cause);
      // The looks that follow find the lock free, and try again.
      this.#note("error", "the store was not told of a lost worker; trying again", { worker_id: workerId, error: cause });
    }
  }

  async #keepLooking(): Promise<void> {
    while (!this.#isOver()) {
      await this.#lookAround();
      this.#pause = deferred();
      const timer = this.#parts.clock.setTimer(() => this.#pause.resolve(), lookEveryMs);
      if (!this.#isOver()) await this.#pause.promise;
      timer.cancel();
    }
  }

  #isOver(): boolean {
    return this.#phase === "ended";
  }

  async #lookAround(): Promise<void> {
    try {
      const workers = await this.#parts.backend.listWorkers();
      if (this.#enrolment.isToldToStop(workers)) this.stop("worker stop");
      await this.#loseDead(workers.filter(({ workerId, status }) => workerId !== this.#enrolment.workerId && status !== "dead"));
      await this.#fill();
      await this.#isolate(workers);
      if (this.#loaded) await this.#renewal.look(this.#loaded);
      if (this.#parts.onLook) this.#parts.onLook(await this.#overview.look(workers));
      if (this.#parts.settings.drain && (await this.#isQuiet(workers))) this.#leave("info", "nothing is due and nothing runs");
    } catch (error) {
      if (isStoreGone(error)) this.#abandon(error);
      else this.#note("warn", "the store can't be asked for its workers; trying again", { error });
    }
  }

  // Whatever a run does from here on is lost: each moment counts.
  #abandon(storeGone: StorageError): void {
    this.#storeGone = storeGone;
    this.#giveUp("the store is gone");
  }

  async #loseDead(workers: readonly WorkerRecord[]): Promise<void> {
    const foreign = workers.filter(({ workerId }) => this.#roster.get(workerId) === undefined);
    for (const { workerId, error } of [...this.#observer.endedByLock(foreign), ...this.#observer.standingStill(workers)]) {
      await this.#lose(workerId, error, this.#parts.locks.lastWords(workerId)?.runId ?? "all");
      // One of our own that stands still (SIGSTOP): lost first, so that it finds nothing when it goes on.
      this.#roster.get(workerId)?.kill();
    }
  }

  /** Starts what is missing, once the pause after the last death is over. */
  async #fill(): Promise<void> {
    if (!this.#mayStart()) return;
    const missing = this.#parts.settings.processes - this.#roster.count("crowd");
    await Promise.all(Array.from({ length: Math.max(0, missing) }, () => this.#start("crowd")));
  }

  /** A process of its own for each due run that may be what kills its workers, as far as cores are idle. */
  async #isolate(workers: readonly WorkerRecord[]): Promise<void> {
    const { backend, clock, settings } = this.#parts;
    if (!this.#mayStart() || this.#loaded === undefined) return;
    const holding = new Set(workers.filter(({ activeRuns }) => activeRuns > 0).map(({ workerId }) => workerId));
    const isHolding = ({ workerId }: Child) => holding.has(workerId);
    const slots = Math.max(1, settings.cores - this.#roster.of("crowd").filter(isHolding).length) - this.#roster.count("alone");
    if (slots <= 0) return;
    // Those that hold none yet will take one of the due ones.
    const waiting = this.#roster.count("alone") - this.#roster.of("alone").filter(isHolding).length;
    const due = await backend.countDue({ ...this.#loaded, company: "alone", limit: slots + waiting, now: clock.now() });
    if (this.#mayStart()) await Promise.all(Array.from({ length: Math.max(0, due - waiting) }, () => this.#start("alone")));
  }

  #mayStart(): boolean {
    return this.#loaded !== undefined && this.#phase === "at work" && this.#parts.clock.monotonic() >= this.#startAgainAt;
  }

  async #isQuiet(workers: readonly WorkerRecord[]): Promise<boolean> {
    const { backend, clock } = this.#parts;
    if (this.#loaded === undefined || this.#holdsAny(workers) || this.#observer.seesEnded) return false;
    if (await this.#scheduling?.anyDue()) return false;
    if ((await backend.countDue({ ...this.#loaded, company: "any", limit: 1, now: clock.now() })) > 0) return false;
    // What was due a moment ago may be held by now, or have ended, and let something go on that was buffered.
    return !this.#holdsAny(await backend.listWorkers()) && !(await this.#scheduling?.anyDue());
  }

  #holdsAny(workers: readonly WorkerRecord[]): boolean {
    return workers.some(({ workerId, activeRuns }) => activeRuns > 0 && this.#roster.get(workerId) !== undefined);
  }

  async #finish(): Promise<void> {
    const { clock, settings } = this.#parts;
    const deadline = setAlarm(clock, settings.shutdownTimeoutMs + exitGraceMs, () => this.#roster.kill());
    void this.#enrolment.drains();
    await Promise.all([this.#roster.stop(settings.shutdownTimeoutMs), this.#scheduling?.stop(), this.#retaining?.stop()]);
    deadline.cancel();
    this.#phase = "ended";
    this.#pause.resolve();
    await this.#looking;
    await this.#enrolment.leave();
    this.#note(this.#storeGone ? "debug" : "info", "stopped");
    if (this.#storeGone) this.#end.reject(this.#storeGone);
    else this.#end.resolve();
  }

  #note(level: ExecutorNote["level"], message: string, fields?: ExecutorNote["fields"]): void {
    this.#parts.onNote({ level, message, ...(fields && { fields }) });
  }
}
