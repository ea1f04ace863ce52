import type { ChildEvent, ChildOutcome } from "./child.js";
import type { HookEvent } from "./hook.js";
import type { PatchRecorded } from "./patch.js";
import type { RunEnd, RunEvent, RunRetried } from "./run.js";
import type { SleepEvent } from "./sleep.js";
import type { StepEvent } from "./step.js";

/** What can stand in a run's log. `at` is wall-clock time in milliseconds since the epoch. */
export type WorkflowEvent = RunEvent | OperationEvent;

export type EventType = WorkflowEvent["type"];

// A new event stops the build here.
const named: Readonly<Record<EventType, true>> = {
  "workflow.started": true,
  "workflow.suspended": true,
  "workflow.resumed": true,
  "workflow.interrupted": true,
  "workflow.completed": true,
  "workflow.failed": true,
  "workflow.cancelled": true,
  "workflow.continued_as_new": true,
  "cancellation.requested": true,
  "step.started": true,
  "step.retrying": true,
  "step.completed": true,
  "step.failed": true,
  "step.cancelled": true,
  "sleep.started": true,
  "sleep.completed": true,
  "hook.created": true,
  "hook.received": true,
  "hook.expired": true,
  "hook.disposed": true,
  "child_workflow.started": true,
  "child_workflow.completed": true,
  "child_workflow.failed": true,
  "child_workflow.cancelled": true,
  "patch.recorded": true,
};

/** Every type, family by family. */
export const eventTypes: readonly EventType[] = Object.keys(named).filter((type) => isEventType(type));

function isEventType(text: string): text is EventType {
  return text in named;
}

/** An event with its place in the log: sequences run from 1, without gaps (I1). */
export type RecordedEvent = WorkflowEvent & { readonly sequence: number };

export type OperationEvent = StepEvent | SleepEvent | HookEvent | ChildEvent | PatchRecorded;
/** What may settle an operation; `isOutcome` tells whether it does. */
export type OutcomeEvent =
  | Extract<
      OperationEvent,
      { type: "step.completed" | "step.failed" | "step.cancelled" | "sleep.completed" | "hook.received" | "hook.expired" | "hook.disposed" }
    >
  | ChildOutcome;

const runTypes = new Set(["workflow", "cancellation"]);

export function isOperationEvent<E extends WorkflowEvent>(event: E): event is E & OperationEvent {
  return !runTypes.has(event.type.slice(0, event.type.indexOf(".")));
}

/** Whether the event settles its operation: an operation has at most one such event (I3). */
export function isOutcome<E extends WorkflowEvent>(event: E): event is E & OutcomeEvent {
  switch (event.type) {
    case "step.failed":
      return !event.isRetryable;
    case "step.completed":
    case "step.cancelled":
    case "sleep.completed":
    case "hook.received":
    case "hook.expired":
    case "hook.disposed":
      return true;
    default:
      return isChildOutcome(event);
  }
}

export function isChildOutcome<E extends WorkflowEvent>(event: E): event is E & ChildOutcome {
  return event.type === "child_workflow.completed" || event.type === "child_workflow.failed" || event.type === "child_workflow.cancelled";
}

/** Whether somebody else than the holder of the run wrote it: it may come at any time, and wakes the run. */
export function isFromOutside(event: WorkflowEvent): boolean {
  if (event.type === "cancellation.requested" || event.type === "hook.received") return true;
  return isChildOutcome(event) && event.childRunId !== undefined;
}

/** Whether a body sees it: an outcome, a request to cancel, or the start of a child that is not waited for. */
export function isDelivered(event: WorkflowEvent): boolean {
  return isOutcome(event) || event.type === "cancellation.requested" || (event.type === "child_workflow.started" && !event.waits);
}

/** Whether it is the end of a run: no event follows, but for a manual retry (I4). */
export function endsRun<E extends WorkflowEvent>(event: E): event is E & RunEnd {
  return event.type === "workflow.completed" || event.type === "workflow.failed" || event.type === "workflow.cancelled" || event.type === "workflow.continued_as_new";
}

/** Whether it is a manual retry, and no claim. */
export function retriesRun(event: WorkflowEvent | undefined): event is RunRetried {
  return event?.type === "workflow.resumed" && event.reset !== undefined;
}
