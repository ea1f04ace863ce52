import { describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { ChildWorkflowCancelledError, ChildWorkflowFailedError, HookExpiredError, RecoveryExhaustedError, WorkflowTimeoutError } from "../../src/core/errors.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf, tokenOf, type OperationId } from "../../src/core/ids.js";
import { resetOf } from "../../src/core/reset.js";
import type { ParentClose } from "../../src/core/events/child.js";

const bytes = () => new Uint8Array(16).fill(7);
const runId = newRunId(1, bytes);
const childRunId = newRunId(2, bytes);
const workerId = newWorkerId(1, bytes);
const at = 5;

const idOf = (name: string): OperationId => operationIdOf(name, 1);
const begun: WorkflowEvent = { type: "workflow.started", at, workerId, version: "v1" };
const asked = (name: string, after: number, attempt = 1): WorkflowEvent => ({ type: "step.started", at, operationId: idOf(name), attempt, after, value: encode([]) });
const done = (name: string): WorkflowEvent => ({ type: "step.completed", at, operationId: idOf(name), value: encode(null) });
const broke = (name: string, error: unknown, isRetryable = false): WorkflowEvent => ({ type: "step.failed", at, operationId: idOf(name), attempt: 1, isRetryable, value: encode(error) });
const dropped = (name: string): WorkflowEvent => ({ type: "step.cancelled", at, operationId: idOf(name), reason: "run_ended" });
const slept = (name: string, after: number): WorkflowEvent => ({ type: "sleep.started", at, operationId: idOf(name), resumeAt: 9, after, value: encode(["1s"]) });
const waited = (name: string, after: number): WorkflowEvent => ({ type: "hook.created", at, operationId: idOf(name), name, after });
const patched = (name: string, after: number): WorkflowEvent => ({ type: "patch.recorded", at, operationId: idOf(name), after });
const child = (name: string, after: number, parentClose: ParentClose = "terminate"): WorkflowEvent => ({
  type: "child_workflow.started",
  operationId: idOf(name),
  workflowName: "small",
  waits: true,
  value: encode(null),
  at,
  childRunId,
  after,
  parentClose,
});
const failed = (error: unknown): WorkflowEvent => ({ type: "workflow.failed", at, value: encode(error) });
const retried = (...names: string[]): WorkflowEvent => ({ type: "workflow.resumed", at, reason: "manual_retry", reset: names.map(idOf) });
const resumed: WorkflowEvent = { type: "workflow.resumed", at, reason: "manual_retry", workerId, version: "v1" };

const noFile = new TypeError("no such file");

function resetIn(...events: readonly WorkflowEvent[]): readonly string[] {
  const history: readonly RecordedEvent[] = events.map((event, index) => Object.assign({ sequence: index + 1 }, event));
  return resetOf(history).map((id) => id.replace(/_1$/, ""));
}

describe("an operation failed the run", () => {
  test("it begins anew; what came before it is kept", () => {
    expect(resetIn(begun, asked("charge", 0), done("charge"), asked("ship", 3), broke("ship", noFile, true), asked("ship", 3, 2), broke("ship", noFile), failed(noFile))).toEqual(["ship"]);
  });

  test("a handled failure is none that failed the run", () => {
    const optional = [asked("optional", 0), broke("optional", new TypeError("no matter"))];
    expect(resetIn(begun, ...optional, asked("ship", 3), broke("ship", noFile), failed(noFile))).toEqual(["ship"]);
  });

  test("with the clean-up of its catch block, although that failed later, and although its own error was thrown on", () => {
    const body = [begun, asked("charge", 0), done("charge"), asked("ship", 3), broke("ship", noFile)];
    expect(resetIn(...body, asked("refund", 5), done("refund"), slept("sleep", 7), patched("patch_new", 7), failed(noFile))).toEqual(["ship", "refund", "sleep", "patch_new"]);
    const refused = new TypeError("refused");
    expect(resetIn(...body, asked("refund", 5), broke("refund", refused), failed(noFile))).toEqual(["ship", "refund"]);
    // The refund is what failed the run: shipping had been given up.
    expect(resetIn(...body, asked("refund", 5), broke("refund", refused), failed(refused))).toEqual(["refund"]);
  });

  test("what was asked for beside it is kept where it has an outcome, and begins anew where the end of the run closed it", () => {
    const body = [begun, asked("a", 0), asked("b", 0), asked("c", 0), waited("hook_d", 0), done("b"), broke("a", noFile)];
    const closed: WorkflowEvent = { type: "hook.disposed", at, operationId: idOf("hook_d"), reason: "run_ended" };
    expect(resetIn(...body, dropped("c"), closed, failed(noFile))).toEqual(["a", "c", "hook_d"]);
  });

  test("several that failed side by side begin anew together: one of them alone would fail the run again", () => {
    const both = [begun, asked("a", 0), asked("b", 0)];
    const other = new TypeError("other");
    expect(resetIn(...both, broke("a", noFile), broke("b", other), failed(noFile))).toEqual(["a", "b"]);
    expect(resetIn(...both, broke("a", noFile), broke("b", noFile), failed(noFile))).toEqual(["a", "b"]);
    expect(resetIn(...both, broke("a", noFile), broke("b", other), failed(new AggregateError([noFile, other])))).toEqual(["a", "b"]);
  });

  test("of several tries by the body itself only the last begins anew", () => {
    expect(resetIn(begun, asked("first", 0), broke("first", noFile), asked("second", 3), broke("second", noFile), failed(noFile))).toEqual(["second"]);
  });

  test("it is found as the cause of what the body threw; where that says nothing, the last failure counts", () => {
    const body = [begun, asked("a", 0), broke("a", noFile), asked("b", 3), broke("b", new TypeError("handled"))];
    expect(resetIn(...body, failed(new RangeError("wrapped", { cause: noFile })))).toEqual(["a", "b"]);
    expect(resetIn(...body, failed(new RangeError("own")))).toEqual(["b"]);
    expect(resetIn(begun, asked("a", 0), broke("a", "a text"), asked("b", 3), broke("b", noFile), failed("a text"))).toEqual(["a", "b"]);
  });

  test("a child, or a hook, can be it", () => {
    const childEnd = { at, operationId: idOf("child"), childRunId, parentClose: "terminate" } as const;
    const optional = [asked("optional", 3), broke("optional", new TypeError("no matter"))];
    const childFailed: WorkflowEvent = { type: "child_workflow.failed", value: encode(noFile), ...childEnd };
    expect(resetIn(begun, child("child", 0), childFailed, ...optional, failed(new ChildWorkflowFailedError("small", childRunId, noFile)))).toEqual(["child", "optional"]);
    const childCancelled: WorkflowEvent = { type: "child_workflow.cancelled", ...childEnd };
    expect(resetIn(begun, child("child", 0), childCancelled, ...optional, failed(new ChildWorkflowCancelledError("small", childRunId)))).toEqual(["child", "optional"]);
    const expired: WorkflowEvent = { type: "hook.expired", at, operationId: idOf("hook_ok") };
    expect(resetIn(begun, waited("hook_ok", 0), expired, ...optional, failed(new HookExpiredError(tokenOf(runId, idOf("hook_ok")))))).toEqual(["hook_ok", "optional"]);
  });
});

describe("no operation failed the run", () => {
  const body = [begun, asked("optional", 0), broke("optional", noFile), asked("open", 3), asked("late", 3), dropped("late"), slept("sleep", 3)];

  test.each([new WorkflowTimeoutError(runId, 5), new RecoveryExhaustedError(runId, 3, "killed")])("$code: what its end closed begins anew", (error) => {
    expect(resetIn(...body, failed(error))).toEqual(["late"]);
  });

  test("the body threw before anything failed", () => {
    expect(resetIn(begun, asked("a", 0), done("a"), asked("b", 3), dropped("b"), failed(noFile))).toEqual(["b"]);
  });

  test("children that ended with the run begin anew, those that outlive it do not; a hook that was open goes on waiting", () => {
    const error = new RecoveryExhaustedError(runId, 3, "killed");
    const ended: WorkflowEvent = { type: "child_workflow.completed", at, operationId: idOf("done"), childRunId, parentClose: "cancel", value: encode(1) };
    expect(resetIn(begun, child("terminate", 0), child("cancel", 0, "cancel"), child("abandon", 0, "abandon"), child("done", 0), ended, waited("hook", 0), failed(error))).toEqual(["terminate", "cancel"]);
  });

  test("a step that the body had given up before is left alone", () => {
    const earlier: WorkflowEvent = { type: "step.cancelled", at, operationId: idOf("a"), reason: "cancelled" };
    expect(resetIn(begun, asked("a", 0), earlier, failed(noFile))).toEqual([]);
  });
});

describe("a run that was retried before", () => {
  const first = [begun, asked("charge", 0), broke("charge", noFile), asked("refund", 3), done("refund"), failed(noFile)];

  test("each operation counts by its newest life", () => {
    const second = [retried("charge", "refund"), resumed, asked("charge", 0), done("charge"), asked("ship", 10), broke("ship", noFile)];
    expect(resetIn(...first, ...second, failed(noFile))).toEqual(["ship"]);
    const third = [retried("ship"), resumed, asked("ship", 10), broke("ship", noFile)];
    expect(resetIn(...first, ...second, failed(noFile), ...third, asked("refund", 17), failed(noFile))).toEqual(["ship", "refund"]);
  });

  test("it fails twice at the same operation", () => {
    expect(resetIn(...first, retried("charge", "refund"), resumed, asked("charge", 0), broke("charge", noFile), asked("refund", 10), done("refund"), failed(noFile))).toEqual(["charge", "refund"]);
  });

  test("what was reset and not asked for again is not reset once more", () => {
    expect(resetIn(...first, retried("charge", "refund"), resumed, asked("charge", 0), broke("charge", noFile), failed(noFile))).toEqual(["charge"]);
  });
});

test("a run that has not failed has nothing to reset", () => {
  expect(resetIn()).toEqual([]);
  expect(resetIn(begun, asked("a", 0), broke("a", noFile))).toEqual([]);
});
