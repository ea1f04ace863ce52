import type { Encoded } from "../base/codec.js";
import { assert } from "../base/unreachable.js";
import type { OperationEvent, RecordedEvent } from "./events/event.js";
import { isOperationEvent, isOutcome } from "./events/event.js";
import type { OperationId } from "./ids.js";

/** What the log says of one operation. */
export interface RecordedOperation {
  /** The arguments it was asked for with. */
  args?: Encoded;
  /** Number of the last attempt that started; 0 before the first. */
  attempt: number;
  /** Attempts that failed. Apart from `attempt`: an attempt that was lost with its worker is no failure. */
  failures: number;
  /** When its timer fires or its next attempt begins. */
  dueAt?: number | undefined;
  /** Sequence of its outcome. */
  outcome?: number;
}

/** A run's log as far as it is loaded, folded by operation. It only grows. */
export class History {
  readonly operations = new Map<OperationId, RecordedOperation>();
  /** Recorded operations that the body has not asked for: what remains at rest is drift. A set, because it is looked at on every decision. */
  readonly unasked = new Set<OperationId>();
  cancellationRequested = false;
  /** When the run was first claimed. What was appended before, a request to cancel, is no start. */
  startedAt = 0;
  /** Sequence of the last outcome. */
  lastOutcome = 0;
  #events: RecordedEvent[] = [];
  #asked = new Set<OperationId>();
  #position = 0;

  get lastSequence(): number {
    return this.#events.length;
  }

  /** Takes in events, ascending; those already known are passed over. */
  absorb(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (event.sequence <= this.#events.length) continue;
      assert(event.sequence === this.#events.length + 1, "I1", `event ${event.sequence} after ${this.#events.length}`);
      this.#events.push(event);
      if (event.type === "workflow.started") this.startedAt = event.at;
      if (event.type === "cancellation.requested") this.cancellationRequested = true;
      if (isOperationEvent(event)) this.#record(event);
    }
  }

  /** The body has asked for this operation: what the log says of it, if anything. */
  ask(id: OperationId): RecordedOperation | undefined {
    this.#asked.add(id);
    this.unasked.delete(id);
    return this.operations.get(id);
  }

  /**
   * The undelivered event of lowest sequence that the body must see: an outcome that `wants` it, or a request to cancel.
   * `take` moves past it.
   */
  next(wants: (id: OperationId) => boolean): RecordedEvent | undefined {
    for (; this.#position < this.#events.length; this.#position++) {
      const event = this.#events[this.#position];
      if (event === undefined) return undefined;
      if (event.type === "cancellation.requested" || (isOutcome(event) && wants(event.operationId))) return event;
    }
    return undefined;
  }

  take(): void {
    this.#position++;
  }

  #record(event: OperationEvent & RecordedEvent): void {
    const id = event.operationId;
    const recorded = this.operations.get(id) ?? { attempt: 0, failures: 0 };
    this.operations.set(id, recorded);
    if (!this.#asked.has(id)) this.unasked.add(id);
    switch (event.type) {
      case "step.started":
        Object.assign(recorded, { args: event.value, attempt: event.attempt, dueAt: undefined });
        break;
      case "sleep.started":
        Object.assign(recorded, { args: event.value, dueAt: event.resumeAt });
        break;
      case "step.retrying":
        recorded.dueAt = event.resumeAt;
        break;
      case "step.failed":
        recorded.failures++;
        break;
      default:
        break;
    }
    if (isOutcome(event)) {
      // I3: a second outcome would be delivered to a promise that is settled, and hide a double execution.
      assert(recorded.outcome === undefined, "I3", `${id} has outcomes at ${recorded.outcome} and ${event.sequence}`);
      recorded.outcome = event.sequence;
      this.lastOutcome = event.sequence;
      recorded.dueAt = undefined;
    }
  }
}
