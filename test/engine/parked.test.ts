import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { systemClock } from "../../src/base/clock.js";
import { newWorkerId, operationIdOf, type RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { hook, runChild, step, workflow } from "../../src/index.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";

const note = step("parked.note", async (text: string) => text);
const child = workflow("parked.child", async () => hook("child_waits"));

// Not workflow(): it would refuse the second body under the name, and that is what a changed file is.
function codeWith(run: () => Promise<unknown>): WorkflowDefinition {
  return { kind: "workflow", name: "parked.parent", options: { name: "parked.parent" }, place: undefined, run };
}

const original = codeWith(async () => Promise.all([note("first"), hook("answer"), runChild(child, undefined)]));
const changed = codeWith(async () => note("another"));

function resume(store: Backend, runId: RunId, name: string) {
  return store.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf(`hook_${name}`, 1), value: encode(name) }] }]);
}

async function childOf(store: Backend, parentId: RunId): Promise<RunId> {
  const [run] = await store.listRuns({ parentId, limit: 1 });
  if (run === undefined) throw new Error("it has no child");
  return run.runId;
}

test("a parked parent keeps its hooks and children: what they bring meanwhile is there when code that fits comes", async () => {
  const store = createMemoryBackend();
  const runId = await startRun(store, original);
  for (let round = 0; round < 3; round++) await executeDue(store, [original, child]);
  const childId = await childOf(store, runId);
  // The workers of the old code are gone.
  for (const { workerId } of await store.listWorkers()) await store.loseWorker({ workerId, now: systemClock.now(), error: "gone", charge: "none" });
  // Their supervisor is not: it executes nothing, and must not be waited for.
  const supervisor = { role: "supervisor", hostname: "here", pid: 1, version: "v1", concurrency: 1, workflows: [original.name] } as const;
  await store.registerWorker({ ...supervisor, workerId: newWorkerId(systemClock.now(), randomBytes), startedAt: systemClock.now() });
  await store.commit([{ runId, seen: 0, events: [{ type: "workflow.resumed", at: systemClock.now(), reason: "manual_retry", reset: [] }] }]);
  const newer = await startProcess(store, { workflows: [changed], version: "v2" });
  for (const run of await newer.claim()) expect(await newer.executor.execute(run)).toBe("parked");

  expect(await store.getHook(runId, operationIdOf("hook_answer", 1))).toMatchObject({ status: "pending" });
  expect(await resume(store, runId, "answer")).toMatchObject([{ accepted: true }]);
  expect(await resume(store, childId, "child_waits")).toMatchObject([{ accepted: true }]);
  await executeDue(store, [child]);
  const parked = await store.getRun(runId);
  expect(parked).toMatchObject({ status: "interrupted", parked: { code: "NON_DETERMINISTIC" } });
  expect(parked && findingsOf(parked, await store.readHistory(runId, 0))).toEqual([]);

  await executeDue(store, [original]);
  expect(await store.getRun(runId)).toMatchObject({ status: "completed", result: encode(["first", "answer", "child_waits"]) });
});
