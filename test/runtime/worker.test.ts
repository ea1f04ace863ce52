import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { StorageError } from "../../src/core/errors.js";
import { newRunId, newWorkerId, type RunId } from "../../src/core/ids.js";
import type { ExecutorNote } from "../../src/engine/executor.js";
import type { Company } from "../../src/core/claim.js";
import { timerHeartbeat } from "../../src/runtime/worker/heartbeat.js";
import { startWorker } from "../../src/runtime/worker/worker.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { FakeExecutor } from "../support/fake-executor.js";
import { ManualClock, settle } from "../support/manual-clock.js";

let clock: ManualClock;
let backend: Backend;
beforeEach(() => {
  clock = new ManualClock();
  backend = createMemoryBackend();
});

async function start(company: Company = "crowd", concurrency = 2) {
  const workerId = newWorkerId(clock.now(), randomBytes);
  const notes: ExecutorNote[] = [];
  const executors: FakeExecutor[] = [];
  const worker = await startWorker({
    backend,
    clock,
    company,
    leaseMs: 15_000,
    shutdownTimeoutMs: 1000,
    worker: { workerId, role: "worker", hostname: "here", pid: 1, version: "v1", concurrency, workflows: ["w"] },
    startHeartbeat: timerHeartbeat({ beat: (now) => backend.beat(workerId, now), clock, everyMs: 3000 }),
    createExecutor: (hooks) => {
      const executor = new FakeExecutor(hooks, backend);
      executors.push(executor);
      return executor;
    },
    onNote: (note) => void notes.push(note),
  });
  await settle();
  const [executor] = executors;
  if (executor === undefined) throw new Error("the worker made no executor");
  return { workerId, worker, notes, executor };
}

async function startRun(more: { workflowName?: string } = {}): Promise<RunId> {
  const settings = { workflowName: "w", durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 10, nestingDepth: 0 };
  const { runId } = await backend.createRun({ runId: newRunId(clock.now(), randomBytes), input: encode(null), createdAt: clock.now(), ...settings, ...more });
  await settle();
  return runId;
}

/** A run that has lost its worker so many times in a row. */
async function startLostRun(losses: number): Promise<RunId> {
  const runId = await startRun();
  for (let loss = 0; loss < losses; loss++) {
    const workerId = newWorkerId(clock.now(), randomBytes);
    await backend.registerWorker({ workerId, role: "worker", hostname: "here", pid: 2, version: "v1", concurrency: 1, workflows: ["w"], startedAt: clock.now() });
    await backend.claim({ workerId, workflows: ["w"], version: "v1", company: "any", runId, limit: 1, now: clock.now() });
    await backend.loseWorker({ workerId, now: clock.now(), error: "lost", charge: "all" });
  }
  return runId;
}

async function statusOf(runId: RunId) {
  return (await backend.getRun(runId))?.status;
}

async function rowOf(workerId: string) {
  return (await backend.listWorkers()).find((row) => row.workerId === workerId);
}

describe("claiming", () => {
  test("takes what is due up to its concurrency, and the next one when a run departs", async () => {
    const runs = [await startRun(), await startRun(), await startRun()] as const;
    const { executor } = await start("crowd", 2);
    expect(executor.held).toEqual([runs[0], runs[1]]);
    await executor.complete(runs[0]);
    await settle();
    expect(executor.held).toEqual([runs[1], runs[2]]);
  });

  test("is told of a new run at once, and leaves those of workflows it does not know", async () => {
    const { executor } = await start();
    const foreign = await startRun({ workflowName: "other" });
    const own = await startRun();
    expect(executor.held).toEqual([own]);
    expect(await statusOf(foreign)).toBe("pending");
  });

  test("takes a suspended run when it is due, not before", async () => {
    const runId = await startRun();
    const { executor } = await start();
    const held = await backend.getRun(runId);
    const event = { type: "workflow.suspended", at: clock.now(), reason: "waiting", wakeAt: clock.now() + 1_000_000, wakeReason: "timer" } as const;
    await backend.commit([{ runId, fence: held?.epoch ?? 0, seen: 1, events: [event] }]);
    await clock.pass(999_000);
    expect(await statusOf(runId)).toBe("suspended");
    await clock.pass(1000);
    expect(await statusOf(runId)).toBe("running");
    expect(executor.held).toEqual([runId]);
  });

  test("wakes a run that somebody wrote to, also when there is no room for more", async () => {
    const runId = await startRun();
    const { executor } = await start("crowd", 1);
    await backend.commit([{ runId, seen: 1, events: [{ type: "cancellation.requested", at: 0, requestedBy: "test" }] }]);
    await settle();
    expect(executor.woken).toContainEqual({ runId, sequence: 2 });
  });

  test("goes on after a store that failed", async () => {
    const { executor, notes } = await start();
    const claim = backend.claim.bind(backend);
    backend.claim = () => Promise.reject(new StorageError("away", { kind: "io", outcome: "rolled_back", hint: "" }));
    const runId = await startRun();
    expect(executor.held).toEqual([]);
    expect(notes.filter(({ level }) => level === "warn")).toHaveLength(1);
    backend.claim = claim;
    await clock.pass(1000);
    expect(executor.held).toEqual([runId]);
  });

  test("takes nothing while the store is full", async () => {
    const { executor } = await start();
    executor.hooks.events.onStorageTrouble(new RangeError("full"));
    const runId = await startRun();
    await clock.pass(10_000);
    expect(executor.held).toEqual([]);
    executor.hooks.events.onStorageBack();
    await settle();
    expect(executor.held).toEqual([runId]);
  });
});

