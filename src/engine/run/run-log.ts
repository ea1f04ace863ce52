import type { RecordedEvent, WorkflowEvent } from "../../core/events/event.js";
import type { LinkedAppend } from "../../core/family.js";
import { isHookEvent } from "../../core/hooks.js";
import type { OperationId, RunId } from "../../core/ids.js";
import { History } from "../../core/replay.js";
import type { NewRun } from "../../core/run.js";
import type { CommitResult, RunCommit } from "../../storage/backend.js";
import type { Departure } from "../executor.js";

/** The events with which a worker lets go of a run, and the run that goes on in its place. */
export interface Final {
  readonly departure: Departure;
  readonly events: readonly WorkflowEvent[];
  readonly successor?: NewRun;
}

/** Something on its way into the log. */
export interface Entry {
  readonly event?: WorkflowEvent;
  /** A run that begins with it. */
  readonly create?: NewRun;
  /** What another run hears. */
  readonly linked?: LinkedAppend;
  /** Called once it is durable. */
  readonly afterwards?: () => void;
}

/** What a commit brought. */
export type Settled =
  | { readonly kind: "accepted"; readonly departure: Departure | undefined; readonly own: readonly WorkflowEvent[] }
  /** Something was appended meanwhile: load it and decide again. */
  | { readonly kind: "outdated" }
  | { readonly kind: "fenced" };

interface InFlight {
  readonly commit: RunCommit;
  readonly entries: readonly Entry[];
  readonly final: Final | undefined;
}

/** One run's way into its log: an outbox, first in first out, and one commit in flight. */
export class RunLog {
  readonly history = new History();
  final: Final | undefined;
  /** Of a transient run, whose history nobody keeps: the last sequence of what others wrote to it, as far as its row told. */
  heard = 0;
  readonly #runId: RunId;
  readonly #epoch: number;
  readonly #durable: boolean;
  #outbox: Entry[] = [];
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

  /** Whether a commit is under way that lets go of the run. */
  get leaving(): boolean {
    return this.#inFlight?.final !== undefined;
  }

  /** Sequence that the last event will have, if nobody else appends. */
  get length(): number {
    return this.history.lastSequence + this.#outbox.length + (this.#inFlight?.commit.events.length ?? 0);
  }

  /** Queues an event; `afterwards` is called once it is durable. */
  emit(event: WorkflowEvent, afterwards?: () => void): void {
    this.#outbox.push(afterwards === undefined ? { event } : { event, afterwards });
  }

  /** Queues more than an event of this run: all of an entry goes into one commit. */
  enter(entry: Entry): void {
    this.#outbox.push(entry);
  }

  /** The next commit, or undefined while one is in flight or there is nothing to write. */
  take(): RunCommit | undefined {
    const { final } = this;
    if (this.#inFlight !== undefined || (this.#outbox.length === 0 && final === undefined)) return undefined;
    const entries = this.#outbox;
    this.#outbox = [];
    const commit: RunCommit = {
      runId: this.#runId,
      fence: this.#epoch,
      seen: this.#durable ? this.history.lastSequence : this.heard,
      events: [...eventsOf(entries), ...(final?.events ?? [])],
      ...familyOf(entries, final),
      // I5: what was decided about the whole history must not be written over an event that the decision has not seen, such as one that asks it to move.
      ...(final !== undefined && final.departure !== "released" && { expect: true }),
    };
    this.#inFlight = { commit, entries, final };
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
      if (flight.final === undefined) for (const { afterwards } of flight.entries) afterwards?.();
      return { kind: "accepted", departure: flight.final?.departure, own: flight.commit.events };
    }
    if (result.refused !== "expect" && result.refused !== "hook") return { kind: "fenced" };
    const kept = result.refused === "hook" ? flight.entries.filter((entry) => !changes(entry, result.hookId)) : flight.entries;
    this.#outbox = [...kept, ...this.#outbox];
    return { kind: "outdated" };
  }

  /**
   * The result of a commit of unknown outcome, told from the run's newer events: it is all or nothing, so the first own
   * event decides, which type, operation and attempt name uniquely among what one holder writes. A commit without one only asks others to
   * cancel, which can be asked twice.
   */
  resultFrom(newer: readonly RecordedEvent[]): CommitResult {
    const first = this.#inFlight?.commit.events[0];
    const written = first !== undefined && newer.some((event) => isSame(event, first));
    return written ? { accepted: true, events: newer } : { accepted: false, refused: "expect" };
  }

  /** For a transient run, whose events nobody keeps: what is queued takes place at once. */
  settleLocally(): readonly WorkflowEvent[] {
    const entries = this.#outbox;
    this.#outbox = [];
    const events = eventsOf(entries);
    this.absorbLocally(events);
    for (const { afterwards } of entries) afterwards?.();
    return events;
  }

  /** The same for events that somebody else wrote. */
  absorbLocally(events: readonly WorkflowEvent[]): void {
    this.history.absorb(events.map((event, index) => ({ ...event, sequence: this.history.lastSequence + index + 1 })));
  }
}

function eventsOf(entries: readonly Entry[]): WorkflowEvent[] {
  const events: WorkflowEvent[] = [];
  for (const { event } of entries) if (event !== undefined) events.push(event);
  return events;
}

function familyOf(entries: readonly Entry[], final: Final | undefined): Pick<RunCommit, "create" | "linked"> {
  const create: NewRun[] = [];
  const linked: LinkedAppend[] = [];
  for (const entry of entries) {
    if (entry.create !== undefined) create.push(entry.create);
    if (entry.linked !== undefined) linked.push(entry.linked);
  }
  if (final?.successor !== undefined) create.push(final.successor);
  return { ...(create.length > 0 && { create }), ...(linked.length > 0 && { linked }) };
}

/** Whether the entry takes the hook out of `pending`: somebody else has done that meanwhile. */
function changes({ event }: Entry, hookId: OperationId): boolean {
  return event !== undefined && isHookEvent(event) && event.type !== "hook.created" && event.operationId === hookId;
}

function isSame(a: WorkflowEvent, b: WorkflowEvent): boolean {
  if (a.type !== b.type || a.at !== b.at) return false;
  return Reflect.get(a, "operationId") === Reflect.get(b, "operationId") && Reflect.get(a, "attempt") === Reflect.get(b, "attempt");
}
