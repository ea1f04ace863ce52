import { parentCloses } from "../events/child.js";
import type { EventType, RecordedEvent } from "../events/event.js";
import { isOperationId, parseRunId } from "../ids.js";
import { at, choice, count, flag, listOf, name, optional, read, readField, readObject, schema, text, time, value, type Fields } from "./fields.js";

/** An event out of a bundle. Throws InvalidBundleError with the place of what is wrong. */
export function readEvent(given: unknown, path: string): RecordedEvent {
  const event = readObject(given, path);
  const type = readField(choice(Object.keys(shapes)), event["type"], at(path, "type")) as EventType;
  const shape = shapes[type](event);
  return read({ sequence: count(1), type: text, at: time, ...shape }, given, path) as unknown as RecordedEvent;
}

const run = { expects: "a run id", read: (given: unknown) => (typeof given === "string" ? parseRunId(given) : undefined) };
const operations = { step: operation("step"), sleep: operation("sleep"), hook: operation("hook"), child: operation("child"), patch: operation("patch") };
const anyOperation = { expects: "an operation id", read: (given: unknown) => (typeof given === "string" && isOperationId(given) ? given : undefined) };
const reason = { reason: optional(text) };
const ofChild = { operationId: operations.child, childRunId: optional(run), parentClose: optional(choice(parentCloses)) };
const givenUp = choice(["cancelled", "run_ended"]);
const claim = { workerId: text, version: text };

// Beside sequence, type and time. An event whose form depends on what is in it looks at that first.
const shapes: Readonly<Record<EventType, (given: Readonly<Record<string, unknown>>) => Fields>> = {
  "workflow.started": () => claim,
  "workflow.completed": () => ({ value }),
  "workflow.failed": () => ({ value }),
  "workflow.suspended": () => ({
    reason: choice(["waiting", "released"]),
    wakeAt: optional(time),
    wakeReason: optional(choice(["timer", "retry"])),
    reservedFor: optional(text),
  }),
  "workflow.resumed": ({ reset }) =>
    reset === undefined
      ? { reason: choice(["timer", "retry", "hook", "child", "cancellation", "released", "recovery", "manual_retry"]), ...claim }
      : { reason: choice(["manual_retry"]), reset: listOf(anyOperation) },
  "workflow.interrupted": ({ reason: why }) =>
    why === "non_deterministic"
      ? {
          reason: text,
          code: choice(["NON_DETERMINISTIC", "NON_DURABLE_AWAIT"]),
          operationId: optional(anyOperation),
          error: text,
          place: optional(text),
          version: text,
          lastEventSequence: count(0),
        }
      : { reason: choice(["worker_lost", "non_deterministic"]), workerId: text, lastEventSequence: count(0), error: text, recoveryAttempt: count(0), recoverable: flag },
  "workflow.cancelled": () => ({ ...reason, cleanupCompleted: flag }),
  "workflow.continued_as_new": () => ({ newRunId: run, value }),
  "cancellation.requested": () => ({ ...reason, requestedBy: text }),
  "step.started": () => ({ operationId: operations.step, attempt: count(1), after: count(0), value }),
  "step.completed": () => ({ operationId: operations.step, value }),
  "step.failed": () => ({ operationId: operations.step, attempt: count(1), isRetryable: flag, value }),
  "step.retrying": () => ({ operationId: operations.step, attempt: count(1), resumeAt: time }),
  "step.cancelled": () => ({ operationId: operations.step, reason: givenUp }),
  "sleep.started": () => ({ operationId: operations.sleep, resumeAt: time, after: count(0), value }),
  "sleep.completed": () => ({ operationId: operations.sleep }),
  "hook.created": () => ({ operationId: operations.hook, name, after: count(0), expiresAt: optional(time), schema: optional(schema) }),
  "hook.received": () => ({ operationId: operations.hook, value }),
  "hook.expired": () => ({ operationId: operations.hook }),
  "hook.disposed": () => ({ operationId: operations.hook, reason: givenUp }),
  "child_workflow.started": () => ({ operationId: operations.child, childRunId: run, workflowName: name, parentClose: choice(parentCloses), waits: flag, after: count(0), value }),
  "child_workflow.completed": () => ({ ...ofChild, value }),
  "child_workflow.failed": () => ({ ...ofChild, value }),
  "child_workflow.cancelled": () => ({ ...ofChild, ...reason }),
  "patch.recorded": () => ({ operationId: operations.patch, after: count(0) }),
};

function operation(kind: string) {
  const idOf = (given: unknown): string | undefined => (typeof given === "string" && given.startsWith(`${kind}_`) && isOperationId(given) ? given : undefined);
  return { expects: `the id of a ${kind}`, read: idOf };
}

