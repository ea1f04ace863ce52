import { expect, test } from "vitest";
import { FatalError, sleep, step, workflow } from "../../src/index.js";
import { errorOf, openParity, reaches, valueOf } from "./support.js";

const greet = step("parity.greet", async (name: string) => `Hello ${name}`);
const hello = workflow({ name: "parity.hello", maxDuration: "2h", tags: ["eu"] }, async ({ name }: { readonly name: string }) => greet(name));
const nothing = "run_01jhmr6k20000000000000000z";

test("a started run has an id of its own, the name and input it was started with, and ends as completed", async () => {
  const { engine, record } = await openParity({ workflows: [hello] });
  const run = await engine.start(hello, { name: "Ada" });
  expect(run.runId).toMatch(/^run_[0-9a-z]{26}$/);
  expect(await run.result()).toBe("Hello Ada");
  const row = await record(run);
  expect(row).toMatchObject({ workflowName: "parity.hello", status: "completed", maxDurationMs: 7_200_000, tags: ["eu"] });
  expect([valueOf(row.input), valueOf(row.result)]).toEqual([{ name: "Ada" }, "Hello Ada"]);
  expect(row.completedAt).toBeGreaterThanOrEqual(row.startedAt ?? Infinity);
});

test("the events of a run tell the whole story, numbered from 1", async () => {
  const { engine, types, history } = await openParity({ workflows: [hello] });
  const run = await engine.start(hello, { name: "Ada" });
  await run.result();
  expect(await types(run)).toEqual(["workflow.started", "step.started step_parity.greet_1", "step.completed step_parity.greet_1", "workflow.completed"]);
  expect((await history(run)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
});

test("a sleep suspends the run until its time, and no step before it runs a second time", async () => {
  let calls = 0;
  const count = step("parity.count_up", async () => ++calls);
  const naps = workflow("parity.naps", async () => {
    const before = await count();
    await sleep("30ms");
    return [before, await count()];
  });
  const { engine, types } = await openParity({ workflows: [naps] });
  const run = await engine.start(naps, undefined);
  expect(await run.result()).toEqual([1, 2]);
  expect(calls).toBe(2);
  expect((await types(run)).filter((type) => type.endsWith(" sleep_1"))).toEqual(["sleep.started sleep_1", "sleep.completed sleep_1"]);
});

test("a run that nobody started is RunNotFoundError, whatever is asked of it", async () => {
  const { engine } = await openParity({ workflows: [hello] });
  const run = engine.run(nothing);
  for (const asked of [run.status(), run.result(), run.cancel(), engine.cancel(nothing)]) expect(await errorOf(asked)).toMatchObject({ code: "RUN_NOT_FOUND", query: nothing });
});

test("without a storage option the configuration names the store; an empty store in memory is a store", async () => {
  const { reopen } = await openParity({ execute: false });
  const inMemory = await reopen({ config: "storage: { backend: memory }\n", workflows: [hello] });
  expect(await (await inMemory.start(hello, { name: "Bo" })).result()).toBe("Hello Bo");
});

test("a key names one run of its workflow, also when that failed or was cancelled; another workflow has keys of its own", async () => {
  const failing = workflow("parity.fails", async () => {
    throw new FatalError("no");
  });
  const { engine } = await openParity({ workflows: [failing, hello] });
  const first = await engine.start(failing, undefined, { idempotencyKey: "k" });
  await reaches(first, "failed");
  expect((await engine.start(failing, undefined, { idempotencyKey: "k" })).runId).toBe(first.runId);
  expect((await engine.start(hello, { name: "Cy" }, { idempotencyKey: "k" })).runId).not.toBe(first.runId);
});
