import { decode } from "../../base/codec.js";
import type { Deferred } from "../../base/deferred.js";
import { ChildWorkflowCancelledError, ChildWorkflowFailedError, HookExpiredError } from "../../core/errors.js";
import type { ChildCancelled, ChildFailed } from "../../core/events/child.js";
import type { RecordedEvent } from "../../core/events/event.js";
import { tokenOf, type RunId } from "../../core/ids.js";
import type { Operation } from "./operation.js";

/** What a durable call gives: its value, decoded when it is delivered, or what it throws. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** The run and the operation that an event settles. */
export interface Receiver {
  readonly runId: RunId;
  /** The body has seen a request to cancel. */
  readonly cancelled: boolean;
  /** The error that says so. */
  readonly cancellation: () => Error;
  readonly operation: Operation;
}

/** An event as the body sees it that waits for it. */
export function outcomeOf(event: RecordedEvent, receiver: Receiver): Outcome {
  switch (event.type) {
    case "step.completed":
    case "hook.received":
    case "child_workflow.completed":
      return { value: decode(event.value) };
    case "step.failed":
      return { error: decode(event.value) };
    case "hook.expired":
      return { error: new HookExpiredError(tokenOf(receiver.runId, event.operationId)) };
    case "step.cancelled":
    case "hook.disposed":
      return { error: receiver.cancellation() };
    case "child_workflow.failed":
    case "child_workflow.cancelled":
      return { error: childError(event, receiver) };
    default:
      return { value: undefined };
  }
}

export function settle({ resolve, reject }: Pick<Deferred<unknown>, "resolve" | "reject">, outcome: Outcome): void {
  if ("error" in outcome) reject(outcome.error);
  else resolve(outcome.value);
}

function childError(event: ChildFailed | ChildCancelled, { cancelled, cancellation, operation }: Receiver): Error {
  const { name = "" } = operation.request;
  if (event.type === "child_workflow.failed") return new ChildWorkflowFailedError(name, event.childRunId, decode(event.value));
  // Cancelled with its parent, or by somebody else; one that never began has no run to name.
  return cancelled || event.childRunId === undefined ? cancellation() : new ChildWorkflowCancelledError(name, event.childRunId);
}
