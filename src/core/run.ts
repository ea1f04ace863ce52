import type { Encoded } from "../base/codec.js";
import { unreachable } from "../base/unreachable.js";
import type { RecordedEvent, WorkflowEvent } from "./events/event.js";
import { isOutcome } from "./events/event.js";
import type { ParkCode, ResumeReason, RunParked, WorkerLost, WorkflowSuspended } from "./events/run.js";
import type { OperationId, RunId, WorkerId } from "./ids.js";

export const runStatuses = [
  "pending",
  "running",
  "suspended",
  "interrupted",
  "completed",
  "failed",
  "cancelled",
  "continued_as_new",
] as const;
/** Where a run is in its life; docs/run-lifecycle.md. */
export type RunStatus = (typeof runStatuses)[number];

/** Why a parked run does not go on, and the version of the code that it did not fit. */
export interface Parked {
  readonly code: ParkCode;
  readonly operationId?: OperationId;
  readonly place?: string;
  readonly error: string;
  readonly version: string;
}

/** What is decided when a run starts and never changes. Times in milliseconds since the epoch. */
export interface NewRun {
  readonly runId: RunId;
  readonly workflowName: string;
  readonly durable: boolean;
  readonly input: Encoded;
  readonly createdAt: number;
  readonly idempotencyKey?: string;
  readonly tags: readonly string[];
  readonly recoverOnWorkerLoss: boolean;
  readonly maxRecoveryAttempts: number;
}

/** What moves while a run lives: the fold of its events (I10). */
export interface RunState {
  readonly status: RunStatus;
  readonly startedAt?: number | undefined;
  readonly completedAt?: number | undefined;
  readonly result?: Encoded | undefined;
  readonly error?: Encoded | undefined;
  /** Claimable from this time on; absent while the run is held, waits for an outside event, is parked or has ended. */
  readonly dueAt?: number | undefined;
  /** What a claim will give as the reason of `workflow.resumed`. */
  readonly wakeReason?: ResumeReason | undefined;
  readonly workerId?: WorkerId | undefined;
  readonly parked?: Parked | undefined;
  /** Losses of a worker since the last new outcome. */
  readonly recoveryAttempts: number;
}

/** A run as a store keeps it. */
export interface RunRecord extends NewRun, RunState {
  /** Raised whenever the run changes hands; a write that bears an older one changes nothing (I2). */
  readonly epoch: number;
  /** Sequence of the newest event that somebody without a fence appended since the last claim. */
  readonly inbox?: number | undefined;
}

export function isTerminal(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled" || status === "continued_as_new";
}

/** Losses in a row from which on a run executes alone. */
export const lossesUntilAlone = 2;

/** A second loss in a row: the run may be what kills its workers, so it executes with nothing beside it. */
export function mustRunAlone(run: Pick<RunState, "recoveryAttempts">): boolean {
  return run.recoveryAttempts >= lossesUntilAlone;
}

export function newRunState(createdAt: number): RunState {
  return { status: "pending", dueAt: createdAt, recoveryAttempts: 0 };
}

/** The state after one more event; the same object where the event changes nothing. Backends keep rows with it, `faultsInRow` compares them. */
export function foldRun(state: RunState, event: WorkflowEvent): RunState {
  switch (event.type) {
    case "workflow.started":
    case "workflow.resumed":
      return { ...state, ...idle, status: "running", startedAt: state.startedAt ?? event.at, workerId: event.workerId };
    case "workflow.suspended":
      return { ...state, ...idle, ...wakeOf(event), status: "suspended" };
    case "workflow.interrupted":
      return { ...state, ...idle, ...interruptionOf(event), status: "interrupted" };
    case "workflow.completed":
      return { ...state, ...idle, status: "completed", completedAt: event.at, result: event.value };
    case "workflow.failed":
      return { ...state, ...idle, status: "failed", completedAt: event.at, error: event.value };
    case "workflow.cancelled":
      return { ...state, ...idle, status: "cancelled", completedAt: event.at };
    case "cancellation.requested":
      return state.status === "suspended" ? { ...state, dueAt: event.at, wakeReason: "cancellation" } : state;
    case "step.completed":
    case "step.failed":
    case "step.cancelled":
    case "sleep.completed":
      return state.recoveryAttempts > 0 && isOutcome(event) ? { ...state, recoveryAttempts: 0 } : state;
    case "step.started":
    case "step.retrying":
    case "sleep.started":
      return state;
    default:
      return unreachable(event);
  }
}

const idle = { dueAt: undefined, wakeReason: undefined, workerId: undefined, parked: undefined } as const;

function wakeOf(event: WorkflowSuspended): Partial<RunState> {
  if (event.reason === "released") return { dueAt: event.at, wakeReason: "released" };
  return { dueAt: event.wakeAt, wakeReason: event.wakeReason };
}

function interruptionOf(event: WorkerLost | RunParked): Partial<RunState> {
  if (event.reason === "worker_lost") {
    return { dueAt: event.at, wakeReason: "recovery", recoveryAttempts: event.recoveryAttempt };
  }
  const { code, operationId, place, error, version } = event;
  return { parked: { code, error, version, ...(operationId && { operationId }), ...(place && { place }) } };
}

/** The state that a whole history leads to. */
export function foldHistory(createdAt: number, history: readonly RecordedEvent[]): RunState {
  return history.reduce<RunState>(foldRun, newRunState(createdAt));
}
