import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import type { HookCreated, HookEvent } from "../../src/core/events/hook.js";
import { foldHook, foldHooks, isHookEvent, type HookRecord } from "../../src/core/hooks.js";
import { newRunId, operationIdOf, type OperationId } from "../../src/core/ids.js";

const runId = newRunId(1, (count) => new Uint8Array(count));
const [a, b] = [operationIdOf("hook_a", 1), operationIdOf("hook_b", 1)];

const created = (operationId = a, expiresAt?: number): HookCreated => ({ type: "hook.created", at: 1, operationId, name: "a", after: 0, ...(expiresAt !== undefined && { expiresAt }) });
const received = (at = 2, operationId = a): HookEvent => ({ type: "hook.received", at, operationId, value: encode("yes") });
const expired: HookEvent = { type: "hook.expired", at: 3, operationId: a };
const disposed = (operationId = a): HookEvent => ({ type: "hook.disposed", at: 3, operationId, reason: "run_ended" });
const failed: WorkflowEvent = { type: "workflow.failed", at: 4, value: encode(new Error("no")) };
const completed: WorkflowEvent = { type: "workflow.completed", at: 4, value: encode(null) };
const parked: WorkflowEvent = { type: "workflow.interrupted", at: 4, reason: "non_deterministic", code: "NON_DETERMINISTIC", error: "drift", version: "v1", lastEventSequence: 1 };
const retried = (...reset: readonly OperationId[]): WorkflowEvent => ({ type: "workflow.resumed", at: 5, reason: "manual_retry", reset });

test.for([
  ["received", received()],
  ["expired", expired],
  ["disposed", disposed()],
] as const)("a pending hook becomes %s, and is then closed to all but a new life", ([status, event]) => {
  const hook = foldHook(runId, foldHook(runId, undefined, created()), event);
  expect(hook).toMatchObject({ runId, hookId: a, status });
  expect([received(), expired, disposed()].map((late) => foldHook(runId, hook, late))).toEqual([undefined, undefined, undefined]);
  expect(foldHook(runId, hook, created())).toMatchObject({ status: "pending" });
});

test("a hook that was not created takes no event", () => {
  expect([received(), expired, disposed()].map((event) => foldHook(runId, undefined, event))).toEqual([undefined, undefined, undefined]);
});

test("the moment of its expiry is too late", () => {
  const hook = foldHook(runId, undefined, created(a, 10));
  expect([foldHook(runId, hook, received(9))?.status, foldHook(runId, hook, received(10))]).toEqual(["received", undefined]);
  expect(foldHook(runId, hook, { ...expired, at: 10 })).toMatchObject({ status: "expired" });
});

test("a member's events are folded one after another; the first that does not fit is named", () => {
  expect(statuses([created(), created(b), received()])).toEqual({ [a]: "received", [b]: "pending" });
  expect(foldHooks({ runId, status: "running" }, new Map(), [created(), received(), created(b), expired, received(2, b)])).toEqual({ misfit: a });
});

test("events that concern no hook leave the same rows", () => {
  const rows = new Map<OperationId, HookRecord>();
  expect(foldHooks({ runId, status: "running" }, rows, [parked])).toBe(rows);
});

test("an end disposes of what is pending", () => {
  expect(statuses([created(), created(b), received(2, b), completed])).toEqual({ [a]: "disposed", [b]: "received" });
});

test("a manual retry after a failure waits again for what the end disposed of, but for what begins anew", () => {
  expect(statuses([created(), created(b), disposed(b), failed, retried(b)])).toEqual({ [a]: "pending", [b]: "disposed" });
  expect(statuses([created(), failed, retried(), failed, retried()])).toEqual({ [a]: "pending" });
});

test("of a parked run a manual retry leaves the hooks as they are", () => {
  expect(statuses([created(), disposed(), created(b), parked, retried()])).toEqual({ [a]: "disposed", [b]: "pending" });
});

test("the state before counts: the same retry after an end that is written already", () => {
  const rows = foldHooks({ runId, status: "running" }, new Map(), [created(), failed]);
  if ("misfit" in rows) throw new Error("these events fit");
  const after = (status: "failed" | "interrupted") => foldHooks({ runId, status }, rows, [retried()]);
  expect([after("failed"), after("interrupted")]).toMatchObject([new Map([[a, { status: "pending" }]]), new Map([[a, { status: "disposed" }]])]);
});

test("hook events are told by their type", () => {
  expect([created(), received(), expired, disposed(), failed].map((event: WorkflowEvent) => isHookEvent(event))).toEqual([true, true, true, true, false]);
});

function statuses(events: readonly WorkflowEvent[]): object {
  const rows = foldHooks({ runId, status: "running" }, new Map(), events);
  if ("misfit" in rows) throw new Error(`${rows.misfit} does not fit`);
  return Object.fromEntries(Array.from(rows, ([hookId, { status }]) => [hookId, status]));
}
