import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf } from "../../src/core/ids.js";
import { historyOf, reuseOf } from "../../src/core/rerun.js";
import { foldRun, newRunState } from "../../src/core/run.js";

const bytes = () => new Uint8Array(16).fill(7);
const workerId = newWorkerId(1, bytes);
const childRunId = newRunId(2, bytes);
const [a, b, c] = [operationIdOf("step_a", 1), operationIdOf("step_b", 1), operationIdOf("step_c", 1)];
const [child, patch] = [operationIdOf("child_small", 1), operationIdOf("patch_new", 1)];
const at = 5;

const begun: WorkflowEvent = { type: "workflow.started", at: 3, workerId, version: "v1" };
const asked = (operationId: typeof a): WorkflowEvent => ({ type: "step.started", at, operationId, attempt: 1, after: 0, value: encode([]) });
const done = (operationId: typeof a): WorkflowEvent => ({ type: "step.completed", at, operationId, value: encode(null) });
const failed: WorkflowEvent = { type: "workflow.failed", at, value: encode(new TypeError("no")) };
const parent: WorkflowEvent = { type: "child_workflow.started", at, operationId: child, childRunId, workflowName: "small", waits: true, parentClose: "terminate", after: 0, value: encode(null) };
const childDone: WorkflowEvent = { type: "child_workflow.completed", at, operationId: child, childRunId, parentClose: "terminate", value: encode(null) };

const recorded = (...events: readonly WorkflowEvent[]): readonly RecordedEvent[] => events.map((event, index) => Object.assign({ sequence: index + 1 }, event));

test("what stands before the operation is reused; what has no outcome there executes again", () => {
  const history = recorded(begun, asked(a), asked(b), done(a), asked(c), done(b), done(c), { type: "workflow.completed", at, value: encode(1) });
  expect(reuseOf(history, c)).toEqual({ prefix: history.slice(0, 4), executesAgain: [b, c], openChildren: [] });
  expect(reuseOf(history, b)?.executesAgain).toEqual([a, b, c]);
});

test("without an operation nothing is reused, and a call of patched() is nothing that executes", () => {
  const history = recorded(begun, { type: "patch.recorded", at, operationId: patch, after: 0 }, asked(a), done(a));
  const reuse = reuseOf(history, undefined);
  expect(reuse).toEqual({ prefix: [], executesAgain: [a], openChildren: [] });
  expect(reuse && historyOf(reuse, 9)).toEqual([]);
});

test("an operation that the history does not have can't be begun at", () => {
  expect(reuseOf(recorded(begun, asked(a)), "step_z_1")).toBeUndefined();
  expect(reuseOf([], "step_a_1")).toBeUndefined();
});

test("an operation that was reset is begun at its newest life, with the earlier one before it", () => {
  const history = recorded(begun, asked(a), failed, { type: "workflow.resumed", at, reason: "manual_retry", reset: [a] }, { type: "workflow.resumed", at, reason: "manual_retry", workerId, version: "v1" }, asked(a), done(a));
  expect(reuseOf(history, a)).toEqual({ prefix: history.slice(0, 5), executesAgain: [a], openChildren: [] });
});

test("children without an end in the prefix are named", () => {
  const history = recorded(begun, parent, asked(a), childDone, asked(b));
  expect(reuseOf(history, a)?.openChildren).toEqual([childRunId]);
  expect(reuseOf(history, b)?.openChildren).toEqual([]);
});

test("the new log begins as the old one and makes the run due", () => {
  const reuse = reuseOf(recorded(begun, asked(a), done(a), asked(b)), b);
  const events = reuse === undefined ? [] : historyOf(reuse, 9);
  expect(events.slice(0, 3)).toEqual([begun, asked(a), done(a)]);
  expect(events.reduce(foldRun, newRunState(9))).toMatchObject({ status: "suspended", dueAt: 9, startedAt: 3, wakeReason: "manual_retry" });
});
