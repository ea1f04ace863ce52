import { assert, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RunId } from "../../src/core/ids.js";
import { requestCancellation } from "../../src/engine/cancel-run.js";
import { continueAsNew, hook, patched, runChild, step, workflow } from "../../src/index.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";
import { gatedBackend, type HeldCall } from "../support/simulation/gated-backend.js";

// What the simulation has found, each as small as it could be made.

const waits = workflow("fuzz.waits", async (generation: number): Promise<unknown> => (generation === 0 ? continueAsNew(1) : hook("never")));
const parent = workflow("fuzz.parent", async () => runChild(waits, 0));

test("a parent that is cancelled asks the run that goes on in the place of its child", async () => {
  const backend = createMemoryBackend();
  const parentId = await startRun(backend, parent);
  await executeAll(backend);
  await requestCancellation(backend, { now: () => 1 }, { runId: parentId, requestedBy: "somebody" });
  await executeAll(backend);
  const ends = (await backend.listRuns({ limit: 10 })).map(({ workflowName, status }) => `${workflowName} ${status}`);
  expect(ends.toSorted()).toEqual(["fuzz.parent cancelled", "fuzz.waits cancelled", "fuzz.waits continued_as_new"]);
});

const asks = workflow("fuzz.asks", async () => {
  void hook("early");
  await hook("last");
  return patched("p") ? "new" : "old";
});

test("a body that ends at once closes what an earlier life of it began, and what patched() said is recorded before", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, asks);
  await executeAll(backend);
  await resume(backend, runId, "hook_last_1");
  await executeAll(backend);
  const types = (await backend.readHistory(runId, 0)).map(({ type }) => type);
  expect(types.slice(-4)).toEqual(["workflow.resumed", "patch.recorded", "hook.disposed", "workflow.completed"]);
  expect(await backend.getRun(runId)).toMatchObject({ result: encode("new") });
});

test("a cancelled run says that nobody waits for its hook any more, also where its body ends at once", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, asks);
  await executeAll(backend);
  await requestCancellation(backend, { now: () => 1 }, { runId, requestedBy: "somebody" });
  await executeAll(backend);
  const closed = (await backend.readHistory(runId, 0)).filter((event) => event.type === "hook.disposed").map(({ operationId, reason }) => `${operationId} ${reason}`);
  expect(closed).toEqual(["hook_early_1 cancelled", "hook_last_1 cancelled"]);
});

let calls = 0;
const count = step("fuzz.count", () => void calls++);
const counts = workflow("fuzz.counts", async () => {
  await hook("go");
  await count();
});

test("what a late read brings beside the run's own suspension is for the next holder: no step begins", async () => {
  calls = 0;
  const store = createMemoryBackend();
  const runId = await startRun(store, counts);
  const held: HeldCall[] = [];
  const { claim, executor } = await startProcess(gatedBackend(store, { hold: (call) => void held.push(call) }), { workflows: [counts] });
  const [run] = await claim();
  assert(run);
  const departure = executor.execute(run);
  const next = async () => {
    await expect.poll(() => held.length).toBeGreaterThan(0);
    const call = held.shift();
    assert(call);
    return call;
  };
  const answer = async (call: HeldCall) => call.answer(await call.carryOut());
  await answer(await next()); // the history
  await answer(await next()); // hook.created
  const suspending = await next();
  executor.wake(runId, 100);
  const read = await next();
  const suspended = await suspending.carryOut();
  await resume(store, runId, "hook_go_1");
  await answer(read);
  await turns(20);
  suspending.answer(suspended);
  expect(await departure).toBe("suspended");
  expect(calls).toBe(0);
});

async function turns(many: number): Promise<void> {
  for (let turn = 0; turn < many; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function resume(backend: Backend, runId: RunId, hookId: string): Promise<void> {
  const waiting = (await backend.listHooks({ runId, limit: 10 })).find((each) => each.hookId === hookId);
  if (waiting === undefined) throw new TypeError(`${hookId} does not wait`);
  await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: 1, operationId: waiting.hookId, value: encode(1) }] }]);
}

async function executeAll(backend: Backend): Promise<void> {
  for (let left = 1; left > 0; ) left = (await executeDue(backend, [waits, parent, asks])).length;
}
