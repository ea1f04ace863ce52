import { unreachable } from "../base/unreachable.js";
import type { ChildOutcome } from "./events/child.js";
import type { WorkflowEvent } from "./events/event.js";
import type { OperationId, RunId, ScheduleId } from "./ids.js";
import { isTerminal, settingsOf, type NewRun, type RunRecord } from "./run.js";

/** An append to another run, in the transaction of the first. */
export interface LinkedAppend {
  readonly runId: RunId;
  readonly events: readonly WorkflowEvent[];
}

/** What the parent of a run hears of an event of its child; undefined where that is nothing. */
export function noteToParent({ runId, parent, orphaned }: Pick<RunRecord, "runId" | "parent" | "orphaned">, event: WorkflowEvent): LinkedAppend | undefined {
  if (parent === undefined || orphaned) return undefined;
  const outcome = outcomeOf(runId, event);
  if (outcome === undefined) return undefined;
  const { operationId, parentClose } = parent;
  return { runId: parent.runId, events: [{ ...outcome, operationId, parentClose }] };
}

/** The same told by the run itself, for a parent that could not hear it when it ended; undefined while it lives. */
export function outcomeOfEnded({ runId, status, completedAt = 0, result, error }: RunRecord): Outcome | undefined {
  const end = { at: completedAt, childRunId: runId };
  if (status === "completed" && result !== undefined) return { type: "child_workflow.completed", value: result, ...end };
  if (status === "failed" && error !== undefined) return { type: "child_workflow.failed", value: error, ...end };
  return status === "cancelled" ? { type: "child_workflow.cancelled", ...end } : undefined;
}

type Outcome = WithoutOperation<ChildOutcome>;
type WithoutOperation<E> = E extends ChildOutcome ? Omit<E, "operationId"> : never;

function outcomeOf(runId: RunId, event: WorkflowEvent): Outcome | undefined {
  const end = { at: event.at, childRunId: runId };
  switch (event.type) {
    case "workflow.completed":
      return { type: "child_workflow.completed", value: event.value, ...end };
    case "workflow.failed":
      return { type: "child_workflow.failed", value: event.value, ...end };
    case "workflow.cancelled":
      return { type: "child_workflow.cancelled", ...(event.reason !== undefined && { reason: event.reason }), ...end };
    default:
      return undefined; // of a child that continues as new the parent hears when the last of the chain ends
  }
}

/** What closes a child whose parent has ended: an end without its code, or a request to cancel. Empty where it is left alone. */
export function closingEvents(child: RunRecord, now: number): readonly WorkflowEvent[] {
  const { parent } = child;
  if (parent === undefined) return [];
  const reason = `its parent ${parent.runId} has ended`;
  switch (parent.parentClose) {
    case "abandon":
      return [];
    case "cancel":
      return requestEvents(child, { at: now, reason, requestedBy: "parent" });
    case "terminate":
      // Asked to end before, it is cleaning up: that it may finish. A parked one can't.
      if (child.cancellationRequested && !child.parked) return [];
      return [{ type: "workflow.cancelled", at: now, reason, cleanupCompleted: false }];
    default:
      return unreachable(parent.parentClose);
  }
}

/** Whether the end of its parent closes this run: it lives, was not closed before, and is not to be left alone. */
export function isToBeClosed({ parent, status, orphaned }: RunRecord): boolean {
  return parent !== undefined && parent.parentClose !== "abandon" && !isTerminal(status) && !orphaned;
}

/**
 * Whether a manual retry of its parent leaves this run behind, orphaned and closed: it was to be closed with the life that ended, or its operation
 * begins anew, and must not be given the outcome of an older child.
 */
export function isLeftByRetry(child: RunRecord, parent: RunRecord, reset: readonly OperationId[]): boolean {
  if (child.parent === undefined || isTerminal(child.status) || child.orphaned) return false;
  return reset.includes(child.parent.operationId) || (isTerminal(parent.status) && isToBeClosed(child));
}

/** Whether a linked append is passed over: nothing follows an end (I4), and a second request to cancel changes nothing. */
export function isPassedOver({ status, cancellationRequested }: Pick<RunRecord, "status" | "cancellationRequested">, events: readonly WorkflowEvent[]): boolean {
  return isTerminal(status) || (cancellationRequested === true && events[0]?.type === "cancellation.requested");
}

/** Whether a linked append is for the last of the chain: a request to cancel is for the run that goes on in the place of the one that is named. */
export function isPassedOn({ continuedTo }: Pick<RunRecord, "continuedTo">, events: readonly WorkflowEvent[]): boolean {
  return continuedTo !== undefined && events[0]?.type === "cancellation.requested";
}

/** What all runs of a chain have in common, and no other run: the id of the first. */
export function chainOf({ runId, chain = runId }: Pick<NewRun, "runId" | "chain">): RunId {
  return chain;
}

/** Who asks a run to end, when (milliseconds since the epoch), and why. */
export interface CancellationRequest {
  readonly at: number;
  readonly reason?: string;
  readonly requestedBy: string;
}

/** Asks a run to end whose place the next tick of its schedule takes. */
export function placeTaken(scheduleId: ScheduleId, at: number): CancellationRequest {
  return { at, reason: `the next tick of its schedule ${scheduleId} takes its place`, requestedBy: `schedule ${scheduleId}` };
}

/**
 * What a request to cancel appends to a run: the request; and its end too where its code has nothing to clean up, because it never began or,
 * being transient, would begin anew. Empty where it was requested before.
 */
export function requestEvents(run: Pick<RunRecord, "status" | "durable" | "cancellationRequested">, request: CancellationRequest): readonly WorkflowEvent[] {
  if (run.cancellationRequested) return [];
  const requested: WorkflowEvent = { type: "cancellation.requested", ...request };
  const hasBegun = run.durable ? run.status !== "pending" : run.status === "running";
  if (hasBegun) return [requested];
  const { at, reason } = request;
  return [requested, { type: "workflow.cancelled", at, cleanupCompleted: false, ...(reason !== undefined && { reason }) }];
}

/** The run that goes on in the place of one that continued as new: all of its settings, and its place in the family; nothing of its state. */
export function successorOf(run: NewRun, successor: Pick<NewRun, "runId" | "input" | "createdAt">): NewRun {
  const { runId: continuedFrom, parent, nestingDepth, schedule, scheduledTime } = run;
  return {
    ...successor,
    ...settingsOf(run),
    nestingDepth,
    continuedFrom,
    chain: chainOf(run),
    ...(parent !== undefined && { parent }),
    ...(schedule !== undefined && { schedule }),
    ...(scheduledTime !== undefined && { scheduledTime }),
  };
}
