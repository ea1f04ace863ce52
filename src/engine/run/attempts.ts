import { setAlarm, type Clock, type Timer } from "../../base/clock.js";
import { decode } from "../../base/codec.js";
import { StepTimeoutError } from "../../core/errors.js";
import type { RunId, WorkerId } from "../../core/ids.js";
import { runIn, type StepContext } from "../context/current.js";
import { logThrough, type Log, type LogLevel } from "../context/log.js";

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
  writeLog(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
  onEnd(operation: Operation, end: AttemptEnd): void;
}

/** The step bodies of one run that are queued or running in this process. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #running = new Map<Operation, AbortController>();
  readonly #started = new Set<Operation>();
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
    const controller = new AbortController();
    this.#running.set(operation, controller);
    this.#options.slots.enter({
      isWanted: () => this.#running.get(operation) === controller,
      run: () => this.#run(operation, definition, controller),
    });
  }

  /** Tells an attempt to stop. It still ends by itself. */
  abort(operation: Operation, reason: Error): void {
    this.#running.get(operation)?.abort(reason);
  }

  /** Forgets an attempt, aborting its signal: whatever it returns is dropped. */
  abandon(operation: Operation, reason: Error): void {
    const controller = this.#running.get(operation);
    this.#running.delete(operation);
    this.#started.delete(operation);
    controller?.abort(reason);
  }

  /** From now on none starts; those that run go on. */
  hold(): void {
    this.#closed = true;
    for (const operation of this.#running.keys()) if (!this.#started.has(operation)) this.#running.delete(operation);
  }

  /** Forgets all of them; none starts any more. */
  abandonAll(reason: Error): void {
    this.#closed = true;
    for (const operation of this.#running.keys()) this.abandon(operation, reason);
  }

  async #run(operation: Operation, definition: StepDefinition, controller: AbortController): Promise<void> {
    this.#started.add(operation);
    const timer = this.#limit(operation, definition, controller);
    const end = await this.#call(operation, definition, controller.signal);
    timer?.cancel();
    this.#finish(operation, controller, end);
  }

  async #call(operation: Operation, definition: StepDefinition, signal: AbortSignal): Promise<AttemptEnd> {
    const { runId } = this.#options;
    const args = decode(operation.args) as readonly unknown[];
    try {
      return { value: await runIn({ kind: "step", runId, step: this.#context(operation, signal) }, () => definition.run(...args)) };
    } catch (error) {
      return { error };
    }
  }

  #finish(operation: Operation, controller: AbortController, end: AttemptEnd): void {
    if (this.#running.get(operation) !== controller) return;
    this.#running.delete(operation);
    this.#started.delete(operation);
    this.#options.onEnd(operation, end);
  }

  #limit(operation: Operation, definition: StepDefinition, controller: AbortController): Timer | undefined {
    const { timeoutMs } = definition;
    if (timeoutMs === undefined) return undefined;
    return setAlarm(this.#options.clock, timeoutMs, () => {
      const error = new StepTimeoutError(operation.id, timeoutMs);
      controller.abort(error);
      this.#finish(operation, controller, { error });
    });
  }

  #context(operation: Operation, signal: AbortSignal): StepContext {
    const { runId, workerId, epoch } = this.#options;
    const { id: stepId, attempt } = operation;
    return { runId, stepId, attempt, signal, workerId, epoch, idempotencyKey: `${runId}:${stepId}`, log: this.#log(operation) };
  }

  #log({ id, attempt }: Operation): Log {
    return logThrough((level, message, fields) => this.#options.writeLog(level, message, { step_id: id, attempt, ...fields }));
  }
}

