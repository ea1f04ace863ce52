import { expect, test } from "vitest";
import { hook, HookExpiredError, runContext, sleep, step, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { eventually, openParity, reaches } from "./support.js";

const effects: string[] = [];
const act = step("parity.act", async (what: string) => {
  effects.push(what);
  return what;
});

test("a log of steps, sleeps, a received and an expired hook is restored in another process, and nothing acts again", async () => {
  const mixed = workflow("parity.mixed", async () => {
    const steps = [await act("one"), await act("two"), await act("three")];
    await sleep("1ms");
    const expired = await hook("late", { timeout: "1ms" }).catch((error: unknown) => error instanceof HookExpiredError && error.message);
    const payload = await hook<string>("answer");
    return { steps, expired, payload, last: await act("four") };
  });
  const { engine, reopen, types, store } = await openParity({ workflows: [mixed] });
  const run = await engine.start(mixed, undefined);
  await eventually(async () => (await store.listHooks({ runId: run.runId, status: "pending", limit: 9 })).map(({ name }) => name)).toEqual(["answer"]);
  await reaches(run, "suspended");
  await engine.close();
  expect(effects).toEqual(["one", "two", "three"]);

  const second = await reopen({ workflows: [mixed] });
  await second.resumeHook(`${run.runId}:hook_answer_1`, "yes");
  expect(await second.run(run.runId).result()).toEqual({
    steps: ["one", "two", "three"],
    expired: `the hook ${run.runId}:hook_late_1 has expired`,
    payload: "yes",
    last: "four",
  });
  expect(effects).toEqual(["one", "two", "three", "four"]);
  expect((await types(run)).filter((type) => /^(sleep|hook)/.test(type))).toEqual([
    "sleep.started sleep_1",
    "sleep.completed sleep_1",
    "hook.created hook_late_1",
    "hook.expired hook_late_1",
    "hook.created hook_answer_1",
    "hook.received hook_answer_1",
  ]);
});

test("a run that is woken before its sleep is over goes on sleeping: no second start of the sleep, no completion", async () => {
  const naps = workflow("parity.long_nap", async () => {
    const nap = sleep("30d");
    await hook("nudge");
    await nap;
  });
  const { engine, types, record } = await openParity({ workflows: [naps] });
  const run = await engine.start(naps, undefined);
  await eventually(async () => (await types(run)).at(-1)).toBe("workflow.suspended");
  const { dueAt } = await record(run);
  await engine.resumeHook(`${run.runId}:hook_nudge_1`, null);
  await eventually(async () => (await types(run)).filter((type) => type === "workflow.suspended")).toHaveLength(2);
  expect((await types(run)).filter((type) => type.endsWith(" sleep_1"))).toEqual(["sleep.started sleep_1"]);
  expect((await record(run)).dueAt).toBe(dueAt);
});

test("isReplaying is true while recorded outcomes come back, and false beyond them", async () => {
  const seen: boolean[] = [];
  const watches = workflow("parity.watches", async () => {
    seen.push(runContext().isReplaying);
    await act("five");
    seen.push(runContext().isReplaying);
    await sleep("1h");
    seen.push(runContext().isReplaying);
    await act("six");
    seen.push(runContext().isReplaying);
  });
  const engine = await openTestEngine({ workflows: [watches] });
  await engine.start(watches, undefined);
  await engine.advance("1h");
  await engine.close();
  const [live, replayed] = [seen.slice(0, 2), seen.slice(2)];
  expect(live).toEqual([false, false]);
  expect(replayed[0]).toBe(true);
  expect(replayed.at(-1)).toBe(false);
});
