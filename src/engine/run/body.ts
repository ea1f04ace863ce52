import { inspect } from "node:util";
import { decode, sameExceptStacks, type Encoded } from "../../base/codec.js";
import { deferred, handled, rejected } from "../../base/deferred.js";
import { assert } from "../../base/unreachable.js";
import { CancellationError } from "../../core/errors.js";
import type { RecordedEvent } from "../../core/events/event.js";
import type { Misfit } from "../../core/decide.js";
import { isOperationId, operationIdOf, type OperationId, type RunId } from "../../core/ids.js";
import type { History, RecordedOperation } from "../../core/replay.js";
import { runIn, type BodyHandle, type Current, type Outside } from "../context/current.js";
import type { Log } from "../context/log.js";
import type { WorkflowDefinition } from "../definition.js";
import { validateInputNow } from "../input.js";
import { callerPlace } from "../place.js";
import { isTurnOf, takeTurns } from "../turns.js";
import type { Operation, Request, StartedChild, Waiter } from "./operation.js";
import { outcomeOf, settle } from "./outcome.js";
import { storable } from "./storable.js";

/** How a body ended: returned, threw (or was ended by a limit), or called `continueAsNew` with this input. */
export type BodyEnd = { readonly value: unknown } | { readonly error: unknown; readonly imposed?: true } | { readonly continueWith: Encoded };

export interface BodyOptions {
  readonly runId: RunId;
  readonly durable: boolean;
  readonly definition: WorkflowDefinition;
  readonly input: Encoded;
  readonly startedAt?: number | undefined;
  readonly nestingDepth: number;
  readonly scheduledTime?: number | undefined;
  /** What chance is drawn from. */
  readonly seed: RunId;
  readonly outside: Outside;
  /** Largest arguments of an operation, in bytes. */
  readonly payloadBytes: number;
  readonly history: History;
  readonly log: Log;
  /** Something happened outside a delivery: a misfit was found, or the body of a transient run went on. */
  onStir(): void;
}

/** A call of the body, with its place, `file:line:column`. */
interface PlacedCall {
  readonly operation: Operation;
  readonly place: string | undefined;
}

/** The user's function of one run: what it has asked for, and the delivery of outcomes to it, one a turn. */
export class Body implements BodyHandle {
  readonly workflowName: string;
  readonly durable: boolean;
  readonly nestingDepth: number;
  readonly scheduledTime: number | undefined;
  readonly outside: Outside;
  readonly log: Log;
  readonly operations = new Map<OperationId, Operation>();
  /** Without an outcome that the body has seen. */
  readonly open = new Set<Operation>();
  /** Those of them that nobody waits for: children that run beside. */
  readonly beside = new Set<Operation>();
  /** Asked for, and to be carried out at rest. */
  unacted: Operation[] = [];
  /** Calls of `patched()` that said true, to be recorded before anything acts. */
  unrecordedPatches: { readonly id: OperationId; readonly after: number }[] = [];
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
  /** The first calls that were made while the history had others that were not: one that it does not have at all, and one without an outcome there. */
  #firstNew: PlacedCall | undefined;
  #firstOpen: PlacedCall | undefined;

  constructor(options: BodyOptions) {
    this.#options = options;
    this.workflowName = options.definition.name;
    this.durable = options.durable;
    this.nestingDepth = options.nestingDepth;
    this.scheduledTime = options.scheduledTime;
    this.outside = options.outside;
    this.log = options.log;
  }

