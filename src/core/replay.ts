import type { Encoded } from "../base/codec.js";
import { assert } from "../base/unreachable.js";
import type { OperationEvent, RecordedEvent } from "./events/event.js";
import { isDelivered, isFromOutside, isOperationEvent, isOutcome } from "./events/event.js";
import type { CancellationRequested, RunRetried } from "./events/run.js";
import type { OperationId, RunId } from "./ids.js";

/** What the log says of one operation. */
export interface RecordedOperation {
  /** The arguments it was asked for with. */
  args?: Encoded;
  /** Number of the last attempt that started; 0 before the first. */
  attempt: number;
  /** Attempts that failed. Apart from `attempt`: an attempt that was lost with its worker is no failure. */
  failures: number;
  /** When its timer fires, its next attempt begins, or its hook expires. */
  dueAt?: number | undefined;
  /** Of a child. */
  childRunId?: RunId;
  /** Sequence of its outcome. */
  outcome?: number;
}

/** A run's log as far as it is loaded, folded by operation. It only grows. */
export class History {
  readonly operations = new Map<OperationId, RecordedOperation>();
  /** Recorded operations that the body has not asked for: what remains at rest is drift. A set, because it is looked at on every decision. */
  readonly unasked = new Set<OperationId>();
  /** The calls of `patched()` that said true. The code may drop such a call when no older run is left, so nobody has to ask for them. */
  readonly patches = new Set<OperationId>();
  /** The first request to cancel. */
  cancellation: CancellationRequested | undefined;
  /** When the run was first claimed. What was appended before, a request to cancel, is no start. */
  startedAt = 0;
  /** When it was last given the whole of its `maxDuration`: at its start, or by a manual retry. */
  aliveSince = 0;
  /** Whether somebody took the run up again after it had failed: children may have ended unheard meanwhile. */
  retried = false;
  /** Whether its last event ended the run. */
  ended = false;
  /** Version of the code that last wrote operations; undefined before the first. */
  writtenBy: string | undefined;
  /** Sequence of the last event that a body sees. */
  lastDelivery = 0;
  #events: RecordedEvent[] = [];
  #asked = new Set<OperationId>();
  // The events up to here of an operation that was reset belong to an earlier life.
  #resetAt = new Map<OperationId, number>();
  #version: string | undefined;
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
      if (isDelivered(event)) this.lastDelivery = event.sequence;
      if (isOperationEvent(event)) this.#record(event);
      else this.#note(event);
    }
  }

  /** The body has asked for this operation: what the log says of it, if anything. */
  ask(id: OperationId): RecordedOperation | undefined {
    this.#asked.add(id);
    this.unasked.delete(id);
    return this.operations.get(id);
  }

  /** The undelivered event of lowest sequence that the body must see and that it `wants`. `take` moves past it. */
  next(wants: (event: RecordedEvent) => boolean): RecordedEvent | undefined {
    for (; this.#position < this.#events.length; this.#position++) {
      const event = this.#events[this.#position];
      if (event === undefined) return undefined;
      if (isDelivered(event) && !this.#isOfEarlierLife(event) && wants(event)) return event;
    }
    return undefined;
  }

  take(): void {
    this.#position++;
  }

  #isOfEarlierLife(event: RecordedEvent): boolean {
    if (this.#resetAt.size === 0 || !isOperationEvent(event)) return false;
    return event.sequence < (this.#resetAt.get(event.operationId) ?? 0);
  }

  #note(event: Exclude<RecordedEvent, OperationEvent>): void {
    switch (event.type) {
      case "workflow.started":
        this.startedAt = event.at;
        this.aliveSince = event.at;
        this.#version = event.version;
        break;
      case "workflow.resumed":
        if (event.reset === undefined) this.#version = event.version;
        else this.#reset(event);
        break;
      case "cancellation.requested":
        this.cancellation ??= event;
        break;
      case "workflow.completed":
      case "workflow.failed":
      case "workflow.cancelled":
      case "workflow.continued_as_new":
        this.ended = true;
        break;
      default:
        break;
    }
  }

  #reset({ at, reset, sequence }: RunRetried & { readonly sequence: number }): void {
    this.aliveSince = at;
    this.retried = true;
    this.ended = false;
    for (const id of reset) {
      this.operations.delete(id);
      this.unasked.delete(id);
      this.#resetAt.set(id, sequence);
    }
  }

  #record(event: OperationEvent & RecordedEvent): void {
    if (!isFromOutside(event)) this.writtenBy = this.#version;
    const id = event.operationId;
    if (event.type === "patch.recorded") return void this.patches.add(id);
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
      case "hook.created":
        recorded.dueAt = event.expiresAt;
        break;
      case "child_workflow.started":
        Object.assign(recorded, { args: event.value, childRunId: event.childRunId });
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
      recorded.dueAt = undefined;
    }
  }
}
