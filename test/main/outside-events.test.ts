import { expect, test } from "vitest";
import { z } from "zod";
import { defineHook, HookAlreadyReceivedError, InvalidPayloadError, openEngine, RunCancelledError, RunNotFoundError, shield, sleep, step, workflow } from "../../src/index.js";

const cleanups: string[] = [];
const undo = step("outside.undo", async (what: string) => {
  cleanups.push(what);
});
const approval = defineHook("outside.approval", z.object({ by: z.string().default("nobody") }));
const tokens: string[] = [];
const asking = workflow("outside.asking", async () => approval.wait({ onCreated: (token) => tokens.push(token) }));
const tidy = workflow("outside.tidy", async () => {
  try {
    await sleep("30d");
  } finally {
    await shield(() => undo("tidy"));
  }
});

test("a program resumes a hook with the token that its step was told", async () => {
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [asking] });
  const run = await engine.start(asking, undefined);
  const token = await expect.poll(() => tokens[0]).toBeDefined().then(() => tokens[0] ?? "");

  await expect(engine.resumeHook(token, { by: 5 })).rejects.toBeInstanceOf(InvalidPayloadError);
  expect(await engine.resumeHook(token, {})).toEqual({ runId: run.runId, hookId: "hook_outside.approval_1", checkedWith: "definition" });

  expect(await run.result()).toEqual({ by: "nobody" });
  await expect(engine.resumeHook(token, {})).rejects.toBeInstanceOf(HookAlreadyReceivedError);
  await engine.close();
});

test("a program cancels a run by its handle or its id; the run cleans up first", async () => {
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [tidy] });
  const [first, second] = [await engine.start(tidy, undefined), await engine.start(tidy, undefined)];
  await expect.poll(async () => [await first.status(), await second.status()]).toEqual(["suspended", "suspended"]);

  expect(await engine.cancel(first, { reason: "wrong customer", wait: true })).toBe(true);
  expect([await first.status(), cleanups]).toEqual(["cancelled", ["tidy"]]);
  expect(await engine.cancel(second.runId, { force: true })).toBe(true);
  expect([await second.status(), cleanups]).toEqual(["cancelled", ["tidy"]]);

  expect(await first.cancel()).toBe(false);
  await expect(first.result()).rejects.toBeInstanceOf(RunCancelledError);
  await expect(engine.cancel("run_zzz")).rejects.toBeInstanceOf(RunNotFoundError);
  await engine.close();
});
