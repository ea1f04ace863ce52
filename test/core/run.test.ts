import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { ParentClose } from "../../src/core/events/child.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf } from "../../src/core/ids.js";
import { foldRun, newRunState, type RunState } from "../../src/core/run.js";

const bytes = (count: number) => new Uint8Array(count);
const [workerId, childRunId] = [newWorkerId(1, bytes), newRunId(2, bytes)];
const [hook, child] = [operationIdOf("hook_a", 1), operationIdOf("child_b", 1)];

const begun: WorkflowEvent = { type: "workflow.started", at: 2, workerId, version: "v1" };
const suspended = (wakeAt?: number): WorkflowEvent => ({ type: "workflow.suspended", at: 3, reason: "waiting", ...(wakeAt !== undefined && { wakeAt, wakeReason: "timer" }) });
const released = (reservedFor?: string): WorkflowEvent => ({ type: "workflow.suspended", at: 3, reason: "released", ...(reservedFor !== undefined && { reservedFor }) });
const resumed: WorkflowEvent = { type: "workflow.resumed", at: 4, reason: "released", workerId, version: "v1" };
const retried: WorkflowEvent = { type: "workflow.resumed", at: 9, reason: "manual_retry", reset: [] };
const requested = (at = 5): WorkflowEvent => ({ type: "cancellation.requested", at, requestedBy: "somebody" });
const received: WorkflowEvent = { type: "hook.received", at: 5, operationId: hook, value: encode(1) };
const childStarted = (parentClose: ParentClose = "terminate"): WorkflowEvent => ({ type: "child_workflow.started", at: 2, operationId: child, childRunId, workflowName: "b", parentClose, waits: true, after: 1, value: encode(1) });
const childEnded = (parentClose: ParentClose = "terminate"): WorkflowEvent => ({ type: "child_workflow.completed", at: 5, operationId: child, childRunId, parentClose, value: encode(1) });
const lost = (recoveryAttempt: number): WorkflowEvent => ({ type: "workflow.interrupted", at: 5, reason: "worker_lost", workerId, lastEventSequence: 1, error: "gone", recoveryAttempt, recoverable: true });
const parked: WorkflowEvent = { type: "workflow.interrupted", at: 5, reason: "non_deterministic", code: "NON_DETERMINISTIC", error: "drift", version: "v1", lastEventSequence: 1 };
const failed: WorkflowEvent = { type: "workflow.failed", at: 6, value: encode("no") };

test.for([
  ["a hook", received, "hook"],
  ["a child", childEnded(), "child"],
  ["a request to cancel", requested(), "cancellation"],
] as const)("I5: %s makes a suspended run due, and no other", ([, event, wakeReason]) => {
  expect(after(begun, suspended(), event)).toMatchObject({ status: "suspended", dueAt: 5, wakeReason });
  expect(after(begun, event)).toMatchObject({ status: "running", dueAt: undefined });
  expect(after(begun, parked, event)).toMatchObject({ status: "interrupted", dueAt: undefined });
  expect(after(begun, lost(1), event)).toMatchObject({ status: "interrupted", dueAt: 5, wakeReason: "recovery" });
});

test("an outside event moves a due time forward, and never back", () => {
  expect(after(begun, suspended(100), received)).toMatchObject({ dueAt: 5, wakeReason: "hook" });
  expect(after(begun, suspended(4), received)).toMatchObject({ dueAt: 4, wakeReason: "timer" });
});

test("children that are to be closed are counted until they end", () => {
  expect(after(begun, childStarted(), childStarted("cancel"), childStarted("abandon")).closableChildren).toBe(2);
  expect(after(begun, childStarted(), childStarted("abandon"), childEnded("abandon"), childEnded()).closableChildren).toBe(0);
  expect(after(begun, { type: "child_workflow.failed", at: 5, operationId: child, value: encode("bad input") }).closableChildren).toBe(0);
});

test("an event of a hook that somebody else wrote is no progress; to suspend is", () => {
  const again: WorkflowEvent = { ...resumed, reason: "recovery" };
  expect(after(begun, lost(2), again, received, childEnded()).recoveryAttempts).toBe(2);
  expect(after(begun, lost(2), again, released()).recoveryAttempts).toBe(2);
  expect(after(begun, lost(2), again, suspended()).recoveryAttempts).toBe(0);
  expect(after(begun, lost(2), again, { type: "hook.expired", at: 6, operationId: hook }).recoveryAttempts).toBe(0);
});

test("a run that was released is reserved until its next claim", () => {
  expect(after(begun, released("v1"))).toMatchObject({ dueAt: 3, wakeReason: "released", reservedFor: "v1" });
  expect(after(begun, released("v1"), resumed).reservedFor).toBeUndefined();
  expect(after(begun, released("v1"), resumed, released()).reservedFor).toBeUndefined();
});

test("a manual retry forgets how the last life ended", () => {
  const state = after(begun, childStarted(), lost(2), { ...resumed, reason: "recovery" }, failed, retried);
  expect(state).toMatchObject({ status: "suspended", dueAt: 9, wakeReason: "manual_retry", startedAt: 2, recoveryAttempts: 0, closableChildren: 0 });
  expect([state.error, state.completedAt]).toEqual([undefined, undefined]);
});

test("a manual retry of a parked run keeps its children", () => {
  const state = after(begun, childStarted(), parked, retried);
  expect(state).toMatchObject({ status: "suspended", dueAt: 9, closableChildren: 1 });
  expect(state.parked).toBeUndefined();
});

test("an end keeps what was asked, and the way to the run that goes on", () => {
  expect(after(begun, requested(), { type: "workflow.cancelled", at: 6, cleanupCompleted: true })).toMatchObject({ status: "cancelled", cancellationRequested: true, completedAt: 6 });
  expect(after(begun, { type: "workflow.continued_as_new", at: 6, newRunId: childRunId, value: encode(2) })).toMatchObject({ status: "continued_as_new", continuedTo: childRunId, completedAt: 6 });
});

test.for<WorkflowEvent>([
  { type: "hook.created", at: 3, operationId: hook, name: "a", after: 1 },
  { type: "hook.disposed", at: 3, operationId: hook, reason: "cancelled" },
  { type: "hook.expired", at: 3, operationId: hook },
  { type: "patch.recorded", at: 3, operationId: hook, after: 1 },
  childStarted("abandon"),
])("$type leaves the same state, so that no row has to be written", (event) => {
  const state = after(begun);
  expect(foldRun(state, event)).toBe(state);
});

function after(...events: readonly WorkflowEvent[]): RunState {
  return events.reduce(foldRun, newRunState(1));
}
