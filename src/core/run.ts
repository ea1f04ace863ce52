import type { Encoded } from "../base/codec.js";
import { unreachable } from "../base/unreachable.js";
import type { RecordedEvent, WorkflowEvent } from "./events/event.js";
import { isOutcome } from "./events/event.js";
import type { ChildOutcome, ParentClose } from "./events/child.js";
import type { ParkCode, ResumeReason, RunParked, WorkerLost, WorkflowResumed, WorkflowStarted, WorkflowSuspended } from "./events/run.js";
import type { OperationId, RunId, ScheduleId, WorkerId } from "./ids.js";
import type { TickKind } from "./schedule/tick-kind.js";

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

/** The run that started a child, and the operation of its that waits for it. */
export interface Parent {
  readonly runId: RunId;
  readonly operationId: OperationId;
  readonly parentClose: ParentClose;
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
  /** Longest time from the first claim (or the last manual retry) to the end, waits included. */
  readonly maxDurationMs?: number;
  readonly parent?: Parent;
  /** How many generations of parents a run has; 0 without. */
  readonly nestingDepth: number;
  /** The run in whose place this one goes on. */
  readonly continuedFrom?: RunId;
  /** The first run of the chain; absent on that one, and where nothing was continued. The runs in between may be pruned while the chain lives. */
  readonly chain?: RunId;
  /** The run whose history this one began with, as far as it was reused. */
  readonly rerunOf?: RunId;
  /** What `random()` and `uuid()` are drawn from, where it is not the run's own id: a rerun draws what its original drew. */
  readonly seed?: RunId;
  /** The schedule that started it, and by what kind of tick. */
  readonly schedule?: { readonly scheduleId: ScheduleId; readonly kind: TickKind };
  /** The due time of that tick. A rerun has it too: the history that it begins with may rest on it. */
  readonly scheduledTime?: number;
}

/** What a run shares with one that goes on in its place, or begins anew in its stead. */
export type RunSettings = Pick<NewRun, "workflowName" | "durable" | "tags" | "recoverOnWorkerLoss" | "maxRecoveryAttempts" | "maxDurationMs">;

export function settingsOf({ workflowName, durable, tags, recoverOnWorkerLoss, maxRecoveryAttempts, maxDurationMs }: NewRun): RunSettings {
  return { workflowName, durable, tags, recoverOnWorkerLoss, maxRecoveryAttempts, ...(maxDurationMs !== undefined && { maxDurationMs }) };
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
  /** Losses of a worker since the run last got on. */
  readonly recoveryAttempts: number;
  /** When it was last interrupted: recovery takes milliseconds, so the status alone hides that. */
  readonly interruptedAt?: number | undefined;
  readonly continuedTo?: RunId | undefined;
  /** Somebody asked the run to end; a second request changes nothing. */
  readonly cancellationRequested?: true | undefined;
  /** Children that have not ended, and that the end of this run closes. */
  readonly closableChildren: number;
  /** See `WorkflowSuspended`. */
  readonly reservedFor?: string | undefined;
}

/** A run as a store keeps it. */
export interface RunRecord extends NewRun, RunState {
  /** Raised whenever the run changes hands; a write that bears an older one changes nothing (I2). */
  readonly epoch: number;
  /** Sequence of the newest event that somebody without a fence appended since the last claim. */
  readonly inbox?: number | undefined;
  /** The run has ended, and children of its are still to be closed. */
  readonly closing?: true | undefined;
  /** The parent of this run has ended and closed it: nobody waits for its outcome. */
  readonly orphaned?: true | undefined;
}

export type LiveStatus = Exclude<RunStatus, "completed" | "failed" | "cancelled" | "continued_as_new">;

export function isTerminal(status: RunStatus): status is Exclude<RunStatus, LiveStatus> {
  return status === "completed" || status === "failed" || status === "cancelled" || status === "continued_as_new";
}

/** The statuses of runs that have not ended. */
export const liveStatuses = runStatuses.filter((status): status is LiveStatus => !isTerminal(status));

/** Losses in a row from which on a run executes alone. */
export const lossesUntilAlone = 2;

/** A second loss in a row: the run may be what kills its workers, so it executes with nothing beside it. */
export function mustRunAlone(run: Pick<RunState, "recoveryAttempts">): boolean {
  return run.recoveryAttempts >= lossesUntilAlone;
}

