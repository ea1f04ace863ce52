import { decode, sameExceptStacks, type Encoded } from "../../base/codec.js";
import { deferred } from "../../base/deferred.js";
import { CancellationError } from "../../core/errors.js";
import type { RecordedEvent } from "../../core/events/event.js";
import type { Misfit } from "../../core/decide.js";
import { operationIdOf, type OperationId, type RunId } from "../../core/ids.js";
import type { History } from "../../core/replay.js";
import { runIn, type BodyHandle, type Current } from "../context/current.js";
import type { Log } from "../context/log.js";
import type { WorkflowDefinition } from "../definition.js";
import { callerPlace } from "../place.js";
import { isTurnOf, takeTurns } from "../turns.js";
import type { Operation, Request } from "./operation.js";
import { storable } from "./storable.js";

/** How a body ended. */
export type BodyEnd = { readonly value: unknown } | { readonly error: unknown };

export interface BodyOptions {
  readonly runId: RunId;
  readonly durable: boolean;
  readonly definition: WorkflowDefinition;
  readonly input: Encoded;
  /** Largest arguments of an operation, in bytes. */
  readonly payloadBytes: number;
  readonly history: History;
  readonly log: Log;
  /** Something happened outside a delivery: a misfit was found, or the body of a transient run went on. */
  onStir(): void;
}

/** The user's function of one run: what it has asked for, and the delivery of outcomes to it, one a turn. */
export class Body implements BodyHandle {
  readonly workflowName: string;
  readonly log: Log;
  readonly operations = new Map<OperationId, Operation>();
  /** Without an outcome that the body has seen. */
  readonly open = new Set<Operation>();
  /** Asked for, and to be carried out at rest. */
  unacted: Operation[] = [];
  /** The last sequence that was delivered. */
  delivered = 0;
  /** `now()`: the largest time among the start and the outcomes delivered. */
  timeMs = 0;
  cancelled = false;
  ended: BodyEnd | undefined;
  misfit: Misfit | undefined;
  /** Parked, fenced or handed over: later durable calls never settle, so that no catch or finally runs. */
  frozen = false;
  readonly #options: BodyOptions;
  readonly #counts = new Map<string, number>();
  #chances = 0;
  #replayUntil = 0;

  constructor(options: BodyOptions) {
    this.#options = options;
    this.workflowName = options.definition.name;
    this.log = options.log;
  }

  /** Calls the function, in a turn. */
  start(): Promise<void> {
    const { history, definition, input, runId } = this.#options;
    this.timeMs = history.startedAt;
    this.#replayUntil = history.lastOutcome;
    const context: Current = { kind: "body", runId, body: this, shielded: false };
    return takeTurns(this, 1, () => {
      runIn(context, () => {
        callBody(definition, input).then(
          (value) => this.#end({ value }),
          (error: unknown) => this.#end({ error }),
        );
      });
      return true;
    });
  }

  /** Outcomes that were recorded before this claim are still to be delivered. What follows the last of them may never have run before. */
  get replaying(): boolean {
    // The last of them may be one that is never delivered, because cancellation has settled its operation.
    return this.delivered < this.#replayUntil && this.#next() !== undefined;
  }

  /** Whether no loaded outcome waits for delivery, or the body takes none any more. */
  get atRest(): boolean {
    return this.frozen || this.misfit !== undefined || this.ended !== undefined || this.#next() === undefined;
  }

