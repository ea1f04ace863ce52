import { setAlarm, type Timer } from "../../base/clock.js";
import { defaults } from "../../core/defaults.js";
import { CancellationError, FatalError, NotStorableValueError, PayloadTooLargeError } from "../../core/errors.js";
import { retryDelayMs } from "../../core/retry.js";
import type { RunRecord } from "../../core/run.js";
import type { AttemptEnd, Attempts } from "./attempts.js";
import type { Body } from "./body.js";
import type { Operation, StepRequest } from "./operation.js";
import type { RunLog } from "./run-log.js";
import type { RunEnvironment } from "./environment.js";
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
  /** Those with a due time. A set of its own: scanning all open operations on each decision is quadratic. */
  readonly #timed = new Set<Operation>();
  #cancelled = false;
  #grace: Timer | undefined;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.careful = options.run.recoveryAttempts > 0;
  }

  /** The body has seen a request to cancel that running and waiting steps have not. */
  get mustCancel(): boolean {
    return this.#options.body.cancelled && !this.#cancelled;
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

  /** Carries out what was asked for, in asking order. */
  act(): void {
    const { body } = this.#options;
    const unacted = body.unacted;
    body.unacted = [];
    if (this.mustCancel) this.#cancelSteps();
    for (const operation of unacted) {
      if (operation.settled || operation.outcomeEmitted) continue;
      operation.acted = true;
      if (operation.request.kind === "sleep") this.#startSleep(operation);
      else this.#takeUpStep(operation, operation.request);
    }
  }

  /** Timers found due together settle by due time, then in asking order. */
  fireTimers(): void {
    const now = this.#options.environment.clock.now();
    const due = [...this.#timed].filter(({ dueAt, settled }) => !settled && dueAt !== undefined && dueAt <= now);
    for (const operation of due.toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))) {
      this.#unsetTimer(operation);
      if (operation.request.kind === "step") this.#attempt(operation, operation.request);
      else this.#emitOutcome(operation, { type: "sleep.completed", at: now, operationId: operation.id });
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

  #startSleep(operation: Operation): void {
    const { log, environment } = this.#options;
    const { request, id: operationId, args, after } = operation;
    if (request.kind !== "sleep") return;
    const at = environment.clock.now();
    const recorded = log.history.operations.get(operationId);
    const resumeAt = recorded?.dueAt ?? request.until ?? at + (request.durationMs ?? 0);
    this.#setTimer(operation, resumeAt);
    if (recorded === undefined) log.emit({ type: "sleep.started", at, operationId, resumeAt, after, value: args });
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

  #attempt(operation: Operation, { definition }: StepRequest): void {
    const { log, attempts, environment } = this.#options;
    const { id: operationId, args, after } = operation;
    operation.attempt++;
    const event = { type: "step.started", at: environment.clock.now(), operationId, attempt: operation.attempt, after, value: args } as const;
    // The run may be cancelled while a careful start waits for its commit.
    const start = () => {
      if (!operation.outcomeEmitted) attempts.start(operation, definition);
    };
    log.emit(event, this.careful ? start : undefined);
    if (!this.careful) start();
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

  // A running step gets its signal and a grace; one that waits for its next attempt is settled by the next commit.
  #cancelSteps(): void {
    const { body, attempts, environment } = this.#options;
    this.#cancelled = true;
    const running: Operation[] = [];
    for (const operation of body.open) {
      if (operation.shielded || !operation.acted || operation.request.kind !== "step") continue;
      if (attempts.isRunning(operation)) running.push(operation);
      else this.#emitCancelled(operation);
      attempts.abort(operation, new CancellationError());
    }
    if (running.length > 0) this.#grace = setAlarm(environment.clock, defaults.engine.cancelGraceMs, () => this.#giveUp(running));
  }

  #giveUp(running: readonly Operation[]): void {
    const { attempts, body, onStir } = this.#options;
    for (const operation of running) {
      if (body.ended !== undefined || !attempts.isRunning(operation)) continue;
      attempts.abandon(operation, new CancellationError());
      this.#emitCancelled(operation);
    }
    onStir();
  }

  #emitCancelled(operation: Operation): void {
    const at = this.#options.environment.clock.now();
    this.#emitOutcome(operation, { type: "step.cancelled", at, operationId: operation.id, reason: "cancelled" });
  }

  #emitOutcome(operation: Operation, event: Parameters<RunLog["emit"]>[0]): void {
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
