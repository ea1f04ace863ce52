import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newWorkerId, operationIdOf } from "../../src/core/ids.js";
import { stepNameOf, stepsOf } from "../../src/core/steps.js";

const a = operationIdOf("step_a", 1);
const b = operationIdOf("step_b_2", 1);
const workerId = newWorkerId(0, (count) => new Uint8Array(count));
const value = encode(null);

const started = (operationId = a, at = 0, attempt = 1): WorkflowEvent => ({ type: "step.started", at, operationId, attempt, after: 0, value });
const lost: WorkflowEvent = { type: "workflow.interrupted", reason: "worker_lost", at: 5, workerId, lastEventSequence: 1, error: "killed", recoveryAttempt: 1, recoverable: true };

function after(...events: WorkflowEvent[]) {
  const history = events.map((event, place): RecordedEvent => ({ ...event, sequence: place + 1 }));
  return stepsOf(history).map(({ name, status, attempts, startedAt, endedAt }) => ({ name, status, attempts, ms: endedAt === undefined ? undefined : endedAt - startedAt }));
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
  expect([stepNameOf(operationIdOf("step_charge_2", 13)), stepNameOf(operationIdOf("step_step_1", 1))]).toEqual(["charge_2", "step_1"]);
});