  /** Delivers what is loaded, lowest sequence first, each in a turn of its own. */
  async deliverAll(): Promise<void> {
    while (!this.atRest) await takeTurns(this, this.#options.history.lastSequence - this.delivered, () => this.#deliverNext());
  }

  /** A durable call. The promise is pre-handled: a rejection that nobody awaits kills nothing. */
  ask(request: Request, shielded: boolean): Promise<unknown> {
    const id = this.#nextId(request);
    if (this.frozen || this.misfit !== undefined) return never();
    if (!isTurnOf(this) && !this.#allowUntimely(id)) return never();
    if (this.cancelled && !shielded) return handled(Promise.reject(new CancellationError()));
    const args = this.#argumentsOf(id, request);
    if ("error" in args) return handled(Promise.reject(args.error));
    return this.#enter(request, { id, args: args.value, shielded });
  }

  /** The n-th draw of chance since the last delivery, as a text that is the same on every replay. */
  nextChance(): string {
    return `${this.delivered}:${this.#chances++}`;
  }

  #settle(operation: Operation): void {
    operation.settled = true;
    operation.dueAt = undefined;
    this.open.delete(operation);
  }

  #nextId(request: Request): OperationId {
    const key = request.name === undefined ? request.kind : `${request.kind}_${request.name}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return operationIdOf(key, count);
  }

  // What the log has already is within any limit: one that was lowered since must not change what the run asks for.
  #argumentsOf(id: OperationId, request: Request): ReturnType<typeof storable> {
    const { history, payloadBytes } = this.#options;
    return storable(request.args, `the arguments of ${id}`, history.operations.has(id) ? Infinity : payloadBytes);
  }

  #enter(request: Request, { id, args, shielded }: Pick<Operation, "id" | "args" | "shielded">): Promise<unknown> {
    const recorded = this.#options.history.ask(id);
    // I6
    if (recorded?.args !== undefined && !sameExceptStacks(recorded.args, args)) {
      const message = `${id} was asked for with other arguments than the history has: ${shorten(args)}, not ${shorten(recorded.args)}`;
      this.#misfit("NON_DETERMINISTIC", message, id);
      return never();
    }
    const { promise, resolve, reject } = deferred<unknown>();
    const operation: Operation = {
      id,
      request,
      args,
      shielded,
      resolve,
      reject,
      after: this.delivered,
      settled: false,
      acted: false,
      outcomeEmitted: false,
      attempt: 0,
      failures: 0,
      dueAt: undefined,
    };
    this.operations.set(id, operation);
    this.open.add(operation);
    this.unacted.push(operation);
    return handled(promise);
  }

  #next(): RecordedEvent | undefined {
    return this.#options.history.next((id) => this.operations.get(id)?.settled !== true);
  }

  #deliverNext(): boolean {
    const event = this.atRest ? undefined : this.#next();
    if (event === undefined) return false;
    const operation = "operationId" in event && event.operationId !== undefined ? this.operations.get(event.operationId) : undefined;
    if (event.type !== "cancellation.requested" && operation === undefined) {
      this.#unaskedOutcome(event);
      return false;
    }
    this.#options.history.take();
    this.delivered = event.sequence;
    this.#chances = 0;
    this.timeMs = Math.max(this.timeMs, event.at);
    if (operation === undefined) this.#cancel();
    else this.#settleWith(operation, event);
    return true;
  }

  #settleWith(operation: Operation, event: RecordedEvent): void {
    this.#settle(operation);
    if (event.type === "step.cancelled") operation.reject(new CancellationError());
    else if (event.type === "step.failed") operation.reject(decode(event.value));
    else operation.resolve(event.type === "step.completed" ? decode(event.value) : undefined);
  }

  // A wait that the request ends is rejected here; a step settles by an event of its own, which the loop brings about.
  #cancel(): void {
    this.cancelled = true;
    for (const operation of this.open) {
      if (operation.shielded || operation.request.kind !== "sleep") continue;
      this.#settle(operation);
      operation.reject(new CancellationError());
    }
  }

  #unaskedOutcome(event: RecordedEvent): void {
    const id = "operationId" in event ? event.operationId : undefined;
    this.#misfit("NON_DETERMINISTIC", `the history has ${id} (event ${event.sequence}), but the code did not ask for it`, id);
  }

  #allowUntimely(id: OperationId): boolean {
    if (!this.#options.durable) {
      this.#options.onStir();
      return true;
    }
    // The run ended in this life: a branch that nobody awaits runs on and finds nobody.
    if (this.ended !== undefined) return false;
    this.#misfit("NON_DURABLE_AWAIT", `before it called ${id} the body waited for something that is not in the log`, id);
    return false;
  }

  #misfit(code: Misfit["code"], message: string, operationId: OperationId | undefined): void {
    const place = callerPlace();
    this.misfit = { code, message, ...(operationId && { operationId }), ...(place && { place }) };
    this.#options.onStir();
  }

  #end(end: BodyEnd): void {
    if (this.frozen || this.misfit !== undefined) return;
    if (this.#options.durable && !isTurnOf(this)) {
      this.#misfit("NON_DURABLE_AWAIT", `after event ${this.delivered} the body waited for something that is not in the log, and ended`, undefined);
      return;
    }
    this.ended = end;
    if (!this.#options.durable) this.#options.onStir();
  }
}

// A fresh one each time: what waits for it can be collected with it.
function never(): Promise<never> {
  return new Promise(() => {});
}

async function callBody(definition: WorkflowDefinition, input: Encoded): Promise<unknown> {
  return (definition as WorkflowDefinition<unknown>).run(decode(input));
}

function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