  /** Calls the function, in a turn. */
  start(): Promise<void> {
    const { history, definition, input, runId, durable, startedAt = 0 } = this.#options;
    this.timeMs = durable ? history.startedAt : startedAt;
    this.#replayUntil = history.lastDelivery;
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

  nextIdOf(kindAndName: string): OperationId {
    return operationIdOf(kindAndName, (this.#counts.get(kindAndName) ?? 0) + 1);
  }

  /** A durable call. The promise is pre-handled: a rejection that nobody awaits kills nothing. */
  ask(request: Request, shielded: boolean): Promise<unknown> {
    const id = this.#nextId(request.name === undefined ? request.kind : `${request.kind}_${request.name}`);
    const refusal = this.#refusalOf(id, shielded);
    if (refusal !== undefined) return refusal;
    const args = this.#argumentsOf(id, request);
    if ("error" in args) return rejected(args.error);
    return this.#enter(request, { id, args: args.value, shielded });
  }

  /** The end of a child that the body has a handle of. */
  askForEnd(child: OperationId, shielded: boolean): Promise<unknown> {
    const refusal = this.#refusalOf(child, shielded);
    if (refusal !== undefined) return refusal;
    const operation = this.operations.get(child);
    assert(operation?.beside !== undefined, "handle", `${child} was not started beside this body`);
    if (operation.settled) return operation.beside.end.promise;
    const waiter: Waiter = { shielded, answer: deferred() };
    operation.beside.waiters.add(waiter);
    this.beside.delete(operation);
    return handled(waiter.answer.promise);
  }

  /** Ends the body at this call: nothing after it runs. */
  continueAsNew(input: unknown, shielded: boolean): Promise<never> {
    const refusal = this.#refusalOf("continueAsNew()", shielded);
    if (refusal !== undefined) return refusal as Promise<never>;
    const { definition, payloadBytes } = this.#options;
    try {
      const stored = storable(validateInputNow(definition, input), `the input of ${definition.name}`, payloadBytes);
      if ("error" in stored) return rejected(stored.error);
      this.#end({ continueWith: stored.value });
      return never();
    } catch (error) {
      return rejected(error);
    }
  }

  /** Whether the code that the call guards may run: not before what the history has already. */
  patched(name: string): boolean {
    const id = this.#nextId(`patch_${name}`);
    const { history, durable } = this.#options;
    if (this.frozen || this.misfit !== undefined || !this.#allow(id)) return false;
    if (!durable || history.patches.has(id)) return true;
    const next = this.#next();
    if (history.unasked.size > 0 || (next !== undefined && next.sequence <= this.#replayUntil)) return false;
    this.unrecordedPatches.push({ id, after: this.delivered });
    return true;
  }

  /** What a call gets that the request ends. */
  cancellation(): CancellationError {
    return new CancellationError(undefined, { reason: this.#options.history.cancellation?.reason });
  }

  /** The n-th draw of chance since the last delivery, as a text that is the same on every replay. */
  nextChance(): string {
    return `${this.#options.seed}:${this.delivered}:${this.#chances++}`;
  }

  /** The misfit with its place, and with what the body did instead of what the history has. */
  explain(misfit: Misfit): Misfit {
    const { history, definition } = this.#options;
    const { operationId, message, place = definition.place } = misfit;
    if (operationId === undefined || !history.unasked.has(operationId)) return { ...misfit, ...(place && { place }) };
    const instead = this.#instead();
    const at = instead.place ?? place;
    return { ...misfit, message: `${message}: ${instead.text}`, ...(at && { place: at }) };
  }

  #instead(): { readonly text: string; readonly place?: string | undefined } {
    if (this.#firstNew !== undefined) return { text: `it asked for ${this.#firstNew.operation.id} instead`, place: this.#firstNew.place };
    if (this.ended !== undefined) return { text: "it ended instead" };
    if (this.#firstOpen?.operation.settled !== false) return { text: "it waits for something else" };
    return { text: `it waits for ${this.#firstOpen.operation.id} instead`, place: this.#firstOpen.place };
  }

  // What a durable call gets that must not even ask: nothing ever, or the cancellation.
  #refusalOf(call: string, shielded: boolean): Promise<unknown> | undefined {
    if (this.frozen || this.misfit !== undefined || !this.#allow(call)) return never();
    return this.cancelled && !shielded ? rejected(this.cancellation()) : undefined;
  }

  #markSettled(operation: Operation): void {
    operation.settled = true;
    operation.dueAt = undefined;
    this.open.delete(operation);
    this.beside.delete(operation);
  }

  #nextId(key: string): OperationId {
    const id = this.nextIdOf(key);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return id;
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
      const message = `${id} was asked for with other arguments than the history has: ${argumentsText(args)}, not ${argumentsText(recorded.args)}`;
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
      childRunId: undefined,
      beside: undefined,
    };
    this.operations.set(id, operation);
    this.open.add(operation);
    this.unacted.push(operation);
    if (this.#options.history.unasked.size > 0) this.#notePlace(operation, recorded);
    return handled(promise);
  }

  // A stack costs microseconds: no call has one but these two, which tell where the code goes another way if it does.
  #notePlace(operation: Operation, recorded: RecordedOperation | undefined): void {
    if (recorded === undefined) this.#firstNew ??= { operation, place: callerPlace() };
    else if (recorded.outcome === undefined) this.#firstOpen ??= { operation, place: callerPlace() };
  }

  #next(): RecordedEvent | undefined {
    return this.#options.history.next((event) => this.#wants(event));
  }

  #wants(event: RecordedEvent): boolean {
    const operation = this.#operationOf(event);
    if (operation === undefined) return true;
    return event.type === "child_workflow.started" ? operation.beside === undefined && !operation.settled : !operation.settled;
  }

  #operationOf(event: RecordedEvent): Operation | undefined {
    return "operationId" in event && event.operationId !== undefined ? this.operations.get(event.operationId) : undefined;
  }

  #deliverNext(): boolean {
    const event = this.atRest ? undefined : this.#next();
    if (event === undefined) return false;
    const operation = this.#operationOf(event);
    if (event.type !== "cancellation.requested" && operation === undefined) {
      this.#unaskedOutcome(event);
      return false;
    }
    this.#options.history.take();
    this.delivered = event.sequence;
    this.#chances = 0;
    this.timeMs = Math.max(this.timeMs, event.at);
    if (operation === undefined) this.#cancel();
    else if (event.type === "child_workflow.started") this.#letRunBeside(operation, event.childRunId);
    else this.#settleWith(operation, event);
    return true;
  }

  #letRunBeside(operation: Operation, runId: RunId): void {
    const end = deferred<unknown>();
    void handled(end.promise);
    operation.beside = { end, waiters: new Set() };
    this.beside.add(operation);
    operation.resolve({ runId, operationId: operation.id } satisfies StartedChild);
  }

  #settleWith(operation: Operation, event: RecordedEvent): void {
    this.#markSettled(operation);
    const outcome = outcomeOf(event, { runId: this.#options.runId, cancelled: this.cancelled, cancellation: () => this.cancellation(), operation });
    if (operation.beside === undefined) return settle(operation, outcome);
    const { end, waiters } = operation.beside;
    settle(end, outcome);
    for (const { answer } of waiters) settle(answer, outcome);
  }

  // A wait that the request ends is rejected here; a step or a child settles by an event of its own, which the loop brings about.
  #cancel(): void {
    this.cancelled = true;
    for (const operation of this.open) {
      const { shielded, request, beside } = operation;
      if (beside !== undefined) this.#cancelWaiters(operation);
      else if (!shielded && (request.kind === "sleep" || request.kind === "hook")) {
        this.#markSettled(operation);
        operation.reject(this.cancellation());
      }
    }
  }

  // Who waits for a child that outlives this run waits in vain; any other is asked to end, and tells how it did.
  #cancelWaiters(operation: Operation): void {
    const { request, beside } = operation;
    if (beside === undefined || request.kind !== "child" || request.parentClose !== "abandon") return;
    for (const waiter of beside.waiters) {
      if (waiter.shielded) continue;
      beside.waiters.delete(waiter);
      waiter.answer.reject(this.cancellation());
    }
    if (beside.waiters.size === 0) this.beside.add(operation);
  }

  #unaskedOutcome(event: RecordedEvent): void {
    const id = "operationId" in event ? event.operationId : undefined;
    this.#misfit("NON_DETERMINISTIC", `the history has ${id} (event ${event.sequence}), but the code did not ask for it`, id);
  }

  #allow(call: string): boolean {
    if (isTurnOf(this)) return true;
    if (!this.#options.durable) {
      this.#options.onStir();
      return true;
    }
    // The run ended in this life: a branch that nobody awaits runs on and finds nobody.
    if (this.ended !== undefined) return false;
    this.#misfit("NON_DURABLE_AWAIT", `before it called ${call} the body waited for something that is not in the log`, isOperationId(call) ? call : undefined);
    return false;
  }

  #misfit(code: Misfit["code"], message: string, operationId: OperationId | undefined): void {
    const place = callerPlace();
    this.misfit = { code, message, ...(operationId && { operationId }), ...(place && { place }) };
    this.#options.onStir();
  }

  #end(end: BodyEnd): void {
    if (this.frozen || this.misfit !== undefined || this.ended !== undefined) return;
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

// As a program would write them: what is stored has marks of the codec's own.
function argumentsText(args: Encoded): string {
  const text = inspect(decode(args), { breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
