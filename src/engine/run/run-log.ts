import type { RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import type { RunId } from "../../core/ids.js";
import { History } from "../../core/replay.js";
import type { CommitResult, RunCommit } from "../../storage/backend.js";
import type { Departure } from "../executor.js";

/** The events with which a worker lets go of a run. */
export interface Final {
  readonly departure: Departure;
  readonly events: readonly WorkflowEvent[];
}

/** What a commit brought. */
export type Settled =
  | { readonly kind: "accepted"; readonly events: readonly RecordedEvent[]; readonly departure: Departure | undefined; readonly own: readonly WorkflowEvent[] }
  /** Something was appended meanwhile: load it and decide again. */
  | { readonly kind: "outdated" }
  | { readonly kind: "fenced" };

interface InFlight {
  readonly commit: RunCommit;
  /** How many of the commit's events came from the outbox; the rest is the final. */
  readonly queued: number;
  readonly final: Final | undefined;
  readonly afterwards: readonly (() => void)[];
}

/** One run's way into its log: an outbox, first in first out, and one commit in flight. */
export class RunLog {
  readonly history = new History();
  final: Final | undefined;
  readonly #runId: RunId;
  readonly #epoch: number;
  readonly #durable: boolean;
  #outbox: WorkflowEvent[] = [];
  #afterwards: (() => void)[] = [];
  #inFlight: InFlight | undefined;

  constructor(run: { readonly runId: RunId; readonly epoch: number; readonly durable: boolean }) {
    this.#runId = run.runId;
    this.#epoch = run.epoch;
    this.#durable = run.durable;
  }

  /** Whether something is on its way into the log. */
  get busy(): boolean {
    return this.#outbox.length > 0 || this.#inFlight !== undefined;
  }

  get committing(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Sequence that the last event will have, if nobody else appends. */
  get length(): number {
    return this.history.lastSequence + this.#outbox.length + (this.#inFlight?.commit.events.length ?? 0);
  }

  /** Queues an event; `afterwards` is called once it is durable. */
  emit(event: WorkflowEvent, afterwards?: () => void): void {
    this.#outbox.push(event);
    if (afterwards !== undefined) this.#afterwards.push(afterwards);
  }

  /** The next commit, or undefined while one is in flight or there is nothing to write. */
  take(): RunCommit | undefined {
    const { final } = this;
    if (this.#inFlight !== undefined || (this.#outbox.length === 0 && final === undefined)) return undefined;
    const commit: RunCommit = {
      runId: this.#runId,
      fence: this.#epoch,
      seen: this.#durable ? this.history.lastSequence : 0,
      events: [...this.#outbox, ...(final?.events ?? [])],
      // I5: what was decided about the whole history must not be written over an event that the decision has not seen, such as one that asks it to move.
      ...(final !== undefined && final.departure !== "released" && { expect: true }),
    };
    this.#inFlight = { commit, final, queued: this.#outbox.length, afterwards: this.#afterwards };
    this.#outbox = [];
    this.#afterwards = [];
    return commit;
  }

  settle(result: CommitResult): Settled {
    const flight = this.#inFlight;
    this.#inFlight = undefined;
    this.final = undefined;
    if (flight === undefined) return { kind: "fenced" };
    if (result.accepted) {
      this.history.absorb(result.events); // I7: only what the store has acknowledged is ever delivered
      // Who lets go of the run with this commit starts nothing any more.
      if (flight.final === undefined) for (const act of flight.afterwards) act();
      return { kind: "accepted", events: result.events, departure: flight.final?.departure, own: flight.commit.events };
    }
    if (result.refused !== "expect") return { kind: "fenced" };
    this.#outbox = [...flight.commit.events.slice(0, flight.queued), ...this.#outbox];
    this.#afterwards = [...flight.afterwards, ...this.#afterwards];
    return { kind: "outdated" };
  }

  /**
   * The result of a commit of unknown outcome, told from the run's newer events: it is all or nothing, so the first own
   * event decides, which type, operation and attempt name uniquely among what one holder writes.
   */
  resultFrom(newer: readonly RecordedEvent[]): CommitResult {
    const first = this.#inFlight?.commit.events[0];
    const written = first === undefined || newer.some((event) => isSame(event, first));
    return written ? { accepted: true, events: newer } : { accepted: false, refused: "expect" };
  }

  /** For a transient run, whose events nobody keeps: what is queued takes place at once. */
  settleLocally(): readonly WorkflowEvent[] {
    const events = this.#outbox;
    const afterwards = this.#afterwards;
    this.#outbox = [];
    this.#afterwards = [];
    this.history.absorb(events.map((event, index) => ({ ...event, sequence: this.history.lastSequence + index + 1 })));
    for (const act of afterwards) act();
    return events;
  }
}

function isSame(a: WorkflowEvent, b: WorkflowEvent): boolean {
  if (a.type !== b.type || a.at !== b.at) return false;
  return Reflect.get(a, "operationId") === Reflect.get(b, "operationId") && Reflect.get(a, "attempt") === Reflect.get(b, "attempt");
}