describe("runs that may be what kills their workers", () => {
  test("are left alone by a worker for the crowd", async () => {
    const lonely = await startLostRun(2);
    const once = await startLostRun(1);
    const { executor } = await start();
    expect(executor.held).toEqual([once]);
    expect(await statusOf(lonely)).toBe("interrupted");
  });

  test("are executed one after the other by a worker for them, each until it gets on; then it is through", async () => {
    const [first, second] = [await startLostRun(2), await startLostRun(2)];
    const { worker, executor } = await start("alone", 1);
    expect(executor.held).toEqual([first]);
    await executor.getOn(first);
    await settle();
    expect(executor.held).toEqual([second]);
    await executor.complete(second);
    expect(await worker.ended).toBe("finished");
    expect(await rowOf(worker.workerId)).toMatchObject({ status: "dead", activeRuns: 0 });
  });

  test("get an embedded process for themselves, until they get on", async () => {
    const lonely = await startLostRun(2);
    const other = await startRun();
    const { executor } = await start("any");
    expect(executor.held).toEqual([lonely]);
    await executor.getOn(lonely);
    await settle();
    expect(executor.held).toEqual([lonely, other]);
  });

  test("are not kept waiting by an embedded process that is never empty", async () => {
    const busy = await startRun();
    const { executor } = await start("any");
    expect(executor.held).toEqual([busy]);
    // Others lose it before this worker looks again.
    executor.hooks.events.onStorageTrouble(new RangeError("full"));
    const lonely = await startLostRun(2);
    executor.hooks.events.onStorageBack();
    await settle();
    const late = await startRun();
    expect(executor.held).toEqual([busy]);
    await executor.complete(busy);
    await settle();
    expect(executor.held).toEqual([lonely]);
    await executor.complete(lonely);
    await settle();
    expect(executor.held).toEqual([late]);
  });
});

describe("the end of a worker", () => {
  test("asked to stop, it hands over what it holds, claims no more, and tells the store", async () => {
    const held = await startRun();
    const { worker, workerId, executor } = await start();
    const stopped = worker.stop(1000);
    const late = await startRun();
    expect(await stopped).toBe("stopped");
    expect(executor.dropped).toBe(false);
    expect(await statusOf(held)).toBe("suspended");
    expect(await statusOf(late)).toBe("pending");
    expect(await rowOf(workerId)).toMatchObject({ status: "dead", activeRuns: 0 });
    expect(await backend.getRun(held)).toMatchObject({ wakeReason: "released", recoveryAttempts: 0 });
  });

  test("asked through the store, it does the same", async () => {
    const { worker, workerId } = await start();
    await backend.updateWorker(workerId, { stopRequested: true });
    await clock.pass(2000);
    expect(await worker.ended).toBe("stopped");
  });

  test("declared dead, it drops everything and writes nothing", async () => {
    const runId = await startRun();
    const { worker, workerId, executor } = await start();
    await backend.loseWorker({ workerId, now: clock.now(), error: "gone", charge: "all" });
    const before = await backend.readHistory(runId, 0);
    await clock.pass(3000);
    expect(await worker.ended).toBe("dead");
    expect(executor.dropped).toBe(true);
    expect(await executor.hooks.mayStart()).toBe(false);
    await clock.pass(60_000);
    expect(await backend.readHistory(runId, 0)).toEqual(before);
  });

  test("it tells how many runs it brought to an end", async () => {
    const runs = [await startRun(), await startRun()];
    const { workerId, executor } = await start();
    for (const runId of runs) await executor.complete(runId);
    await clock.pass(1000);
    expect(await rowOf(workerId)).toMatchObject({ processed: 2, activeRuns: 0 });
  });
});
