import type { Timer } from "../../base/clock.js";
import { deferred } from "../../base/deferred.js";
import { unreachable } from "../../base/unreachable.js";
import { decide, type Decision, type Misfit } from "../../core/decide.js";
import { defaults } from "../../core/defaults.js";
import { CancellationError, EventLimitExceededError, WorkflowTimeoutError } from "../../core/errors.js";
import { isOutcome, type RecordedEvent } from "../../core/events/event.js";
import type { RunId } from "../../core/ids.js";
import type { LogLevel } from "../../core/log-options.js";
import type { RunRecord } from "../../core/run.js";
import type { CommitResult, RunCommit, WorkerRecord } from "../../storage/backend.js";
import { requestCancellation } from "../cancel-run.js";
import { lastOfChain } from "../chain.js";
import { runOutside, type Outside } from "../context/current.js";
import { logThrough } from "../context/log.js";
import type { WorkflowDefinition } from "../definition.js";
import type { Departure } from "../executor.js";
import type { CommitMember } from "../group-commit.js";
import { Attempts } from "./attempts.js";
import { Body } from "./body.js";
import { departureNote } from "./departure-note.js";
import { endingOf, parkingOf, releaseOf, reservationOf } from "./ending.js";
import type { RunEnvironment } from "./environment.js";
import { Operations } from "./operations.js";
import { RunLog, type Final } from "./run-log.js";

/**
 * Executes one claimed run: deliver what the log has, one outcome a turn; at rest decide purely; then act once. It goes on
 * whenever a commit returns, an attempt ends, a timer fires or somebody else appended.
 */
export class RunLoop implements CommitMember {
  readonly runId: RunId;
  readonly #run: RunRecord;
  readonly #environment: RunEnvironment;
  readonly #log: RunLog;
  readonly #body: Body;
  readonly #attempts: Attempts;
  readonly #operations: Operations;
  readonly #departed = deferred<Departure>();
  #gone = false;
  #releasing = false;
  // Until the body has started: an outcome delivered before would find nobody who asked for it.
  #pumping = true;
  #stirred = false;
  #timer: Timer | undefined;
  #warnedAt = 0;
  #strayAwaited = false;
  // Whether a worker lives whose code fits: asked once; while the answer is on its way nothing is decided.
  #fitsElsewhere: boolean | "asked" | undefined;

