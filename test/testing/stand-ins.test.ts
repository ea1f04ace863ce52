import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { defineHook, hook, HookExpiredError, RetryableError, runChild, sleep, step, workflow, type WorkflowDefinition } from "../../src/index.js";
import { openTestEngine, type TestEngine, type TestEngineOptions } from "../../src/testing/index.js";

const real: string[] = [];
const charge = step({ name: "standins.charge", maxRetries: 2, retryDelay: ["1m", "1h"] }, async (orderId: string, amount: number) => {
  real.push(`${orderId} ${amount}`);
  return { paid: amount };
});
const tell = step("standins.tell", async (text: string) => text);
const pay = workflow("standins.pay", async ({ orderId, amount }: { orderId: string; amount: number }) => charge(orderId, amount));

const approval = defineHook("standins.approval", z.object({ approved: z.boolean() }));
const told: string[] = [];
const ask = workflow("standins.ask", async () => approval.wait({ timeout: "2d", onCreated: (token) => void told.push(token) }));

async function open(options: TestEngineOptions): Promise<TestEngine> {
  const engine = await openTestEngine(options);
  onTestFinished(() => engine.close());
  return engine;
}

/** Code under a name that other code has too: what `workflow()` would refuse in one process. */
function codeUnder<Output>(name: string, run: () => Promise<Output>): WorkflowDefinition<undefined, Output> {
  return { kind: "workflow", name, options: { name }, place: undefined, run };
}

test("a stand-in is called with the arguments of its step, in its engine only", async () => {
  const seen: unknown[] = [];
  const engine = await open({
    workflows: [pay],
    steps: {
      "standins.charge": (orderId: string, amount: number) => {
        seen.push([orderId, amount]);
        return { paid: "by the stand-in" };
      },
    },
  });
  const other = await open({ workflows: [pay] });
  expect(await (await engine.start(pay, { orderId: "ORD-1", amount: 5 })).result()).toEqual({ paid: "by the stand-in" });
  expect(seen).toEqual([["ORD-1", 5]]);
  expect(real).toEqual([]);
  expect(await (await other.start(pay, { orderId: "ORD-2", amount: 6 })).result()).toEqual({ paid: 6 });
  expect(real).toEqual(["ORD-2 6"]);
});

test("a stand-in that fails is tried again as its step would be", async () => {
  let calls = 0;
  const steps = {
    "standins.charge": () => {
      if (++calls < 3) throw new RetryableError("the provider is down");
      return "at last";
    },
  };
  const engine = await open({ workflows: [pay], steps });
  const run = await engine.start(pay, { orderId: "ORD-1", amount: 5 });
  expect(calls).toBe(1);
  await engine.advance("1m");
  expect(calls).toBe(2);
  await engine.advance("59m");
  expect(calls).toBe(2);
  await engine.advance("1m");
  expect(await run.result()).toBe("at last");
});

test("a stand-in for a step that nobody defined is refused, with the nearest name", async () => {
  const opening = openTestEngine({ workflows: [pay], steps: { "standins.chrage": () => "never called" } });
  await expect(opening).rejects.toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("standins.chrage"), hint: "did you mean standins.charge?" });
});

test("a hook with a stand-in is resumed as soon as it waits, after who is told of it was told", async () => {
  const engine = await open({ workflows: [ask], hooks: { "standins.approval": { approved: true } } });
  told.length = 0;
  const run = await engine.start(ask, undefined);
  expect(await run.result()).toEqual({ approved: true });
  expect(told).toEqual([`${run.runId}:hook_standins.approval_1`]);
  expect(await engine.pendingHooks()).toEqual([]);
});

test("a stand-in may make a payload of the token; a hook without one waits for its timeout", async () => {
  const tokens: string[] = [];
  const twice = workflow("standins.twice", async () => [await hook("standins.first"), await hook("standins.second", { timeout: "1h" }).catch((error: unknown) => error instanceof HookExpiredError)]);
  const engine = await open({ workflows: [twice], hooks: { "standins.first": async (token: string) => tokens.push(token) } });
  const run = await engine.start(twice, undefined);
  expect(tokens).toEqual([`${run.runId}:hook_standins.first_1`]);
  expect((await engine.pendingHooks(run.runId)).map(({ name, expiresAt }) => ({ name, expiresAt }))).toEqual([{ name: "standins.second", expiresAt: new Date("2025-01-01T01:00:00Z") }]);
  await engine.advance("1h");
  expect(await run.result()).toEqual([1, true]);
});

test("what a stand-in of a hook throws, or the hook refuses, is thrown to the test", async () => {
  const engine = await open({ workflows: [ask], hooks: { "standins.approval": { approved: "yes" } } });
  await expect(engine.start(ask, undefined)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  const failing = await open({ workflows: [ask], hooks: { "standins.approval": () => Promise.reject(new RangeError("out of payloads")) } });
  await expect(failing.start(ask, undefined)).rejects.toThrow("out of payloads");
});

test("a stand-in for a hook that never came up is told of at the end, with the nearest name", async () => {
  const asking = workflow("standins.asking", async () => hook("standins.manager"));
  const engine = await openTestEngine({ workflows: [asking], hooks: { "standins.manger": 1 } });
  await engine.start(asking, undefined);
  await expect(engine.close()).rejects.toMatchObject({ code: "INVALID_DEFINITION", hint: "did you mean standins.manager?" });
});

test("two engines of one process run different code under one name, each with stand-ins of its own", async () => {
  const old = codeUnder("standins.code", async () => tell("old"));
  const young = codeUnder("standins.code", async () => [await tell("young"), await tell("younger")]);
  const first = await open({ workflows: [old], steps: { "standins.tell": (text: string) => `first ${text}` } });
  const second = await open({ workflows: [young], steps: { "standins.tell": (text: string) => `second ${text}` } });
  const runs = await Promise.all([first.start(old, undefined), second.start(young, undefined)]);
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(["first old", ["second young", "second younger"]]);
  await expect(first.start(young, undefined)).rejects.toMatchObject({ code: "WORKFLOW_NOT_FOUND" });
});

test("children run with the stand-ins of their engine", async () => {
  const parent = workflow("standins.parent", async () => {
    await sleep("1d");
    return runChild(pay, { orderId: "ORD-3", amount: 7 });
  });
  const engine = await open({ workflows: [parent, pay], steps: { "standins.charge": () => "by the stand-in" } });
  const run = await engine.start(parent, undefined);
  await engine.advance("1d");
  expect(await run.result()).toBe("by the stand-in");
});
