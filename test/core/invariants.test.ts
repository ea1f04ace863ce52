import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf, type OperationId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import { foldHistory, type NewRun, type RunRecord } from "../../src/core/run.js";
import { checkStore } from "../../src/services/check-store.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";

const bytes = () => new Uint8Array(16).fill(7);
const workerId = newWorkerId(1, bytes);
const charge = operationIdOf("step_charge", 1);

const definition: NewRun = {
  runId: newRunId(1, bytes),
  workflowName: "order",
  durable: true,
  input: encode(null),
  createdAt: 1,
  tags: [],
  recoverOnWorkerLoss: true,
  maxRecoveryAttempts: 3,
  nestingDepth: 0,
};

const begun: WorkflowEvent = { type: "workflow.started", at: 2, workerId, version: "v1" };
const resumed: WorkflowEvent = { type: "workflow.resumed", at: 5, reason: "timer", workerId, version: "v1" };
const acting: WorkflowEvent = { type: "step.started", at: 3, operationId: charge, attempt: 1, after: 1, value: encode([]) };
const acted: WorkflowEvent = { type: "step.completed", at: 4, operationId: charge, value: encode("paid") };
const asleep: WorkflowEvent = { type: "workflow.suspended", at: 4, reason: "waiting", wakeAt: 5, wakeReason: "timer" };
const forgotten: WorkflowEvent = { type: "workflow.suspended", at: 4, reason: "waiting" };
const hook = operationIdOf("hook_ok", 1);
const waits: WorkflowEvent = { type: "hook.created", at: 3, operationId: hook, name: "ok", after: 1 };
const given: WorkflowEvent = { type: "hook.received", at: 5, operationId: hook, value: encode("yes") };
const broken: WorkflowEvent = { type: "workflow.failed", at: 6, value: encode("no") };
const retry = (...reset: readonly OperationId[]): WorkflowEvent => ({ type: "workflow.resumed", at: 7, reason: "manual_retry", reset });
const over: WorkflowEvent = { type: "workflow.completed", at: 6, value: encode("done") };

test.for([
  ["a run that was never claimed", []],
  ["a run with a worker", [begun, acting, acted]],
  ["a run that sleeps", [begun, acting, acted, asleep]],
  ["a run that waits for somebody", [begun, waits, forgotten]],
  ["a run that somebody resumed while nobody held it", [begun, waits, forgotten, given]],
  ["a run that failed and was retried", [begun, acting, acted, broken, retry(charge), resumed, acting, acted, over]],
  ["a run that woke and ended", [begun, asleep, resumed, acting, acted, over]],
] as const)("%s breaks nothing", ([, events]) => {
  const history = recorded(events);
  expect(findingsOf(recordOf(history), history)).toEqual([]);
});

test.for([
  ["I1", "a gap", recorded([begun, acting, acted]).filter(({ sequence }) => sequence !== 2), 3],
  ["I2", "a claim over a live holder", recorded([begun, resumed]), 2],
  ["I2", "a step's outcome after the run was let go", recorded([begun, acting, asleep, acted]), 4],
  ["I3", "a second outcome", recorded([begun, acting, acted, acted]), 4],
  ["I3", "a second outcome in a new life that did not reset its operation", recorded([begun, acting, acted, broken, retry(), resumed, acted]), 7],
  ["I4", "a retry of a run that completed", recorded([begun, over, retry()]), 3],
  ["I4", "an event after the end", recorded([begun, over, begun]), 3],
] as const)("%s: %s is found", ([invariant, , history, sequence]) => {
  const run = recordOf(history);
  expect(findingsOf(run, history)).toMatchObject([{ invariant, sequence, runId: run.runId }]);
});

test("I3: a failed attempt is not an outcome, a final failure is", () => {
  const failed = (isRetryable: boolean): WorkflowEvent => ({ type: "step.failed", at: 4, operationId: charge, attempt: 1, isRetryable, value: encode("no") });
  const retried = recorded([begun, acting, failed(true), acting, failed(true), acting, acted]);
  expect(findingsOf(recordOf(retried), retried)).toEqual([]);
  const twice = recorded([begun, acting, failed(false), acted]);
  expect(findingsOf(recordOf(twice), twice)).toMatchObject([{ invariant: "I3", sequence: 4 }]);
});

test("I5: a run that nothing will ever make due is found", () => {
  for (const history of [recorded([begun, forgotten]), recorded([begun, waits, { type: "hook.expired", at: 4, operationId: hook }, forgotten])]) {
    expect(findingsOf(recordOf(history), history)).toMatchObject([{ invariant: "I5" }]);
  }
});

test("I5: a run whose worker is dead is found", () => {
  const history = recorded([begun]);
  expect(findingsOf(recordOf(history), history, true)).toEqual([]);
  expect(findingsOf(recordOf(history), history, false)).toMatchObject([{ invariant: "I5" }]);
});

test.for([
  ["status", { status: "failed" }],
  ["result", { result: encode("other") }],
  ["dueAt", { dueAt: 99 }],
  ["recoveryAttempts", { recoveryAttempts: 2 }],
  ["closableChildren", { closableChildren: 1 }],
  ["cancellationRequested", { cancellationRequested: true }],
  ["reservedFor", { reservedFor: "v1" }],
] as const)("I10: a row whose %s is not the fold of its events is found", ([field, change]) => {
  const history = recorded([begun, over]);
  const findings = findingsOf({ ...recordOf(history), ...change }, history);
  expect(findings).toMatchObject([{ invariant: "I10" }]);
  expect(findings[0]?.message).toContain(field);
});

test("a transient run keeps no events, and that is no fault", () => {
  expect(findingsOf({ ...recordOf(recorded([begun, over])), durable: false }, [])).toEqual([]);
});

test("a whole store is walked, over its pages, and runs of a lost worker are found", async () => {
  const backend = createMemoryBackend();
  for (let index = 0; index < 450; index++) {
    await backend.createRun({ ...definition, runId: newRunId(index, (count) => new Uint8Array(count).fill(index % 256)) });
  }
  await backend.registerWorker({ workerId, role: "worker", hostname: "h", pid: 1, version: "v", concurrency: 1, workflows: ["order"], startedAt: 1 });
  await backend.claim({ workerId, workflows: ["order"], version: "v", company: "any", limit: 250, now: 10 });
  expect(await checkStore({ backend })).toEqual({ runs: 450, events: 250, findings: [] });
  const { findings } = await checkStore({ backend: { ...backend, listWorkers: async () => [] } });
  expect(findings).toHaveLength(250);
  expect(new Set(findings.map(({ invariant }) => invariant))).toEqual(new Set(["I5"]));
});

function recorded(events: readonly WorkflowEvent[]): readonly RecordedEvent[] {
  return events.map((event, index) => Object.assign({ sequence: index + 1 }, event));
}

function recordOf(history: readonly RecordedEvent[]): RunRecord {
  return { ...definition, epoch: 0, ...foldHistory(1, history) };
}
