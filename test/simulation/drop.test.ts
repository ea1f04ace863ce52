import { assert, expect, test } from "vitest";
import { step, workflow } from "../../src/index.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { startProcess, startRun } from "../support/in-memory.js";

let calls = 0;

const count = step("drop.count", async () => {
  calls++;
});

test.each(["before", "while"] as const)("an executor that is dropped %s it is given a run calls no code of it", async (moment) => {
  calls = 0;
  const counted = workflow(`drop.counted-${moment}`, async () => {
    calls++;
    await count();
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, counted);
  const { executor, claim } = await startProcess(backend, { workflows: [counted] });
  const [claimed] = await claim();
  assert(claimed);
  if (moment === "before") executor.drop();
  const departure = executor.execute(claimed);
  if (moment === "while") executor.drop();
  expect(await departure).toBe("lost");
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(calls).toBe(0);
  expect(await backend.readHistory(runId, 1)).toEqual([]);
});
