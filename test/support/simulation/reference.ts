import { AsyncLocalStorage } from "node:async_hooks";
import { decode, encode, type Encoded } from "../../../src/base/codec.js";
import { deferred, handled, type Deferred } from "../../../src/base/deferred.js";
import type { ChildStarted, ParentClose } from "../../../src/core/events/child.js";
import { isDelivered, type OutcomeEvent, type RecordedEvent } from "../../../src/core/events/event.js";
import type { RunId } from "../../../src/core/ids.js";
import { CancellationError, ChildWorkflowCancelledError, ChildWorkflowFailedError, HookExpiredError } from "../../../src/index.js";
import { execute, type Beside, type Durable, type HookCall, type RunInput, type StepCall } from "./body.js";
import { Instance } from "./instance.js";

/** What the reference was asked for. */
export interface Asked {
  readonly id: string;
  readonly args: Encoded;
  readonly after: number;
}

export type ReferenceEnd = { readonly value: unknown } | { readonly error: unknown } | { readonly continueWith: RunInput };

/** A run, as far as the reference is concerned: its id and what it began with. */
export interface ReferenceRun {
  readonly runId: RunId;
  /** As a store keeps it. */
  readonly input: Encoded;
  /** What the engine calls the workflow of a run with this input. */
  workflowNameFor(input: RunInput): string;
}

// One for all: each that exists is copied with every promise there is.
const shielding = new AsyncLocalStorage<true>();

interface Operation {
  readonly asked: Asked;
  readonly kind: "step" | "sleep" | "hook" | "child";
  readonly shielded: boolean;
  readonly outcome: Deferred<unknown>;
  readonly child?: ChildCall;
  settled: boolean;
}

interface ChildCall {
  readonly workflowName: string;
  readonly parentClose: ParentClose;
  /** Where it runs beside and has been started: its end, and who waits for it. */
  beside?: { readonly end: Deferred<unknown>; readonly waiters: Set<Waiter> };
}

interface Waiter {
  readonly shielded: boolean;
  readonly end: Deferred<unknown>;
}

/**
 * The engine's promise in two pages: a body, fed with the outcomes of a finished log in their order, one in each turn of the
 * event loop. It knows no commits, no timers, no attempts and no crashes.
 */
export class Reference extends Instance implements Durable {
  readonly operations = new Map<string, Operation>();
  end: ReferenceEnd | undefined;
  /** An outcome in the log that the body had not asked for when its turn came. */
  unasked: string | undefined;
  readonly #run: ReferenceRun;
  readonly #counts = new Map<string, number>();
  readonly #patches = new Set<string>();
  #delivered = 0;
  #nowMs = 0;
  #cancelled = false;

  constructor(run: ReferenceRun) {
    super();
    this.#run = run;
  }

  async replay(history: readonly RecordedEvent[]): Promise<void> {
    this.#nowMs = history.find(({ type }) => type === "workflow.started")?.at ?? 0;
    for (const event of history) if (event.type === "patch.recorded") this.#patches.add(event.operationId);
    void this.#call();
    await endOfTurn();
    for (const event of history) {
      if (this.end !== undefined || this.unasked !== undefined) return;
      // What closes a run that did not end by itself is for nobody to see.
      if ("reason" in event && event.reason === "run_ended") return;
      if (this.#deliver(event)) await endOfTurn();
    }
  }

  step({ name, args }: StepCall): Promise<number> {
    this.askedFor(`step ${name}`, [args]);
    return this.#ask({ kind: "step", name: `simulation.${name}`, args: [args] }) as Promise<number>;
  }

  sleep(duration: string): Promise<void> {
    this.askedFor("sleep", [duration]);
    return this.#ask({ kind: "sleep", args: [duration] }) as Promise<void>;
  }

  hook({ name, timeout, tells }: HookCall): Promise<number> {
    this.askedFor(`hook ${name}`, [timeout, tells]);
    const token = `${this.#run.runId}:hook_${name}_${this.#countOf(`hook_${name}`) + 1}`;
    const payload = this.#ask({ kind: "hook", name, args: [] }) as Promise<number>;
    if (!tells) return payload;
    const told = this.#ask({ kind: "step", name: `on_created_${name}`, args: [token] });
    return new Promise((resolve, reject) => {
      told.catch(reject);
      payload.then(resolve, reject);
    });
  }

  runChild(input: RunInput): Promise<unknown> {
    this.askedFor("runChild", [input]);
    return this.#askForChild(input, "terminate");
  }

  async startChild(input: RunInput, parentClose: ParentClose): Promise<Beside> {
    this.askedFor(`startChild ${parentClose}`, [input]);
    const beside = await this.#askForChild(input, parentClose).then((started) => this.#handleOf(started as Started));
    return beside;
  }

  continueAsNew(input: RunInput): Promise<never> {
    this.askedFor("continueAsNew", [input.generation]);
    if (this.#refuses()) return rejected();
    this.end ??= { continueWith: input };
    return new Promise(() => {});
  }

  patched(id: string): boolean {
    const answer = this.#patches.has(this.#nextId(`patch_${id}`));
    this.askedFor(`patched ${id}`, [answer]);
    return answer;
  }

  shield<T>(fn: () => Promise<T>): Promise<T> {
    return shielding.run(true, fn);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  // As deep in promises as the engine calls it, so that of a body's end and a continueAsNew in one turn the same comes first.
  async #call(): Promise<void> {
    const input = decode(this.#run.input) as RunInput;
    const workflow = async () => execute(input, this);
    const call = async () => workflow();
    await call().then(
      (value) => (this.end ??= { value }),
      (error: unknown) => (this.end ??= { error }),
    );
  }

  #handleOf({ child, runId }: Started): Beside {
    const { workflowName = "" } = child.child ?? {};
    const ownStep = (name: string, args: readonly unknown[]) => this.#ask({ kind: "step", name: `${name}_${workflowName}`, args });
    return {
      result: () => {
        this.askedFor("result", []);
        return this.#askForEnd(child);
      },
      status: () => {
        this.askedFor("status", []);
        return ownStep("child_status", [runId]) as Promise<string>;
      },
      cancel: (reason) => {
        this.askedFor("cancel", [reason]);
        return ownStep("cancel_child", [runId, reason]) as Promise<void>;
      },
    };
  }

  #askForChild(input: RunInput, parentClose: ParentClose): Promise<unknown> {
    const workflowName = this.#run.workflowNameFor(input);
    return this.#ask({ kind: "child", name: workflowName, args: [input], child: { workflowName, parentClose } });
  }

  #askForEnd({ child, settled }: Operation): Promise<unknown> {
    if (this.#refuses()) return rejected();
    const { beside } = child ?? {};
    if (beside === undefined || settled) return beside?.end.promise ?? rejected();
    const waiter = { shielded: isShielded(), end: deferred<unknown>() };
    beside.waiters.add(waiter);
    return handled(waiter.end.promise);
  }

  #ask({ kind, name, args, child }: { kind: Operation["kind"]; name?: string; args: readonly unknown[]; child?: ChildCall }): Promise<unknown> {
    const id = this.#nextId(name === undefined ? kind : `${kind}_${name}`);
    if (this.#refuses()) return rejected();
    const outcome = deferred<unknown>();
    const asked = { id, args: encode(args), after: this.#delivered };
    this.operations.set(id, { asked, kind, shielded: isShielded(), outcome, settled: false, ...(child && { child }) });
    return handled(outcome.promise);
  }

  #refuses(): boolean {
    return this.#cancelled && !isShielded();
  }

  #countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  #nextId(key: string): string {
    const count = this.#countOf(key) + 1;
    this.#counts.set(key, count);
    return `${key}_${count}`;
  }

