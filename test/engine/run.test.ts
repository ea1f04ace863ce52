import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { decode } from "../../src/base/codec.js";
import type { RunId } from "../../src/core/ids.js";
import { FatalError, sleep, step, workflow } from "../../src/index.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startRun } from "../support/in-memory.js";

async function typesOf(backend: Backend, runId: RunId): Promise<readonly string[]> {
  const history = await backend.readHistory(runId, 0);
  return history.map((event) => ("operationId" in event ? `${event.type} ${event.operationId}` : event.type));
}

const double = step("run.double", async (n: number) => n * 2);

test("steps run once each, in order, and the body's result ends the run", async () => {
  const sum = workflow("run.sum", async (n: number) => (await double(n)) + (await double(n + 1)));
  const backend = createMemoryBackend();
  const runId = await startRun(backend, sum, { input: 5 });
  expect(await executeDue(backend, [sum])).toEqual(["ended"]);
  expect(await typesOf(backend, runId)).toEqual([
    "workflow.started",
    "step.started step_run.double_1",
    "step.completed step_run.double_1",
    "step.started step_run.double_2",
    "step.completed step_run.double_2",
    "workflow.completed",
  ]);
  const run = await backend.getRun(runId);
  expect(run?.status).toBe("completed");
  expect(run?.result && decode(run.result)).toBe(22);
});

test("a sleep suspends the run", async () => {
  const nap = workflow("run.nap", async () => {
    await sleep("30d");
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, nap);
  expect(await executeDue(backend, [nap])).toEqual(["suspended"]);
  expect((await backend.getRun(runId))?.status).toBe("suspended");
  expect(await executeDue(backend, [nap])).toEqual([]);
});

test("a body that awaits a file before a step is parked, naming the call", async () => {
  const impatient = workflow("run.impatient", async () => {
    const reads = async () => {
      await readFile("package.json");
      return double(1);
    };
    return Promise.all([double(3), reads()]);
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, impatient);
  expect(await executeDue(backend, [impatient])).toEqual(["parked"]);
  const run = await backend.getRun(runId);
  expect(run).toMatchObject({ status: "interrupted", parked: { code: "NON_DURABLE_AWAIT", operationId: "step_run.double_2" } });
  expect(run?.parked?.place).toContain("run.test.ts");
});

test("an exhausted step gives the body its own error", async () => {
  const broken = step({ name: "run.broken", maxRetries: 1, retryDelay: "10ms" }, async () => {
    throw new RangeError("too far");
  });
  const catches = workflow("run.catches", async () => {
    try {
      await broken();
      return "no";
    } catch (error) {
      return error instanceof RangeError ? error.message : "other";
    }
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, catches);
  expect(await executeDue(backend, [catches])).toEqual(["ended"]);
  expect((await backend.getRun(runId))?.result).toBe('j"too far"');
  expect((await typesOf(backend, runId)).filter((type) => type.startsWith("step."))).toHaveLength(5);
});

test("a FatalError is not tried again and stays one across the log", async () => {
  const fatal = step("run.fatal", async () => {
    throw new FatalError("never");
  });
  const seesIt = workflow("run.seesIt", async () => {
    const error: unknown = await fatal().catch((reason: unknown) => reason);
    return error instanceof FatalError;
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, seesIt);
  await executeDue(backend, [seesIt]);
  expect((await backend.getRun(runId))?.result).toBe("jtrue");
});

test("what can't be stored fails the run with the path", async () => {
  const bad = step("run.bad", async () => ({ items: [{ callback: () => 1 }] }));
  const stores = workflow("run.stores", async () => bad());
  const backend = createMemoryBackend();
  const runId = await startRun(backend, stores);
  await executeDue(backend, [stores]);
  const error = (await backend.getRun(runId))?.error;
  expect(error && decode(error)).toMatchObject({ code: "NOT_STORABLE", path: ".items[0].callback" });
});

test("arguments beyond the payload limit are refused where they are passed", async () => {
  const long = workflow("run.long", async () => double("x".repeat(2_000_000) as unknown as number));
  const backend = createMemoryBackend();
  const runId = await startRun(backend, long);
  await executeDue(backend, [long]);
  const error = (await backend.getRun(runId))?.error;
  expect(error && decode(error)).toMatchObject({ code: "PAYLOAD_TOO_LARGE", owner: "the arguments of step_run.double_1" });
  expect(await typesOf(backend, runId)).toEqual(["workflow.started", "workflow.failed"]);
});

test("a transient run keeps no events and may wait for anything", async () => {
  const loose = workflow({ name: "run.loose", durable: false }, async () => {
    await readFile("package.json");
    await sleep("5ms");
    return double(4);
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, loose, { durable: false, recoverOnWorkerLoss: false });
  expect(await executeDue(backend, [loose])).toEqual(["ended"]);
  expect(await backend.readHistory(runId, 0)).toEqual([]);
  expect((await backend.getRun(runId))?.result).toBe("j8");
});

test("a thousand steps of one Promise.all", async () => {
  const many = workflow("run.many", async () => (await Promise.all(Array.from({ length: 1000 }, async (_, n) => double(n)))).length);
  const backend = createMemoryBackend();
  const runId = await startRun(backend, many);
  expect(await executeDue(backend, [many])).toEqual(["ended"]);
  expect((await backend.getRun(runId))?.result).toBe("j1000");
});
