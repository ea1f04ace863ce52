import type { Encoded } from "../base/codec.js";
import type { ChildEvent } from "./events/child.js";
import { isOperationEvent, type OperationEvent, type WorkflowEvent } from "./events/event.js";
import type { HookEvent } from "./events/hook.js";
import type { SleepEvent } from "./events/sleep.js";
import type { StepEvent } from "./events/step.js";
import type { OperationId, RunId } from "./ids.js";
import { stepNameOf } from "./steps.js";

export type OperationStatus = "running" | "retrying" | "interrupted" | "waiting" | "completed" | "failed" | "cancelled" | "expired";

/** How far an operation of a run is. Times in milliseconds since the epoch. */
export interface OperationProgress {
  readonly operationId: OperationId;
  readonly kind: "step" | "sleep" | "hook" | "child";
  /** Of the step, the hook or the child's workflow. */
  readonly name: string;
  readonly status: OperationStatus;
  readonly startedAt: number;
  /** When it was settled; absent while it is open. */
  readonly endedAt?: number;
  /** Of a step: the newest attempt that was started. */
  readonly attempt: number;
  /** When the next attempt begins, the timer fires or the hook expires. */
  readonly until?: number;
  readonly childRunId?: RunId;
  /** The arguments of the call. */
  readonly args?: Encoded;
  /** What it came to, or the error of the newest attempt. */
  readonly value?: Encoded;
}

/** The operations of a run as its log tells of them so far, in the order in which they began. A child that is not waited for ends when it has started. */
export class RunProgress {
  readonly #operations = new Map<OperationId, OperationProgress>();

  get operations(): readonly OperationProgress[] {
    return [...this.#operations.values()];
  }

  apply(event: WorkflowEvent): void {
    if (isOperationEvent(event)) this.#operate(event);
    else if (event.type === "workflow.resumed") for (const id of event.reset ?? []) this.#operations.delete(id);
    else if (event.type === "workflow.interrupted" || (event.type === "workflow.suspended" && event.reason === "released")) this.#interrupt();
  }

  #operate(event: OperationEvent): void {
    if (event.type === "patch.recorded") return;
    const known = this.#operations.get(event.operationId);
    const change = isStep(event) ? stepChange(event) : isChild(event) ? childChange(event) : waitChange(event);
    const name = known?.name ?? change.name;
    // Given up before it began: nothing was ever seen of it.
    if (name === undefined) return;
    const { until: _past, ...state } = known ?? { operationId: event.operationId, kind: kindOf(event), name, status: "waiting", startedAt: event.at, attempt: 0 };
    this.#operations.set(event.operationId, { ...state, ...change });
  }

  #interrupt(): void {
    for (const [id, operation] of this.#operations) if (operation.status === "running") this.#operations.set(id, { ...operation, status: "interrupted" });
  }
}

/** Whether it still has to come to something. */
export function isOpen({ endedAt }: OperationProgress): boolean {
  return endedAt === undefined;
}

type Change = Partial<OperationProgress>;

function isStep(event: OperationEvent): event is StepEvent {
  return event.type.startsWith("step.");
}

function isChild(event: OperationEvent): event is ChildEvent {
  return event.type.startsWith("child_workflow.");
}

function kindOf({ type }: OperationEvent): OperationProgress["kind"] {
  if (type.startsWith("step.")) return "step";
  if (type.startsWith("sleep.")) return "sleep";
  return type.startsWith("hook.") ? "hook" : "child";
}

function stepChange(event: StepEvent): Change {
  switch (event.type) {
    case "step.started":
      return { name: stepNameOf(event.operationId), status: "running", attempt: event.attempt, args: event.value };
    case "step.failed":
      return { value: event.value, ...(!event.isRetryable && { status: "failed", endedAt: event.at }) };
    case "step.retrying":
      return { status: "retrying", until: event.resumeAt };
    case "step.completed":
      return { status: "completed", endedAt: event.at, value: event.value };
    default:
      return { status: "cancelled", endedAt: event.at };
  }
}

function waitChange(event: SleepEvent | HookEvent | OperationEvent): Change {
  switch (event.type) {
    case "sleep.started":
      return { name: "sleep", until: event.resumeAt, args: event.value };
    case "hook.created":
      return { name: event.name, ...(event.expiresAt !== undefined && { until: event.expiresAt }) };
    case "hook.received":
      return { status: "completed", endedAt: event.at, value: event.value };
    case "hook.expired":
      return { status: "expired", endedAt: event.at };
    case "hook.disposed":
      return { status: "cancelled", endedAt: event.at };
    default:
      return { status: "completed", endedAt: event.at };
  }
}

function childChange(event: ChildEvent): Change {
  const ids = event.childRunId === undefined ? {} : { childRunId: event.childRunId };
  switch (event.type) {
    case "child_workflow.started":
      return { ...ids, name: event.workflowName, args: event.value, ...(!event.waits && { status: "completed", endedAt: event.at }) };
    case "child_workflow.completed":
      return { ...ids, status: "completed", endedAt: event.at, value: event.value };
    case "child_workflow.failed":
      return { ...ids, status: "failed", endedAt: event.at, value: event.value };
    default:
      return { ...ids, status: "cancelled", endedAt: event.at };
  }
}
