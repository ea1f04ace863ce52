import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf, operationNameOf } from "../../src/core/ids.js";
import { spansOf } from "../../src/core/spans.js";

const a = operationIdOf("step_a", 1);
const b = operationIdOf("step_b_2", 1);
const workerId = newWorkerId(0, (count) => new Uint8Array(count));
const value = encode(null);

const started = (operationId = a, at = 0, attempt = 1): WorkflowEvent => ({ type: "step.started", at, operationId, attempt, after: 0, value });
const lost: WorkflowEvent = { type: "workflow.interrupted", reason: "worker_lost", at: 5, workerId, lastEventSequence: 1, error: "killed", recoveryAttempt: 1, recoverable: true };

const recorded = (events: readonly WorkflowEvent[]) => events.map((event, place): RecordedEvent => ({ ...event, sequence: place + 1 }));

function after(...events: WorkflowEvent[]) {
  return spansOf(recorded(events)).map(({ name, status, attempts, startedAt, endedAt }) => ({ name, status, attempts: attempts.at(-1)?.attempt, ms: endedAt === undefined ? undefined : endedAt - startedAt }));
}

test("steps stand in the order of their start, with what became of them", () => {
  expect(after(started(), started(b), { type: "step.completed", at: 7, operationId: b, value })).toEqual([
    { name: "a", status: "running", attempts: 1, ms: undefined },
    { name: "b_2", status: "completed", attempts: 1, ms: 7 },
  ]);
});

test("a retry keeps the step open; its duration counts from the first attempt", () => {
  const failed: WorkflowEvent = { type: "step.failed", at: 3, operationId: a, attempt: 1, isRetryable: true, value };
  const retrying: WorkflowEvent = { type: "step.retrying", at: 3, operationId: a, attempt: 2, resumeAt: 9 };
  expect(after(started(), failed, retrying)).toEqual([{ name: "a", status: "retrying", attempts: 1, ms: undefined }]);
  const given: WorkflowEvent = { type: "step.failed", at: 12, operationId: a, attempt: 2, isRetryable: false, value };
  expect(after(started(), failed, retrying, started(a, 9, 2), given)).toEqual([{ name: "a", status: "failed", attempts: 2, ms: 12 }]);
});

test("a step whose worker was lost is interrupted until it is started again", () => {
  expect(after(started(), lost)).toMatchObject([{ status: "interrupted", attempts: 1 }]);
  expect(after(started(), lost, started(a, 6, 2))).toMatchObject([{ status: "running", attempts: 2 }]);
  expect(after(started(), { type: "workflow.suspended", at: 5, reason: "released" })).toMatchObject([{ status: "interrupted" }]);
  expect(after(started(), { type: "workflow.suspended", at: 5, reason: "waiting" })).toMatchObject([{ status: "running" }]);
});

test("a step that was given up before its start is not shown", () => {
  expect(after({ type: "step.cancelled", at: 1, operationId: a, reason: "run_ended" })).toEqual([]);
  expect(after(started(), { type: "step.cancelled", at: 1, operationId: a, reason: "cancelled" })).toMatchObject([{ status: "cancelled", ms: 1 }]);
});

test("a name may hold what looks like a count", () => {
  expect([operationNameOf(operationIdOf("step_charge_2", 13)), operationNameOf(operationIdOf("step_step_1", 1))]).toEqual(["charge_2", "step_1"]);
});

const hook = operationIdOf("hook_approval", 1);
const child = operationIdOf("child_ship", 1);
const [failure, result] = [encode(new Error("declined")), encode("done")];

// All that a step, a hook and a child can go through, and a retry by hand after the run has failed.
const eventful: readonly WorkflowEvent[] = [
  started(a, 0),
  { type: "step.failed", at: 1, operationId: a, attempt: 1, isRetryable: true, value: failure },
  { type: "step.retrying", at: 1, operationId: a, attempt: 2, resumeAt: 2 },
  started(a, 2, 2),
  { type: "hook.created", at: 2, operationId: hook, name: "approval", after: 1, expiresAt: 90 },
  { type: "child_workflow.started", at: 2, operationId: child, childRunId: newRunId(0, (count) => new Uint8Array(count)), workflowName: "ship", parentClose: "terminate", waits: true, after: 1, value },
  lost,
  started(a, 6, 3),
  started(b, 6),
  { type: "step.completed", at: 7, operationId: a, value: result },
  { type: "child_workflow.failed", at: 8, operationId: child, value: failure },
  { type: "workflow.failed", at: 9, value: failure },
  { type: "workflow.resumed", at: 10, reason: "manual_retry", reset: [b, child] },
  { type: "hook.received", at: 11, operationId: hook, value: result },
];

test("a history that grows is folded event by event to the same", () => {
  const history = recorded(eventful);
  for (const length of history.keys()) {
    expect(spansOf(history.slice(length), spansOf(history.slice(0, length)))).toEqual(spansOf(history));
  }
});

test("what was given, what it came to, and the error of the newest failure stay with the operation", () => {
  const told = spansOf(recorded(eventful)).map(({ operationId, status, args, value: outcome, error }) => [operationId, status, args, outcome, error]);
  expect(told).toEqual([
    [a, "completed", value, result, failure],
    [hook, "completed", undefined, result, undefined],
    [child, "failed", value, undefined, failure],
    [b, "left", value, undefined, undefined],
  ]);
});

test("a step that begins a new life has no result", () => {
  const again = [...eventful, { ...started(a, 12, 1) }];
  expect(spansOf(recorded(again))[0]).toMatchObject({ status: "running", value: undefined, startedAt: 0 });
});

test("what a run leaves open when it ends is left; a retry opens what is not reset", () => {
  const end: WorkflowEvent = { type: "workflow.failed", at: 9, value: failure };
  expect(after(started(), lost, end)).toMatchObject([{ status: "left", attempts: 1 }]);
  expect(after(started(), end, { type: "workflow.resumed", at: 10, reason: "manual_retry", reset: [] })).toMatchObject([{ status: "interrupted" }]);
  expect(after(started(), end, { type: "workflow.resumed", at: 10, reason: "manual_retry", reset: [a] })).toMatchObject([{ status: "left" }]);
});
