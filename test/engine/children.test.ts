import { expect, onTestFinished, test } from "vitest";
import { FatalError, hook, MaxNestingDepthError, runChild, shield, sleep, startChild, step, workflow, type RunId, type WorkflowDefinition } from "../../src/index.js";
import { openTestEngine, type TestEngine } from "../../src/testing/index.js";

async function engineFor(...workflows: WorkflowDefinition[]) {
  const engine = await openTestEngine({ workflows });
  onTestFinished(() => engine.close());
  return engine;
}

const cleaned: string[] = [];
const clean = step("children.clean", async (who: string) => void cleaned.push(who));

const napper = workflow("children.napper", async (n: number) => {
  await sleep(n);
  return n * 2;
});

test("a hundred children side by side, each suspended for its own time, come back in the order of the call", async () => {
  const crowd = workflow("children.crowd", async (count: number) => Promise.all(Array.from({ length: count }, (_, n) => runChild(napper, count - n))));
  const engine = await engineFor(crowd, napper);
  const run = await engine.start(crowd, 100);
  await engine.advance("100s");
  expect(await run.result()).toEqual(Array.from({ length: 100 }, (_, n) => (100 - n) * 2));
});

test("one that fails among others: they go on, and their outcomes are kept", async () => {
  const picky = workflow("children.picky", async (n: number) => {
    if (n === 1) throw new FatalError("not the first");
    return runChild(napper, n);
  });
  const tolerant = workflow("children.tolerant", async () => {
    const ends = await Promise.allSettled([1, 2, 3].map((n) => runChild(picky, n)));
    return ends.map((end) => (end.status === "fulfilled" ? end.value : (end.reason as Error).message.replace(/ \(run_\w+\)/, "")));
  });
  const engine = await engineFor(tolerant, picky, napper);
  const run = await engine.start(tolerant, undefined);
  await engine.advance("3s");
  expect(await run.result()).toEqual(["the child workflow children.picky failed: not the first", 4, 6]);
});

test("a child that outlives its parent ends by itself, and the parent's log stays as it ended", async () => {
  const leaves = workflow("children.leaves", async () => (await startChild(napper, 60)).runId);
  const engine = await engineFor(leaves, napper);
  const run = await engine.start(leaves, undefined);
  const child = engine.run(await run.result());
  const history = await engine.history(run.runId);
  expect(await child.status()).toBe("suspended");
  await engine.advance("1m");
  expect(await child.result()).toBe(120);
  expect(await engine.history(run.runId)).toEqual(history);
});

const careful = workflow("children.careful", async (who: string) => {
  try {
    await hook("never");
  } finally {
    await shield(() => clean(who));
  }
});

test.each([
  { parentClose: "terminate", ends: "cancelled", cleans: 0 },
  { parentClose: "cancel", ends: "cancelled", cleans: 1 },
  { parentClose: "abandon", ends: "suspended", cleans: 0 },
] as const)("a parent that fails: what it started to $parentClose is $ends", async ({ parentClose, ends, cleans }) => {
  const fails = workflow(`children.fails_${parentClose}`, async () => {
    await startChild(careful, parentClose, { parentClose });
    await sleep("1m");
    throw new FatalError("as foreseen");
  });
  const engine = await engineFor(fails, careful);
  const run = await engine.start(fails, undefined);
  const [child = run.runId] = await childrenOf(engine, run.runId);
  await engine.advance("1m");
  expect(await run.status()).toBe("failed");
  expect(await engine.run(child).status()).toBe(ends);
  expect(cleaned.filter((who) => who === parentClose)).toHaveLength(cleans);
});

const waits = workflow("children.waits", async () => hook("never"));

test.each([
  { parentClose: "terminate", ends: "cancelled" },
  { parentClose: "cancel", ends: "cancelled" },
  { parentClose: "abandon", ends: "suspended" },
] as const)("a parent that leaves a thousand children to $parentClose", async ({ parentClose, ends }) => {
  const brood = workflow(`children.brood_${parentClose}`, async () => {
    const handles = await Promise.all(Array.from({ length: 1000 }, () => startChild(waits, undefined, { parentClose })));
    await sleep("1m");
    return handles.map(({ runId }) => runId);
  });
  const engine = await engineFor(brood, waits);
  const run = await engine.start(brood, undefined);
  await engine.advance("1m");
  const children = (await run.result()).map((runId) => engine.run(runId));
  const statuses = async () => new Set(await Promise.all(children.map((child) => child.status())));
  await expect.poll(statuses, { timeout: 60_000 }).toEqual(new Set([ends]));
  expect((await engine.pendingHooks()).length).toBe(ends === "suspended" ? 1000 : 0);
});

test("a parent that is cancelled waits for the clean-up of the child that it runs", async () => {
  const outer = workflow("children.outer", async () => {
    try {
      await runChild(careful, "inner");
    } finally {
      await shield(() => clean("outer"));
    }
  });
  const engine = await engineFor(outer, careful);
  const run = await engine.start(outer, undefined);
  await engine.cancel(run.runId);
  expect(await run.status()).toBe("cancelled");
  expect(cleaned.slice(-2)).toEqual(["inner", "outer"]);
});

test("the loser of a race between two children is ended with its parent", async () => {
  const first = workflow("children.first", async () => Promise.race([runChild(napper, 5), runChild(napper, 3600)]));
  const engine = await engineFor(first, napper);
  const run = await engine.start(first, undefined);
  const [, slow = run.runId] = await childrenOf(engine, run.runId);
  await engine.advance("5s");
  expect(await run.result()).toBe(10);
  expect(await engine.run(slow).status()).toBe("cancelled");
});

test("a handle cancels its child and tells of it; the parent goes on", async () => {
  const regrets = workflow("children.regrets", async () => {
    const child = await startChild(careful, "regretted");
    const before = await child.status();
    await child.cancel("changed our mind");
    const end = await child.result().catch((error: unknown) => (error as Error).name);
    return [before, end, await child.status()];
  });
  const engine = await engineFor(regrets, careful);
  const run = await engine.start(regrets, undefined);
  const [before, ...rest] = await run.result();
  expect(["pending", "running", "suspended"]).toContain(before);
  expect(rest).toEqual(["ChildWorkflowCancelledError", "cancelled"]);
});

const deep = workflow("children.deep", async (levels: number): Promise<number> => {
  if (levels === 0) return 0;
  try {
    return 1 + (await runChild(deep, levels - 1));
  } catch (error) {
    if (error instanceof MaxNestingDepthError) return 0;
    throw error;
  }
});

test("three generations below the first, and no fourth", async () => {
  const engine = await engineFor(deep);
  expect(await (await engine.start(deep, 9)).result()).toBe(3);
});

/** The children of a run, in the order in which they were asked for. */
async function childrenOf(engine: TestEngine, runId: RunId): Promise<readonly RunId[]> {
  const { history } = await engine.historyOf(runId);
  return history.flatMap((event) => (event.type === "child_workflow.started" ? [event.childRunId] : []));
}
