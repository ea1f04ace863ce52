import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { continueAsNew, runChild, sleep, startChild, step, workflow, type RunId, type WorkflowDefinition } from "../../src/index.js";
import { openTestEngine, type TestEngine } from "../../src/testing/index.js";

async function engineFor(...workflows: WorkflowDefinition[]) {
  const engine = await openTestEngine({ workflows });
  onTestFinished(() => engine.close());
  return engine;
}

const add = step("continuing.add", async (a: number, b: number) => a + b);

const bodies: WeakRef<object>[] = [];

const counter = workflow("continuing.counter", async (progress: { left: number; sum: number }): Promise<number> => {
  const { left, sum } = progress;
  bodies.push(new WeakRef(progress));
  const more = await add(sum, left);
  return progress.left === 0 ? more : continueAsNew({ left: left - 1, sum: more });
});

test("a thousand continuations in a row are a thousand short runs, of which nothing is left in memory but their rows", async () => {
  const engine = await engineFor(counter);
  const run = await engine.start(counter, { left: 1000, sum: 0 });
  expect(await run.result()).toBe(500_500);
  const chain = await chainOf(engine, run.runId);
  expect(chain).toHaveLength(1001);
  expect(new Set(chain.map(({ events }) => events))).toEqual(new Set([4]));
  await collectGarbage();
  expect(bodies).toHaveLength(1001);
  expect(bodies.filter((body) => body.deref() !== undefined).length).toBeLessThan(20);
});

/** A body whose promise never settles can be collected all the same. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await nextTurn(); // what a WeakRef was asked for in this turn is kept until its end
  collect();
}

async function chainOf(engine: TestEngine, first: RunId) {
  const chain: { runId: RunId; events: number }[] = [];
  for (let runId: RunId | undefined = first; runId !== undefined; ) {
    const { history }: Awaited<ReturnType<TestEngine["historyOf"]>> = await engine.historyOf(runId);
    chain.push({ runId, events: history.length });
    const end = history.at(-1);
    runId = end?.type === "workflow.continued_as_new" ? end.newRunId : undefined;
  }
  return chain;
}

test("a cancel in the middle of a chain ends the run that goes on, and with it the chain", async () => {
  const endless = workflow("continuing.endless", async (round: number): Promise<never> => {
    await sleep("1h");
    return continueAsNew(round + 1);
  });
  const engine = await engineFor(endless);
  const run = await engine.start(endless, 1);
  await engine.advance("150m");
  await engine.cancel(run.runId, { reason: "enough" });
  await engine.advance("1d");
  expect(await run.status()).toBe("cancelled");
  const chain = await chainOf(engine, run.runId);
  expect(chain).toHaveLength(3);
  expect((await engine.history(chain[2]?.runId ?? "")).at(-1)).toBe("workflow.cancelled");
});

test("a chain is one child: its parent gets the result of the last run, whether it waits for it or not", async () => {
  const parent = workflow("continuing.parent", async () => {
    const beside = await startChild(counter, { left: 5, sum: 0 });
    const own = await runChild(counter, { left: 10, sum: 0 });
    return { own, beside: await beside.result(), status: await beside.status() };
  });
  const engine = await engineFor(parent, counter);
  const run = await engine.start(parent, undefined);
  expect(await run.result()).toEqual({ own: 55, beside: 15, status: "completed" });
});

test("what a run started beside it is closed when it continues, as when it ends: the successor starts its own", async () => {
  const helper = workflow("continuing.helper", async () => sleep("1d"));
  const relay = workflow("continuing.relay", async (round: number): Promise<string> => {
    await startChild(helper, undefined, { parentClose: "cancel" });
    await sleep("1m");
    return round < 2 ? continueAsNew(round + 1) : "done";
  });
  const engine = await engineFor(relay, helper);
  const run = await engine.start(relay, 1);
  await engine.advance("1m");
  const [first, second] = await chainOf(engine, run.runId);
  expect(await statusesOfChildren(engine, first?.runId)).toEqual(["cancelled"]);
  expect(await statusesOfChildren(engine, second?.runId)).toEqual(["suspended"]);
});

async function statusesOfChildren(engine: TestEngine, runId: RunId | undefined) {
  const { history } = await engine.historyOf(runId ?? "");
  const ids = history.flatMap((event) => (event.type === "child_workflow.started" ? [event.childRunId] : []));
  return Promise.all(ids.map((id) => engine.run(id).status()));
}
