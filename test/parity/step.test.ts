import { expect, test } from "vitest";
import { FatalError, RetryableError, sleep, step, stepContext, workflow } from "../../src/index.js";
import { openTestEngine, type TestEngine } from "../../src/testing/index.js";
import { errorOf, eventually, openParity, valueOf } from "./support.js";

function always(error: () => Error) {
  return async () => {
    throw error();
  };
}

async function attempts(engine: TestEngine, runId: Parameters<TestEngine["history"]>[0]): Promise<number> {
  return (await engine.history(runId)).filter((event) => event.startsWith("step.started")).length;
}

test("a step without options is tried four times, after one, two and four seconds", async () => {
  const failing = step("parity.failing", always(() => new Error("down")));
  const waits = workflow("parity.waits", async () => failing());
  const engine = await openTestEngine({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  const counts = [await attempts(engine, run.runId)];
  for (const wait of ["999ms", "1ms", "2s", "4s"]) {
    await engine.advance(wait);
    counts.push(await attempts(engine, run.runId));
  }
  expect(counts).toEqual([1, 1, 2, 3, 4]);
  expect(await errorOf(run.result())).toMatchObject({ cause: { message: "down" } });
  await engine.close();
});

test("maxRetries and a number of seconds as retryDelay are kept to", async () => {
  const failing = step({ name: "parity.twice", maxRetries: 1, retryDelay: 90 }, always(() => new Error("down")));
  const waits = workflow("parity.waits_twice", async () => failing());
  const engine = await openTestEngine({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await engine.advance("89s");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1s");
  expect(await run.status()).toBe("failed");
  expect(await attempts(engine, run.runId)).toBe(2);
  await engine.close();
});

test("a step's timeout ends the attempt, aborts its signal, and counts as a failure that is tried again", async () => {
  const signals: boolean[] = [];
  const slow = step({ name: "parity.slow", timeout: "3s", maxRetries: 1, retryDelay: "1s" }, async () => {
    const { attempt, signal } = stepContext();
    if (attempt === 2) return "in time";
    return new Promise<string>(() => {
      signal.addEventListener("abort", () => void signals.push(signal.aborted));
    });
  });
  const waits = workflow("parity.waits_slow", async () => slow());
  const engine = await openTestEngine({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await engine.advance("3s");
  expect(signals).toEqual([true]);
  await engine.advance("1s");
  expect(await run.result()).toBe("in time");
  await engine.close();
});

test("outside a run, and inside another step, a step is just its function", async () => {
  const add = step("parity.add", async (a: number, b: number) => a + b);
  const addTwice = step("parity.add_twice", async (a: number) => add(await add(a, a), a));
  expect(await add(1, 2)).toBe(3);
  const adds = workflow("parity.adds", async () => addTwice(2));
  const { engine, types } = await openParity({ workflows: [adds] });
  const run = await engine.start(adds, undefined);
  expect(await run.result()).toBe(6);
  expect(await types(run)).toEqual(["workflow.started", "step.started step_parity.add_twice_1", "step.completed step_parity.add_twice_1", "workflow.completed"]);
});

test("what a step returned is in the history under its id, and its body is not run again on replay", async () => {
  let calls = 0;
  const count = step("parity.count", async (by: number) => {
    calls++;
    return by * 10;
  });
  const counts = workflow("parity.counts", async () => {
    const before = await count(4);
    await sleep("20ms");
    return before;
  });
  const { engine, events, types } = await openParity({ workflows: [counts] });
  const run = await engine.start(counts, undefined);
  expect(await run.result()).toBe(40);
  expect(calls).toBe(1);
  const [completed] = await events(run, "step.completed");
  expect([completed?.operationId, valueOf(completed?.value)]).toEqual(["step_parity.count_1", 40]);
  expect((await types(run)).filter((type) => type.endsWith("step_parity.count_1"))).toEqual(["step.started step_parity.count_1", "step.completed step_parity.count_1"]);
});

test("a FatalError reaches the body at once, as one failure that is final", async () => {
  const fatal = step("parity.fatal", always(() => new FatalError("no such card")));
  const pays = workflow("parity.pays", async () => fatal());
  const { engine, events } = await openParity({ workflows: [pays] });
  const run = await engine.start(pays, undefined);
  expect(await errorOf(run.result())).toMatchObject({ cause: { name: "FatalError", message: "no such card" } });
  expect(await events(run, "step.failed")).toMatchObject([{ isRetryable: false, attempt: 1 }]);
});

test.each([
  { what: "a RetryableError", error: () => new RetryableError("busy", { retryAfter: "1h" }) },
  { what: "any other error", error: () => new TypeError("busy") },
])("$what suspends the run until the next attempt", async ({ what, error }) => {
  const busy = step({ name: `parity.busy.${what.length}`, retryDelay: "1h" }, always(error));
  const asks = workflow(`parity.asks.${what.length}`, async () => busy());
  const { engine, events, record } = await openParity({ workflows: [asks] });
  const run = await engine.start(asks, undefined);
  await eventually(() => run.status()).toBe("suspended");
  const [failed] = await events(run, "step.failed");
  const [retrying] = await events(run, "step.retrying");
  expect(await events(run, "step.failed")).toMatchObject([{ isRetryable: true, attempt: 1 }]);
  expect(retrying).toMatchObject({ attempt: 2, resumeAt: (failed?.at ?? 0) + 3_600_000 });
  expect(await record(run)).toMatchObject({ dueAt: retrying?.resumeAt, wakeReason: "retry" });
});

test("every call is an operation of its own: its id has the name and counts the calls of that name, whatever the arguments", async () => {
  let calls = 0;
  const roll = step("parity.roll", async (_sides: number) => ++calls);
  const other = step("parity.other", async (_sides: number) => ++calls);
  const rolls = workflow("parity.rolls", async () => [await roll(6), await roll(6), await roll(20), await other(6)]);
  const { engine, events } = await openParity({ workflows: [rolls] });
  const run = await engine.start(rolls, undefined);
  expect(await run.result()).toEqual([1, 2, 3, 4]);
  expect((await events(run, "step.started")).map(({ operationId }) => operationId)).toEqual(["step_parity.roll_1", "step_parity.roll_2", "step_parity.roll_3", "step_parity.other_1"]);
});