  /** Whether the event took a turn. */
  #deliver(event: RecordedEvent): boolean {
    if (event.type === "cancellation.requested") this.#cancel();
    else if (!isDelivered(event) || !this.#settle(event as Delivered)) return false;
    this.#delivered = event.sequence;
    this.#nowMs = Math.max(this.#nowMs, event.at);
    return true;
  }

  #cancel(): void {
    this.#cancelled = true;
    for (const operation of this.operations.values()) {
      const { kind, child, shielded, settled } = operation;
      if (settled) continue;
      if (child?.beside !== undefined) cancelWaiters(child);
      else if (!shielded && (kind === "sleep" || kind === "hook")) {
        operation.settled = true;
        operation.outcome.reject(new CancellationError());
      }
    }
  }

  #settle(event: Delivered): boolean {
    const operation = this.operations.get(event.operationId);
    if (operation === undefined) this.unasked = event.operationId;
    if (operation === undefined || operation.settled) return false;
    if (event.type === "child_workflow.started") return startBeside(operation, event.childRunId);
    operation.settled = true;
    const { outcome, child } = operation;
    const ends = child?.beside === undefined ? [outcome] : [child.beside.end, ...[...child.beside.waiters].map(({ end }) => end)];
    for (const end of ends) this.#give(end, event, child?.workflowName ?? "");
    return true;
  }

  #give({ resolve, reject }: Deferred<unknown>, event: OutcomeEvent, workflowName: string): void {
    switch (event.type) {
      case "step.failed":
        return reject(decode(event.value));
      case "hook.expired":
        return reject(new HookExpiredError(`${this.#run.runId}:${event.operationId}`));
      case "child_workflow.failed":
        return reject(new ChildWorkflowFailedError(workflowName, event.childRunId, decode(event.value)));
      case "child_workflow.cancelled":
        return reject(this.#cancelled || event.childRunId === undefined ? new CancellationError() : new ChildWorkflowCancelledError(workflowName, event.childRunId));
      case "step.cancelled":
      case "hook.disposed":
        return reject(new CancellationError());
      default:
        return resolve("value" in event ? decode(event.value) : undefined);
    }
  }
}

type Delivered = OutcomeEvent | ChildStarted;
type Started = { readonly child: Operation; readonly runId: RunId };

function startBeside(operation: Operation, runId: RunId): boolean {
  const { child, outcome } = operation;
  if (child === undefined || child.beside !== undefined) return false;
  const end = deferred<unknown>();
  void handled(end.promise);
  child.beside = { end, waiters: new Set() };
  outcome.resolve({ child: operation, runId } satisfies Started);
  return true;
}

// A child that outlives this run is not asked to end, so nobody tells those who wait for it.
function cancelWaiters({ beside, parentClose }: ChildCall): void {
  if (beside === undefined || parentClose !== "abandon") return;
  for (const waiter of beside.waiters) {
    if (waiter.shielded) continue;
    beside.waiters.delete(waiter);
    waiter.end.reject(new CancellationError());
  }
}

function isShielded(): boolean {
  return shielding.getStore() === true;
}

function rejected(): Promise<never> {
  return handled(Promise.reject(new CancellationError()));
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
