import { AsyncLocalStorage } from "node:async_hooks";
import { decode, encode, type Encoded } from "../../../src/base/codec.js";
import { deferred, type Deferred } from "../../../src/base/deferred.js";
import { isOutcome, type RecordedEvent } from "../../../src/core/events/event.js";
import { CancellationError } from "../../../src/index.js";
import type { Durable, StepCall } from "./body.js";
import { Instance } from "./instance.js";

/** What the reference was asked for. */
export interface Asked {
  readonly id: string;
  readonly args: Encoded;
  readonly after: number;
}

export type ReferenceEnd = { readonly value: unknown } | { readonly error: unknown };

// One for all: each that exists is copied with every promise there is.
const shielding = new AsyncLocalStorage<true>();

interface Open {
  readonly asked: Asked;
  readonly isSleep: boolean;
  readonly shielded: boolean;
  readonly outcome: Deferred<unknown>;
  settled: boolean;
}

/**
 * The engine's promise in a page: a body, fed with the outcomes of a finished log in their order, one in each turn of the
 * event loop. It knows no commits, no timers, no attempts and no crashes.
 */
export class Reference extends Instance implements Durable {
  readonly operations = new Map<string, Open>();
  end: ReferenceEnd | undefined;
  /** An outcome in the log that the body had not asked for when its turn came. */
  unasked: string | undefined;
  readonly #counts = new Map<string, number>();
  #delivered = 0;
  #nowMs = 0;
  #cancelled = false;

  async replay(body: (durable: Durable) => Promise<unknown>, history: readonly RecordedEvent[]): Promise<void> {
    this.#nowMs = history.find(({ type }) => type === "workflow.started")?.at ?? 0;
    body(this).then(
      (value) => (this.end = { value }),
      (error: unknown) => (this.end = { error }),
    );
    await endOfTurn();
    for (const event of history) {
      if (this.end !== undefined || this.unasked !== undefined) return;
      if (this.#deliver(event)) await endOfTurn();
    }
  }

  step({ name, args }: StepCall): Promise<number> {
    this.askedFor(`step ${name}`, [args]);
    return this.#ask(`step_simulation.${name}`, [args]) as Promise<number>;
  }

  sleep(duration: string): Promise<void> {
    this.askedFor("sleep", [duration]);
    return this.#ask("sleep", [duration]) as Promise<void>;
  }

  shield<T>(fn: () => Promise<T>): Promise<T> {
    return shielding.run(true, fn);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  #ask(key: string, args: readonly unknown[]): Promise<unknown> {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    const shielded = shielding.getStore() === true;
    const outcome = deferred<unknown>();
    outcome.promise.catch(() => undefined);
    if (this.#cancelled && !shielded) outcome.reject(new CancellationError());
    else {
      const asked = { id: `${key}_${count}`, args: encode(args), after: this.#delivered };
      this.operations.set(asked.id, { asked, isSleep: key === "sleep", shielded, outcome, settled: false });
    }
    return outcome.promise;
  }

  #deliver(event: RecordedEvent): boolean {
    if (event.type === "cancellation.requested") this.#cancel();
    else if (!isOutcome(event) || !this.#settle(event)) return false;
    this.#delivered = event.sequence;
    this.#nowMs = Math.max(this.#nowMs, event.at);
    return true;
  }

  #cancel(): void {
    this.#cancelled = true;
    for (const operation of this.operations.values()) {
      if (operation.settled || operation.shielded || !operation.isSleep) continue;
      operation.settled = true;
      operation.outcome.reject(new CancellationError());
    }
  }

  #settle(event: Extract<RecordedEvent, { operationId: unknown; type: "step.completed" | "step.failed" | "step.cancelled" | "sleep.completed" }>): boolean {
    const operation = this.operations.get(event.operationId);
    if (operation === undefined) this.unasked = event.operationId;
    if (operation === undefined || operation.settled) return false;
    operation.settled = true;
    if (event.type === "step.failed") operation.outcome.reject(decode(event.value));
    else if (event.type === "step.cancelled") operation.outcome.reject(new CancellationError());
    else operation.outcome.resolve(event.type === "step.completed" ? decode(event.value) : undefined);
    return true;
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
