import { expect, test } from "vitest";
import { FatalError, hook, RetryableError, sleep, startChild, step, stepContext, workflow, type RetryDelay } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { errorOf, eventually, openParity, reaches, thrownBy } from "./support.js";

// What was wrong in the original, each as it is here; docs/parity.md has them all.

const nothing = step("parity.nothing", async () => {});

test("a body that catches everything does not notice its suspensions", async () => {
  const caught: unknown[] = [];
  const catches = workflow("parity.catches", async () => {
    const calls = [() => sleep("1h"), () => hook("answer"), async () => nothing()];
    for (const call of calls) {
      try {
        await call();
      } catch (error) {
        caught.push(error);
      } finally {
        await nothing();
      }
    }
    return "through";
  });
  const engine = await openTestEngine({ workflows: [catches] });
  const run = await engine.start(catches, undefined);
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.status()).toBe("suspended");
  await engine.resumeHook(`${run.runId}:hook_answer_1`, 1);
  expect(await run.result()).toBe("through");
  expect(caught).toEqual([]);
  await engine.close();
});

test("a sleep inside a step is a plain timer and no failure of the step", async () => {
  const naps = step("parity.naps", async () => sleep("5ms"));
  const waits = workflow("parity.waits", async () => naps());
  const { engine, types } = await openParity({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await run.result();
  expect(await types(run)).toEqual(["workflow.started", "step.started step_parity.naps_1", "step.completed step_parity.naps_1", "workflow.completed"]);
});

test("sleeps and hooks are counted apart, ids hold nothing computed, and half a second is half a second", async () => {
  const mixes = workflow("parity.mixes", async () => {
    await Promise.race([sleep(0.5), hook("a"), sleep(new Date(Date.UTC(2030, 0, 1))), hook("b")]);
  });
  const { engine, events } = await openParity({ workflows: [mixes] });
  const run = await engine.start(mixes, undefined);
  await run.result();
  const [half, date] = await events(run, "sleep.started");
  expect([half?.operationId, (half?.resumeAt ?? 0) - (half?.at ?? 0)]).toEqual(["sleep_1", 500]);
  expect([date?.operationId, date?.resumeAt]).toEqual(["sleep_2", Date.UTC(2030, 0, 1)]);
  expect((await events(run, "hook.created")).map(({ operationId }) => operationId)).toEqual(["hook_a_1", "hook_b_1"]);
});

test("a child that was started in a process that ends goes on in the next one", async () => {
  const child = workflow("parity.child", async () => {
    await sleep("50ms");
    return 5;
  });
  const starts = workflow("parity.starts", async () => (await startChild(child, undefined)).result());
  const { engine, reopen, types } = await openParity({ workflows: [starts] });
  const run = await engine.start(starts, undefined);
  await eventually(() => types(run)).toContain("child_workflow.started child_parity.child_1");
  await engine.close();
  const second = await reopen({ workflows: [starts, child] });
  expect(await second.run(run.runId).result()).toBe(5);
});

test("the last failure of a step that is given up is final, and every start of it has an end", async () => {
  const down = step({ name: "parity.down", maxRetries: 2, retryDelay: "1ms" }, async () => {
    throw new Error(`down ${stepContext().attempt}`);
  });
  const tries = workflow("parity.tries", async () => down());
  const { engine, events } = await openParity({ workflows: [tries] });
  const run = await engine.start(tries, undefined);
  expect(await errorOf(run.result())).toMatchObject({ cause: { message: "down 3" } });
  expect(await events(run, "step.failed")).toMatchObject([{ isRetryable: true }, { isRetryable: true }, { isRetryable: false }]);
  expect(await events(run, "step.started")).toHaveLength(3);
  expect(await events(run, "step.retrying")).toMatchObject([{ attempt: 2 }, { attempt: 3 }]);
});

test.each([
  { what: "a number of seconds", retryAfter: 90, waitMs: 90_000 },
  { what: "a fraction of one", retryAfter: 0.25, waitMs: 250 },
  { what: "a duration", retryAfter: "1h30m", waitMs: 5_400_000 },
  { what: "a point in time", retryAfter: new Date(Date.UTC(2025, 0, 1, 0, 0, 7)), waitMs: 7000 },
  { what: "a point in the past", retryAfter: new Date(0), waitMs: 0 },
])("retryAfter takes $what, in durable and transient runs", async ({ what, retryAfter, waitMs }) => {
  for (const durable of [true, false]) {
    const starts: number[] = [];
    const name = `parity.${what.replaceAll(" ", "_")}_${durable}`;
    const busy = step({ name, retryDelay: "7d" }, async () => {
      starts.push(engine.now().getTime());
      if (starts.length === 1) throw new RetryableError("busy", { retryAfter });
    });
    const asks = workflow({ name, durable }, async () => busy());
    const engine = await openTestEngine({ workflows: [asks] });
    const run = await engine.start(asks, undefined);
    await engine.advance("2h");
    await run.result();
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBe(waitMs);
    await engine.close();
  }
});

test.each([{ retryAfter: "120" }, { retryAfter: "soon" }, { retryAfter: -1 }, { retryAfter: new Date("never") }])("retryAfter $retryAfter is refused, with the message that it came with", ({ retryAfter }) => {
  expect(thrownBy(() => new RetryableError("too many requests", { retryAfter }))).toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("too many requests") });
});

test.each<{ readonly retryDelay: unknown }>([{ retryDelay: "fixed" }, { retryDelay: [] }, { retryDelay: ["1s", "soon"] }, { retryDelay: -1 }, { retryDelay: {} }])(
  "retryDelay $retryDelay is refused where the step is defined",
  ({ retryDelay }) => {
    expect(thrownBy(() => step({ name: "parity.delayed", retryDelay: retryDelay as RetryDelay }, async () => {}))).toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("retryDelay") });
  },
);

test("a step that fails for good in a transient run ends it as it would a durable one", async () => {
  let calls = 0;
  const fatal = step("parity.fatal", async () => {
    calls++;
    throw new FatalError("no");
  });
  const loose = workflow({ name: "parity.loose", durable: false }, async () => fatal());
  const { engine } = await openParity({ workflows: [loose] });
  const run = await engine.start(loose, undefined);
  await reaches(run, "failed");
  expect(await errorOf(run.result())).toMatchObject({ cause: { name: "FatalError", message: "no" } });
  expect(calls).toBe(1);
});