export function newRunState(createdAt: number): RunState {
  return { status: "pending", dueAt: createdAt, recoveryAttempts: 0, closableChildren: 0 };
}

/** The state after one more event; the same object where the event changes nothing. Backends keep rows with it, `faultsInRow` compares them. */
export function foldRun(state: RunState, event: WorkflowEvent): RunState {
  switch (event.type) {
    case "workflow.started":
      return claimed(state, event);
    case "workflow.resumed":
      return event.reset === undefined ? claimed(state, event) : retried(state, event.at);
    case "workflow.suspended":
      return { ...state, ...idle, ...wakeOf(event), status: "suspended" };
    case "workflow.interrupted":
      return { ...state, ...idle, ...interruptionOf(event), status: "interrupted", interruptedAt: event.at };
    case "workflow.completed":
      return { ...state, ...idle, status: "completed", completedAt: event.at, result: event.value };
    case "workflow.failed":
      return { ...state, ...idle, status: "failed", completedAt: event.at, error: event.value };
    case "workflow.cancelled":
      return { ...state, ...idle, status: "cancelled", completedAt: event.at };
    case "workflow.continued_as_new":
      return { ...state, ...idle, status: "continued_as_new", completedAt: event.at, continuedTo: event.newRunId };
    case "cancellation.requested":
      return { ...state, ...wakeAt(state, event.at, "cancellation"), cancellationRequested: true };
    case "hook.received":
      return woken(state, event.at, "hook");
    case "child_workflow.started":
      return event.parentClose === "abandon" ? state : { ...state, closableChildren: state.closableChildren + 1 };
    case "child_workflow.completed":
    case "child_workflow.failed":
    case "child_workflow.cancelled":
      return childEnded(state, event);
    case "step.started":
    case "step.retrying":
    case "sleep.started":
    case "hook.created":
    case "hook.disposed":
    case "patch.recorded":
      return state;
    case "step.completed":
    case "step.failed":
    case "step.cancelled":
    case "sleep.completed":
    case "hook.expired":
      return state.recoveryAttempts > 0 && isOutcome(event) ? { ...state, recoveryAttempts: 0 } : state;
    default:
      return unreachable(event);
  }
}

function claimed(state: RunState, { at, workerId }: WorkflowStarted | WorkflowResumed): RunState {
  return { ...state, ...idle, status: "running", startedAt: state.startedAt ?? at, workerId };
}

const idle = { dueAt: undefined, wakeReason: undefined, workerId: undefined, parked: undefined, reservedFor: undefined } as const;

// What others append is no progress of the run: a hook that is resumed again and again must not hide that the run kills its workers.
// To suspend is: the run got to where nothing is going on.
function wakeOf(event: WorkflowSuspended): Partial<RunState> {
  if (event.reason === "released") return { dueAt: event.at, wakeReason: "released", reservedFor: event.reservedFor };
  return { dueAt: event.wakeAt, wakeReason: event.wakeReason, recoveryAttempts: 0 };
}

/** I5: what a suspended run waits for, or may wait for, makes it due. */
function wakeAt(state: RunState, at: number, wakeReason: ResumeReason): Partial<RunState> | undefined {
  if (state.status !== "suspended" || (state.dueAt !== undefined && state.dueAt <= at)) return undefined;
  return { dueAt: at, wakeReason };
}

function woken(state: RunState, at: number, wakeReason: ResumeReason): RunState {
  const wake = wakeAt(state, at, wakeReason);
  return wake === undefined ? state : { ...state, ...wake };
}

function childEnded(state: RunState, event: ChildOutcome): RunState {
  if (event.childRunId === undefined) return state; // it never began
  const closed = event.parentClose === "abandon" ? state : { ...state, closableChildren: state.closableChildren - 1 };
  return woken(closed, event.at, "child");
}

// A new life: what the last one ended with is forgotten, and its children were closed with it. A parked run has not ended.
function retried(state: RunState, at: number): RunState {
  const closableChildren = isTerminal(state.status) ? 0 : state.closableChildren;
  const life = { completedAt: undefined, error: undefined, recoveryAttempts: 0, closableChildren };
  return { ...state, ...idle, ...life, status: "suspended", dueAt: at, wakeReason: "manual_retry" };
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
