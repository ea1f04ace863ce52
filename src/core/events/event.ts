import type { RunEvent } from "./run.js";
import type { SleepEvent } from "./sleep.js";
import type { StepEvent } from "./step.js";

/** What can stand in a run's log. `at` is wall-clock time in milliseconds since the epoch. */
export type WorkflowEvent = RunEvent | StepEvent | SleepEvent;

export type EventType = WorkflowEvent["type"];

/** An event with its place in the log: sequences run from 1, without gaps (I1). */
export type RecordedEvent = WorkflowEvent & { readonly sequence: number };

export type OperationEvent = StepEvent | SleepEvent;
export type OutcomeEvent = Extract<
  OperationEvent,
  { type: "step.completed" | "step.failed" | "step.cancelled" | "sleep.completed" }
>;

export function isOperationEvent<E extends WorkflowEvent>(event: E): event is E & OperationEvent {
  return event.type.startsWith("step.") || event.type.startsWith("sleep.");
}

/** Whether the event settles its operation: an operation has at most one such event (I3). */
export function isOutcome<E extends WorkflowEvent>(event: E): event is E & OutcomeEvent {
  if (event.type === "step.failed") return !event.isRetryable;
  return event.type === "step.completed" || event.type === "step.cancelled" || event.type === "sleep.completed";
}
