import { setAlarm, type Timer } from "../../base/clock.js";
import { defaults } from "../../core/defaults.js";
import { FatalError, NotStorableValueError, PayloadTooLargeError } from "../../core/errors.js";
import type { WorkflowEvent } from "../../core/events/event.js";
import { retryDelayMs } from "../../core/retry.js";
import type { RunRecord } from "../../core/run.js";
import type { AttemptEnd, Attempts } from "./attempts.js";
import type { Body } from "./body.js";
import { Children } from "./children.js";
import type { RunEnvironment } from "./environment.js";
import type { HookRequest, Operation, SleepRequest, StepRequest } from "./operation.js";
import type { RunLog } from "./run-log.js";
import { storable, storableError } from "./storable.js";

export interface OperationsOptions {
  readonly run: RunRecord;
  readonly log: RunLog;
  readonly body: Body;
  readonly attempts: Attempts;
  readonly environment: RunEnvironment;
  /** Something changed without anybody asking: decide again. */
  readonly onStir: () => void;
}

/** Carries operations out: only at rest, when drift has been ruled out. */
export class Operations {
  /** After a loss an attempt starts only once its `step.started` is durable, so that the next loss can tell which step it was. */
  careful: boolean;
  readonly #options: OperationsOptions;
  readonly #children: Children;
  /** Those with a due time. A set of its own: scanning all open operations on each decision is quadratic. */
  readonly #timed = new Set<Operation>();
  #cancelled = false;
  #patchesUnderWay = 0;
  #grace: Timer | undefined;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.careful = options.run.recoveryAttempts > 0;
    this.#children = new Children({ ...options, emitOutcome: (operation, event) => this.#emitOutcome(operation, event) });
  }

  /** Something was asked for, recorded or cancelled that has not been carried out. */
  get mustAct(): boolean {
    const { body } = this.#options;
    return body.unacted.length > 0 || body.unrecordedPatches.length > 0 || (body.cancelled && !this.#cancelled);
  }

  get recordsPatch(): boolean {
    return this.#patchesUnderWay > 0;
  }

  /** Whether something goes on that is neither an attempt nor in the log. */
  get busy(): boolean {
    return this.#children.starting > 0;
  }

  /** The earliest timer. */
  nextTimer(): { readonly dueAt: number; readonly isRetry: boolean } | undefined {
    let next: { dueAt: number; isRetry: boolean } | undefined;
    for (const { dueAt, settled, request } of this.#timed) {
      if (dueAt === undefined || settled) continue;
      if (next === undefined || dueAt < next.dueAt) next = { dueAt, isRetry: request.kind === "step" };
    }
    return next;
  }

  /** Carries out what was asked for, in asking order; where `patched()` has said true, that is recorded first. */
  act(): void {
    const { body } = this.#options;
    if (body.unrecordedPatches.length > 0) return this.#recordPatches();
    const unacted = body.unacted;
    body.unacted = [];
    if (body.cancelled && !this.#cancelled) this.#cancelAll();
    for (const operation of unacted) {
      if (operation.settled || operation.outcomeEmitted) continue;
      operation.acted = true;
      this.#actOn(operation);
    }
  }

  /** Timers found due together settle by due time, then in asking order. */
  fireTimers(): void {
    const now = this.#options.environment.clock.now();
    const due = [...this.#timed].filter(({ dueAt, settled }) => !settled && dueAt !== undefined && dueAt <= now);
    for (const operation of due.toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))) {
      this.#unsetTimer(operation);
      const { id: operationId, request } = operation;
      if (request.kind === "step") this.#attempt(operation, request);
      else this.#emitOutcome(operation, { type: request.kind === "hook" ? "hook.expired" : "sleep.completed", at: now, operationId });
    }
  }

  /** The run has left: nothing of it is waited for. */
  close(): void {
    this.#grace?.cancel();
  }

  attemptEnded(operation: Operation, end: AttemptEnd): void {
    const { body } = this.#options;
    // I3: the end of the run closes what is open; an outcome that comes after the body has ended would be a second one.
    if (body.ended !== undefined || operation.outcomeEmitted || operation.settled || operation.request.kind !== "step") return;
    if ("error" in end) return this.#failed(operation, operation.request, end.error);
    const { environment } = this.#options;
    const stored = storable(end.value, `the result of ${operation.id}`, environment.limits.payloadBytes);
    if ("error" in stored) return this.#failed(operation, operation.request, stored.error);
    this.#emitOutcome(operation, { type: "step.completed", at: environment.clock.now(), operationId: operation.id, value: stored.value });
  }

  #recordPatches(): void {
    const { body, log, environment } = this.#options;
    const patches = body.unrecordedPatches;
    body.unrecordedPatches = [];
    this.#patchesUnderWay += patches.length;
    for (const { id: operationId, after } of patches) {
      log.emit({ type: "patch.recorded", at: environment.clock.now(), operationId, after }, () => {
        this.#patchesUnderWay--;
      });
    }
  }

  #actOn(operation: Operation): void {
    const { request } = operation;
    switch (request.kind) {
      case "step":
        return this.#takeUpStep(operation, request);
      case "sleep":
        return this.#startSleep(operation, request);
      case "hook":
        return this.#createHook(operation, request);
      case "child":
        return this.#children.start(operation, request);
    }
  }

  #startSleep(operation: Operation, request: SleepRequest): void {
    const { log, environment } = this.#options;
    const { id: operationId, args, after } = operation;
    const at = environment.clock.now();
    const recorded = log.history.operations.get(operationId);
    const askedFor = request.durationMs === undefined ? request.until : at + request.durationMs;
    const resumeAt = recorded?.dueAt ?? askedFor;
    this.#setTimer(operation, resumeAt);
    if (recorded === undefined) log.emit({ type: "sleep.started", at, operationId, resumeAt, after, value: args });
  }

  #createHook(operation: Operation, { name, timeoutMs, schema }: HookRequest): void {
    const { log, environment } = this.#options;
    const { id: operationId, after } = operation;
    const at = environment.clock.now();
    const recorded = log.history.operations.get(operationId);
    const expiresAt = recorded === undefined ? timeoutMs && at + timeoutMs : recorded.dueAt;
    if (expiresAt !== undefined) this.#setTimer(operation, expiresAt);
    if (recorded !== undefined) return;
    log.emit({ type: "hook.created", at, operationId, name, after, ...(expiresAt !== undefined && { expiresAt }), ...(schema && { schema }) });
  }

  // What the step does next comes from the log: another worker may have tried it in between.
  #takeUpStep(operation: Operation, request: StepRequest): void {
    const { log, body } = this.#options;
    const recorded = log.history.operations.get(operation.id);
    operation.attempt = recorded?.attempt ?? 0;
    operation.failures = recorded?.failures ?? 0;
    if (body.cancelled && !operation.shielded) this.#emitCancelled(operation);
    else if (recorded?.dueAt === undefined) this.#attempt(operation, request);
    else this.#setTimer(operation, recorded.dueAt);
  }

  #attempt(operation: Operation, { definition, afterOthers }: StepRequest): void {
    const { log, attempts, environment } = this.#options;
    const { id: operationId, args, after } = operation;
    operation.attempt++;
    const event = { type: "step.started", at: environment.clock.now(), operationId, attempt: operation.attempt, after, value: args } as const;
    // The run may be cancelled while a careful start waits for its commit.
    const start = () => {
      if (!operation.outcomeEmitted) attempts.start(operation, environment.stepFor?.(definition) ?? definition);
    };
    const careful = this.careful || afterOthers === true;
    log.emit(event, careful ? start : undefined);
    if (!careful) start();
  }

  #failed(operation: Operation, { definition }: StepRequest, error: unknown): void {
    const { log, body, environment } = this.#options;
    if (body.cancelled && !operation.shielded) return this.#emitCancelled(operation);
    operation.failures++;
    const at = environment.clock.now();
    const { id: operationId, attempt } = operation;
    const value = storableError(error);
    const isRetryable = !isFinal(error) && operation.failures <= definition.maxRetries;
    if (!isRetryable) return this.#emitOutcome(operation, { type: "step.failed", at, operationId, attempt, isRetryable, value });
    const delayMs = retryDelayMs(definition.retryDelay, { error, failures: operation.failures, now: at, chance: environment.random() });
    log.emit({ type: "step.failed", at, operationId, attempt, isRetryable, value });
    log.emit({ type: "step.retrying", at, operationId, attempt: attempt + 1, resumeAt: at + delayMs });
    this.#setTimer(operation, at + delayMs);
  }

  // A running step gets its signal and a grace; one that waits for its next attempt is settled by the next commit. Hooks are disposed of, children asked.
  #cancelAll(): void {
    const { body, attempts, environment } = this.#options;
    this.#cancelled = true;
    const running: Operation[] = [];
    for (const operation of body.operations.values()) {
      if (operation.shielded || operation.outcomeEmitted) continue;
      const { kind } = operation.request;
      if (kind === "hook") this.#dispose(operation);
      else if (operation.settled || !operation.acted) continue;
      else if (kind === "child") this.#children.cancel(operation);
      else if (kind === "step") {
        if (attempts.isRunning(operation)) running.push(operation);
        else this.#emitCancelled(operation);
        attempts.abort(operation, this.#options.body.cancellation());
      }
    }
    if (running.length > 0) this.#grace = setAlarm(environment.clock, defaults.engine.cancelGraceMs, () => this.#giveUp(running));
  }

  // The body waits for it no more; what remains is to tell those who would resume it.
  #dispose(operation: Operation): void {
    const { log, environment } = this.#options;
    const recorded = log.history.operations.get(operation.id);
    if (recorded?.outcome !== undefined || (recorded === undefined && !operation.acted)) return;
    this.#emitOutcome(operation, { type: "hook.disposed", at: environment.clock.now(), operationId: operation.id, reason: "cancelled" });
  }

  #giveUp(running: readonly Operation[]): void {
    const { attempts, body, onStir } = this.#options;
    for (const operation of running) {
      if (body.ended !== undefined || !attempts.isRunning(operation)) continue;
      attempts.abandon(operation, body.cancellation());
      this.#emitCancelled(operation);
    }
    onStir();
  }

  #emitCancelled(operation: Operation): void {
    const at = this.#options.environment.clock.now();
    this.#emitOutcome(operation, { type: "step.cancelled", at, operationId: operation.id, reason: "cancelled" });
  }

  #emitOutcome(operation: Operation, event: WorkflowEvent): void {
    // I3: one outcome an operation.
    if (operation.outcomeEmitted) return;
    operation.outcomeEmitted = true;
    this.#unsetTimer(operation);
    this.#options.log.emit(event);
  }

  #setTimer(operation: Operation, dueAt: number): void {
    operation.dueAt = dueAt;
    this.#timed.add(operation);
  }

  #unsetTimer(operation: Operation): void {
    operation.dueAt = undefined;
    this.#timed.delete(operation);
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof FatalError || error instanceof NotStorableValueError || error instanceof PayloadTooLargeError;
}
