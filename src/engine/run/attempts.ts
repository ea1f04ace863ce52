import { setAlarm, type Clock, type Timer } from "../../base/clock.js";
import { decode } from "../../base/codec.js";
import { StepHeartbeatTimeoutError, StepTimeoutError } from "../../core/errors.js";
import type { OperationId, RunId, WorkerId } from "../../core/ids.js";
import { runIn, type StepContext } from "../context/current.js";
import { logThrough, type Log, type WriteLog } from "../context/log.js";
import type { StepDefinition } from "../definition.js";
import type { Operation } from "./operation.js";
import type { StepSlots } from "./step-slots.js";

/** How an attempt ended: returned or threw. */
export type AttemptEnd = { readonly value: unknown } | { readonly error: unknown };

export interface AttemptsOptions {
  readonly runId: RunId;
  readonly workerId: WorkerId;
  readonly epoch: number;
  readonly clock: Clock;
  readonly slots: StepSlots;
  readonly writeLog: WriteLog;
  readonly onEnd: (operation: Operation, end: AttemptEnd) => void;
}

/** One attempt. Most steps never look at their signal: it is made when they do. */
class Attempt {
  started = false;
  /** Called by the step's code; set where somebody listens. */
  onHeartbeat: (() => void) | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}

/** What a step's code sees. A class, because one is made for every attempt, and few are asked for their signal or log. */
class AttemptContext implements StepContext {
  readonly runId: RunId;
  readonly stepId: OperationId;
  readonly attempt: number;
  readonly workerId: WorkerId;
  readonly epoch: number;
  readonly #options: AttemptsOptions;
  readonly #own: Attempt;

  constructor(options: AttemptsOptions, { id, attempt }: Operation, own: Attempt) {
    this.runId = options.runId;
    this.stepId = id;
    this.attempt = attempt;
    this.workerId = options.workerId;
    this.epoch = options.epoch;
    this.#options = options;
    this.#own = own;
  }

  get idempotencyKey(): string {
    return `${this.runId}:${this.stepId}`;
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  heartbeat(): void {
    this.#own.onHeartbeat?.();
  }

  get log(): Log {
    const { stepId: step_id, attempt } = this;
    return logThrough((level, message, fields) => this.#options.writeLog(level, message, { step_id, attempt, ...fields }));
  }
}

/** The step bodies of one run that are queued or running in this process. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #running = new Map<Operation, Attempt>();
  #closed = false;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  isRunning(operation: Operation): boolean {
    return this.#running.has(operation);
  }

  /** Queues an attempt: it starts in asking order, when a slot is free and the lease holds. */
  start(operation: Operation, definition: StepDefinition): void {
    if (this.#closed) return;
    const attempt = new Attempt();
    this.#running.set(operation, attempt);
    this.#options.slots.enter({
      isWanted: () => this.#running.get(operation) === attempt,
      run: () => this.#run(operation, definition, attempt),
    });
  }

  /** Tells an attempt to stop. It still ends by itself. */
  abort(operation: Operation, reason: Error): void {
    this.#running.get(operation)?.abort(reason);
  }

  /** Forgets an attempt, aborting its signal: whatever it returns is dropped. */
  abandon(operation: Operation, reason: Error): void {
    const attempt = this.#running.get(operation);
    this.#running.delete(operation);
    attempt?.abort(reason);
  }

  /** From now on none starts; those that run go on. */
  hold(): void {
    this.#closed = true;
    for (const [operation, { started }] of this.#running) if (!started) this.#running.delete(operation);
  }

  /** Forgets all of them; none starts any more. */
  abandonAll(reason: Error): void {
    this.#closed = true;
    for (const operation of this.#running.keys()) this.abandon(operation, reason);
  }

  async #run(operation: Operation, definition: StepDefinition, attempt: Attempt): Promise<void> {
    attempt.started = true;
    const limits = this.#limit(operation, definition, attempt);
    const end = await this.#call(operation, definition, attempt);
    for (const limit of limits) limit.cancel();
    this.#finish(operation, attempt, end);
  }

  async #call(operation: Operation, definition: StepDefinition, attempt: Attempt): Promise<AttemptEnd> {
    const { runId } = this.#options;
    const args = decode(operation.args) as readonly unknown[];
    try {
      return { value: await runIn({ kind: "step", runId, step: new AttemptContext(this.#options, operation, attempt) }, () => definition.run(...args)) };
    } catch (error) {
      return { error };
    }
  }

  #finish(operation: Operation, attempt: Attempt, end: AttemptEnd): void {
    if (this.#running.get(operation) !== attempt) return;
    this.#running.delete(operation);
    this.#options.onEnd(operation, end);
  }

  #limit(operation: Operation, { timeoutMs, heartbeatTimeoutMs }: StepDefinition, attempt: Attempt): readonly Timer[] {
    const fail = (error: Error) => {
      attempt.abort(error);
      this.#finish(operation, attempt, { error });
    };
    const { clock } = this.#options;
    const limits: Timer[] = [];
    if (timeoutMs !== undefined) limits.push(setAlarm(clock, timeoutMs, () => fail(new StepTimeoutError(operation.id, timeoutMs))));
    if (heartbeatTimeoutMs !== undefined) {
      limits.push(watchHeartbeat(attempt, { clock, timeoutMs: heartbeatTimeoutMs, onSilence: () => fail(new StepHeartbeatTimeoutError(operation.id, heartbeatTimeoutMs)) }));
    }
    return limits;
  }
}

interface Watch {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onSilence: () => void;
}

// A step may beat in a tight loop: a beat notes the time, and the alarm that goes off looks at it.
function watchHeartbeat(attempt: Attempt, { clock, timeoutMs, onSilence }: Watch): Timer {
  let lastBeat = clock.monotonic();
  attempt.onHeartbeat = () => {
    lastBeat = clock.monotonic();
  };
  let alarm: Timer;
  const watch = (leftMs: number) => {
    alarm = setAlarm(clock, leftMs, () => {
      const silentMs = clock.monotonic() - lastBeat;
      if (silentMs >= timeoutMs) onSilence();
      else watch(timeoutMs - silentMs);
    });
  };
  watch(timeoutMs);
  return { cancel: () => alarm.cancel() };
}
