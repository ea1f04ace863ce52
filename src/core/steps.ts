import type { RecordedEvent } from "./events/event.js";
import type { OperationId } from "./ids.js";

/** `interrupted`: its run lost or left its worker while the step ran; the next claim starts it again. */
export type StepStatus = "running" | "interrupted" | "retrying" | "completed" | "failed" | "cancelled";

/** One step of a run as its history tells it. Times in milliseconds since the epoch. */
export interface StepState {
  readonly stepId: OperationId;
  readonly name: string;
  readonly status: StepStatus;
  /** The newest attempt that was started. */
  readonly attempts: number;
  /** When the first attempt began. */
  readonly startedAt: number;
  /** When the step was settled; absent while it is open. */
  readonly endedAt?: number;
}

/** The steps of a history, in the order in which they were first started. */
export function stepsOf(history: readonly RecordedEvent[]): readonly StepState[] {
  const steps = new Map<OperationId, StepState>();
  for (const event of history) apply(steps, event);
  return [...steps.values()];
}

/** `charge_card` of `step_charge_card_1`. */
export function stepNameOf(stepId: OperationId): string {
  return stepId.replace(/^step_/, "").replace(/_\d+$/, "");
}

type Steps = Map<OperationId, StepState>;

function apply(steps: Steps, event: RecordedEvent): void {
  switch (event.type) {
    case "step.started":
      return start(steps, event);
    case "step.completed":
      return change(steps, event.operationId, { status: "completed", endedAt: event.at });
    case "step.failed":
      // A retryable failure is followed by its step.retrying in the same commit.
      return event.isRetryable ? undefined : change(steps, event.operationId, { status: "failed", endedAt: event.at });
    case "step.retrying":
      return change(steps, event.operationId, { status: "retrying" });
    case "step.cancelled":
      return change(steps, event.operationId, { status: "cancelled", endedAt: event.at });
    case "workflow.interrupted":
      return interrupt(steps);
    case "workflow.suspended":
      return event.reason === "released" ? interrupt(steps) : undefined;
    default:
      return undefined;
  }
}

function start(steps: Steps, event: Extract<RecordedEvent, { type: "step.started" }>): void {
  const { operationId: stepId, attempt: attempts, at } = event;
  const startedAt = steps.get(stepId)?.startedAt ?? at;
  steps.set(stepId, { stepId, name: stepNameOf(stepId), status: "running", attempts, startedAt });
}

function change(steps: Steps, stepId: OperationId, state: Partial<StepState>): void {
  const step = steps.get(stepId);
  // A step may be given up before it was ever started: it is not shown.
  if (step !== undefined) steps.set(stepId, { ...step, ...state });
}

function interrupt(steps: Steps): void {
  for (const step of steps.values()) {
    if (step.status === "running") steps.set(step.stepId, { ...step, status: "interrupted" });
  }
}
