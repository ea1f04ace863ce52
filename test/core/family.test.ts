import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { ParentClose } from "../../src/core/events/child.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { closingEvents, isLeftByRetry, isPassedOver, isToBeClosed, noteToParent, requestEvents, successorOf } from "../../src/core/family.js";
import { newRunId, operationIdOf } from "../../src/core/ids.js";
import { newRunState, runStatuses, isTerminal, type RunRecord } from "../../src/core/run.js";

const id = (n: number) => newRunId(n, (count) => new Uint8Array(count));
const operationId = operationIdOf("child_ship", 1);
const parent: RunRecord = {
  runId: id(1),
  workflowName: "order",
  durable: true,
  input: encode(null),
  createdAt: 1,
  tags: ["eu"],
  recoverOnWorkerLoss: true,
  maxRecoveryAttempts: 3,
  nestingDepth: 0,
  ...newRunState(1),
  status: "running",
  epoch: 1,
};
const childWith = (parentClose: ParentClose, change: Partial<RunRecord> = {}): RunRecord => ({ ...parent, runId: id(2), nestingDepth: 1, parent: { runId: parent.runId, operationId, parentClose }, ...change });

const ends: readonly WorkflowEvent[] = [
  { type: "workflow.completed", at: 5, value: encode("done") },
  { type: "workflow.failed", at: 5, value: encode("no") },
  { type: "workflow.cancelled", at: 5, reason: "by hand", cleanupCompleted: true },
];

test("a parent hears of each end of its child", () => {
  const child = childWith("cancel");
  const place = { at: 5, operationId, childRunId: child.runId, parentClose: "cancel" };
  expect(ends.map((end) => noteToParent(child, end))).toEqual([
    { runId: parent.runId, events: [{ type: "child_workflow.completed", value: encode("done"), ...place }] },
    { runId: parent.runId, events: [{ type: "child_workflow.failed", value: encode("no"), ...place }] },
    { runId: parent.runId, events: [{ type: "child_workflow.cancelled", reason: "by hand", ...place }] },
  ]);
});

test("it hears nothing of a chain that goes on, of an orphan, and nobody hears of a run without a parent", () => {
  const [end] = ends;
  if (!end) throw new Error("there are ends");
  expect(noteToParent(childWith("cancel"), { type: "workflow.continued_as_new", at: 5, newRunId: id(3), value: encode(1) })).toBeUndefined();
  expect(noteToParent(childWith("cancel"), { type: "workflow.suspended", at: 5, reason: "waiting" })).toBeUndefined();
  expect(noteToParent(childWith("cancel", { orphaned: true }), end)).toBeUndefined();
  expect(noteToParent(parent, end)).toBeUndefined();
});

test.for(runStatuses)("a child that is %s is closed only while it lives, and once", (status) => {
  const lives = !isTerminal(status);
  expect((["terminate", "cancel", "abandon"] as const).map((close) => isToBeClosed(childWith(close, { status })))).toEqual([lives, lives, false]);
  expect(isToBeClosed(childWith("terminate", { status, orphaned: true }))).toBe(false);
});

test("what closes a child depends on how it was started", () => {
  const types = (run: RunRecord) => closingEvents(run, 9).map(({ type }) => type);
  expect([types(childWith("terminate")), types(childWith("cancel")), types(childWith("abandon")), types(parent)]).toEqual([["workflow.cancelled"], ["cancellation.requested"], [], []]);
});

test.for([
  [true, "pending", 2],
  [true, "suspended", 1],
  [true, "running", 1],
  [true, "interrupted", 1],
  [false, "pending", 2],
  [false, "suspended", 2],
  [false, "running", 1],
  [false, "interrupted", 2],
] as const)("a request to cancel (durable: %s, %s) ends the run at once where its code has nothing to clean up", ([durable, status, events]) => {
  const request = { at: 5, reason: "by hand", requestedBy: "somebody" };
  const appended = requestEvents({ durable, status }, request);
  expect(appended).toHaveLength(events);
  expect(appended).toMatchObject([{ type: "cancellation.requested", ...request }, { type: "workflow.cancelled", reason: "by hand", cleanupCompleted: false }].slice(0, events));
  expect(requestEvents({ durable, status, cancellationRequested: true }, request)).toEqual([]);
});

test("a linked append is passed over after the end; a second request to cancel always", () => {
  const request: WorkflowEvent = { type: "cancellation.requested", at: 1, requestedBy: "somebody" };
  const note: WorkflowEvent = { type: "child_workflow.cancelled", at: 1, operationId };
  expect(runStatuses.filter((status) => isPassedOver({ status }, [note]))).toEqual(["completed", "failed", "cancelled", "continued_as_new"]);
  const asked = { status: "running", cancellationRequested: true } as const;
  expect([isPassedOver(asked, [request]), isPassedOver(asked, [note]), isPassedOver({ status: "running" }, [request])]).toEqual([true, false, false]);
});

test("a manual retry leaves behind what the end was to close, and the children of what begins anew", () => {
  const over = { ...parent, status: "failed" } as const;
  const left = (child: RunRecord, of: RunRecord, reset = false) => isLeftByRetry(child, of, reset ? [operationId] : []);
  expect([left(childWith("terminate"), over), left(childWith("cancel"), over), left(childWith("abandon"), over)]).toEqual([true, true, false]);
  expect([left(childWith("abandon"), over, true), left(childWith("abandon", { status: "completed" }), over, true)]).toEqual([true, false]);
  expect(left(childWith("terminate"), { ...parent, status: "interrupted" })).toBe(false); // parked: its children are still its own
});

test("a successor has the settings and the family of its predecessor, and nothing of its state", () => {
  const given = childWith("cancel", { maxDurationMs: 1000, idempotencyKey: "k", seed: id(8), rerunOf: id(8), startedAt: 4, workerId: undefined, inbox: 7, cancellationRequested: true });
  const successor = successorOf(given, { runId: id(3), input: encode(2), createdAt: 6 });
  expect(successor).toEqual({
    runId: id(3),
    workflowName: "order",
    durable: true,
    input: encode(2),
    createdAt: 6,
    tags: ["eu"],
    recoverOnWorkerLoss: true,
    maxRecoveryAttempts: 3,
    maxDurationMs: 1000,
    parent: given.parent,
    nestingDepth: 1,
    continuedFrom: given.runId,
    chain: given.runId,
  });
  expect(successorOf(successor, { runId: id(4), input: encode(3), createdAt: 7 })).toMatchObject({ continuedFrom: id(3), chain: given.runId });
});
