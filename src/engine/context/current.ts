import { AsyncLocalStorage } from "node:async_hooks";
import type { OperationId, RunId, WorkerId } from "../../core/ids.js";
import type { RunStatus } from "../../core/run.js";
import type { Request } from "../run/operation.js";
import { shared } from "../shared.js";
import type { Log } from "./log.js";

/** A run's body, as the durable calls see it. */
export interface BodyHandle {
  readonly workflowName: string;
  readonly durable: boolean;
  /** How many generations of parents the run has. */
  readonly nestingDepth: number;
  /** Milliseconds since the epoch; of a run that a schedule started. */
  readonly scheduledTime: number | undefined;
  readonly outside: Outside;
  readonly log: Log;
  readonly replaying: boolean;
  /** Milliseconds since the epoch; see `now()`. */
  readonly timeMs: number;
  /** A seed that is the same on every replay, and never the same twice. */
  nextChance(): string;
  /** The id that the next call of this kind and name will have. */
  nextIdOf(kindAndName: string): OperationId;
  /** A durable call. The promise is pre-handled. */
  ask(request: Request, shielded: boolean): Promise<unknown>;
  /** The end of a child that was started beside this body. */
  askForEnd(child: OperationId, shielded: boolean): Promise<unknown>;
  continueAsNew(input: unknown, shielded: boolean): Promise<never>;
  patched(id: string): boolean;
}

/** Other runs, as a step of the engine's own may ask for them. */
export interface Outside {
  /** Asks a run to end; follows its chain. */
  cancel(runId: RunId, reason: string | undefined): Promise<void>;
  /** Of the last run of its chain. */
  statusOf(runId: RunId): Promise<RunStatus>;
}

/** What a step's code may know of its attempt. */
export interface StepContext {
  readonly runId: RunId;
  /** The operation, e.g. `step_charge_card_1`. */
  readonly stepId: OperationId;
  /** From 1. An attempt that was lost with its process counts too. */
  readonly attempt: number;
  /** The same for every attempt of this step of this run: for a payment provider, say. */
  readonly idempotencyKey: string;
  /** Aborts on timeout, cancellation, hand-over and when the worker no longer holds the run. */
  readonly signal: AbortSignal;
  readonly workerId: WorkerId;
  /** The claim under which this attempt runs: later claims of the run have larger ones. */
  readonly epoch: number;
  readonly log: Log;
  /** Tells that the attempt is alive; a step with a `heartbeatTimeout` calls it in time. */
  heartbeat(): void;
}

/** Whose code is on the stack: a run's body, or an attempt of one of its steps. */
export type Current =
  | { readonly kind: "body"; readonly runId: RunId; readonly body: BodyHandle; readonly shielded: boolean }
  | { readonly kind: "step"; readonly runId: RunId; readonly step: StepContext };

const storage = shared("current", () => new AsyncLocalStorage<Current>());

export function currentContext(): Current | undefined {
  return storage.getStore();
}

/** The run whose body is on the stack; undefined in a step and outside a run. */
export function currentBody(): (Current & { kind: "body" }) | undefined {
  const current = currentContext();
  return current?.kind === "body" ? current : undefined;
}

/** For the engine's own work that user code sets going: a failure in it is no failure of that run. */
export function runOutside(fn: () => void): void {
  storage.exit(fn);
}

export function runIn<T>(current: Current, fn: () => T): T {
  return storage.run(current, fn);
}