  constructor(run: RunRecord, definition: WorkflowDefinition, environment: RunEnvironment) {
    this.runId = run.runId;
    this.#run = run;
    this.#environment = environment;
    this.#log = new RunLog(run);
    const { history } = this.#log;
    const log = logThrough((level, message, fields) => {
      if (!this.#body.replaying) this.#note(level, message, fields);
    });
    const { payloadBytes } = environment.limits;
    const seed = run.seed ?? run.runId;
    this.#body = new Body({ ...run, seed, definition, history, log, payloadBytes, outside: outsideOf(environment), onStir: () => this.#stir() });
    this.#attempts = new Attempts({
      ...environment,
      runId: run.runId,
      epoch: run.epoch,
      writeLog: (level, message, fields) => this.#note(level, message, fields),
      onEnd: (operation, end) => {
        this.#operations.attemptEnded(operation, end);
        this.#stir();
      },
    });
    this.#operations = new Operations({ run, log: this.#log, body: this.#body, attempts: this.#attempts, environment, onStir: () => this.#stir() });
  }

  /** Resolves when this worker no longer holds the run. */
  async execute(): Promise<Departure> {
    await this.#load();
    // The worker may have lost the run meanwhile: its code is not even called.
    if (!this.#gone) await this.#body.start();
    void this.#pump();
    return this.#departed.promise;
  }

  /** Somebody appended up to `sequence`. */
  wake(sequence: number): void {
    if (!this.#run.durable || sequence > this.#log.history.lastSequence) this.#catchUp();
  }

  /** No new step starts; when the running ones are done, the run is handed over. */
  release(): void {
    this.#releasing = true;
    this.#attempts.hold();
    this.#stir();
  }

  /** Hands the run over now: what its steps return is dropped. */
  releaseNow(): void {
    this.#attempts.abandonAll(new CancellationError("the worker hands the run over"));
    this.release();
  }

  /** This worker holds nothing any more: writes nothing, starts nothing. */
  drop(): void {
    this.#leave("lost");
  }

  take(): RunCommit | undefined {
    return this.#gone ? undefined : this.#log.take();
  }

  resultFrom(newer: readonly RecordedEvent[]): CommitResult {
    return this.#log.resultFrom(newer);
  }

  onResult(result: CommitResult): void {
    if (this.#gone) return;
    const settled = this.#log.settle(result);
    if (settled.kind === "fenced") return this.#leave("lost");
    if (settled.kind === "outdated") return this.#catchUp();
    if (settled.own.some(isOutcome)) {
      this.#operations.careful = false;
      this.#environment.events.onOutcome(this.runId);
    }
    if (settled.departure === undefined) return this.#stir();
    this.#environment.events.onNote(departureNote(this.#run, settled.own.at(-1)));
    this.#leave(settled.departure);
  }

  // Something happened: deliver and decide again, after what is under way.
  #stir(): void {
    this.#stirred = true;
    if (!this.#pumping && !this.#gone) runOutside(() => void this.#pump());
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    do {
      this.#stirred = false;
      await this.#body.deliverAll();
      if (!this.#gone && !this.#stirred) this.#decideAndAct();
    } while (this.#stirred && !this.#gone);
    this.#pumping = false;
  }

  #decideAndAct(): void {
    this.#timer?.cancel();
    if (this.#log.final === undefined && !(this.#log.committing && this.#body.ended !== undefined)) this.#carryOut(this.#decision());
    if (!this.#run.durable && this.#log.final === undefined) this.#settleLocally();
    else if (this.#log.busy || this.#log.final !== undefined) this.#environment.commits.request(this);
  }

  #decision(): Decision {
    const { durable } = this.#run;
    const { ended, misfit, open, beside, delivered } = this.#body;
    const [unasked] = this.#log.history.unasked;
    const { maxDurationMs = Infinity, startedAt = 0 } = this.#run;
    return decide({
      misfit,
      unasked,
      durable,
      open: open.size - beside.size,
      deadline: (durable ? this.#log.history.aliveSince : startedAt) + maxDurationMs,
      lastDelivered: delivered,
      releasing: this.#releasing,
      bodyEnded: ended !== undefined,
      mustAct: this.#operations.mustAct,
      recordsPatch: this.#operations.recordsPatch,
      busy: this.#log.busy || this.#attempts.count > 0 || this.#operations.busy,
      nextTimer: this.#operations.nextTimer(),
      now: this.#environment.clock.now(),
      retryInMemoryMs: defaults.engine.retryInMemoryMs,
    });
  }

  #carryOut(decision: Decision): void {
    switch (decision.kind) {
      case "park":
        return this.#awaitsStray(decision.misfit) ? this.#wakeIn(defaults.engine.strayMs) : this.#park(decision.misfit);
      case "end":
        return this.#finish(endingOf({ run: this.#run, log: this.#log, body: this.#body, environment: this.#environment }));
      case "expire":
        this.#body.ended = { error: new WorkflowTimeoutError(this.runId, this.#run.maxDurationMs ?? 0), imposed: true };
        this.#stirred = true;
        return;
      case "release":
        return this.#finish(releaseOf(this.#run, this.#environment.clock.now()));
      case "suspend": {
        const { kind: _kind, ...wake } = decision;
        const at = this.#environment.clock.now();
        return this.#finish({ departure: "suspended", events: [{ type: "workflow.suspended", at, reason: "waiting", ...wake }] });
      }
      case "act":
        if (this.#withinLimits()) this.#operations.act();
        this.#stirred = true;
        return;
      case "fire_timers":
        this.#operations.fireTimers();
        this.#stirred = true;
        return;
      case "wait":
        if (decision.until !== undefined) this.#wakeIn(decision.until - this.#environment.clock.now());
        return;
      default:
        return unreachable(decision);
    }
  }

  #finish(final: Final): void {
    this.#log.final = final;
  }

  // Code that does not fit leaves the run to who lives and fits: two versions on one store must not park each other's runs.
  #park(misfit: Misfit): void {
    this.#body.frozen = true;
    const { version, clock } = this.#environment;
    const { writtenBy = version } = this.#log.history;
    if (writtenBy !== version && this.#fitsElsewhere === undefined) void this.#askWhoFits(writtenBy);
    else if (this.#fitsElsewhere === true) this.#finish(reservationOf(writtenBy, clock.now()));
    else if (this.#fitsElsewhere !== "asked") this.#finish(parkingOf({ log: this.#log, environment: this.#environment }, this.#body.explain(misfit)));
  }

  async #askWhoFits(version: string): Promise<void> {
    this.#fitsElsewhere = "asked";
    const workers = (await this.#environment.commits.ask((backend) => backend.listWorkers())) ?? [];
    // As a claim sees it (`isServed`): a supervisor, whose processes may run newer code, executes nothing.
    const serves = ({ role, status, version: served, workflows }: WorkerRecord) =>
      role !== "supervisor" && status === "online" && served === version && workflows.includes(this.#run.workflowName);
    this.#fitsElsewhere = workers.some(serves);
    this.#stir();
  }

  #withinLimits(): boolean {
    if (!this.#run.durable) return true; // it keeps no events
    const { eventSoft, eventHard, eventWarningInterval } = this.#environment.limits;
    const { length } = this.#log;
    if (length >= eventHard) {
      this.#body.ended = { error: new EventLimitExceededError(this.runId, eventHard), imposed: true };
      return false;
    }
    if (length >= eventSoft && (this.#warnedAt === 0 || length >= this.#warnedAt + eventWarningInterval)) {
      this.#warnedAt = length;
      this.#note("warn", `the run has ${length} events; it fails at ${eventHard}`);
    }
    return true;
  }

  #settleLocally(): void {
    if (this.#log.settleLocally().length > 0) this.#stirred = true;
  }

  // Somebody else wrote to the run.
  #catchUp(): void {
    void (this.#run.durable ? this.#load() : this.#hear()).then(() => this.#stir());
  }

  async #load(): Promise<void> {
    if (!this.#run.durable) return;
    const { commits } = this.#environment;
    const { history } = this.#log;
    const newer = (await commits.read(this.runId, history.lastSequence)) ?? [];
    // What comes after the run was let go of is for its next holder; where that was refused, it is loaded again.
    if (this.#log.leaving) return;
    history.absorb(newer);
    this.#log.final = undefined;
    // Somebody ended it by force, or its parent closed it.
    if (history.ended) this.#leave("lost");
  }

  // A transient run has no log to load: its row alone tells that somebody wants it to end.
  async #hear(): Promise<void> {
    const run = await this.#environment.commits.ask((backend) => backend.getRun(this.runId));
    if (this.#gone) return;
    if (run?.epoch !== this.#run.epoch || run.status !== "running") return this.#leave("lost");
    this.#log.heard = run.inbox ?? 0;
    if (!run.cancellationRequested || this.#log.history.cancellation !== undefined) return;
    this.#log.absorbLocally([{ type: "cancellation.requested", at: this.#environment.clock.now(), requestedBy: "" }]);
  }

  // A body at rest with nothing pending waits for something that is not in the log. Its next call would tell for what: it gets a moment to come.
  #awaitsStray({ code, operationId }: Misfit): boolean {
    if (code !== "NON_DURABLE_AWAIT" || operationId !== undefined || this.#body.misfit !== undefined || this.#strayAwaited) return false;
    this.#strayAwaited = true;
    return true;
  }

  // Timers are capped and clocks jump: who is woken looks again, and waits again where it is too early.
  #wakeIn(delayMs: number): void {
    this.#timer = this.#environment.clock.setTimer(() => this.#stir(), Math.max(1, delayMs));
  }

  #leave(departure: Departure): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#body.frozen = true;
    this.#timer?.cancel();
    this.#operations.close();
    this.#attempts.abandonAll(new CancellationError(`the worker no longer executes the run (${departure})`));
    this.#departed.resolve(departure);
  }

  #note(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#environment.events.onNote({ level, message, runId: this.runId, ...(fields && { fields }) });
  }
}

function outsideOf({ backend, clock }: RunEnvironment): Outside {
  return {
    cancel: async (runId, reason) => void (await requestCancellation(backend, clock, { runId, reason, requestedBy: "parent" })),
    statusOf: async (runId) => (await lastOfChain(backend, runId)).status,
  };
}
