import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { hook, HookExpiredError, now, RetryableError, runChild, runContext, shield, sleep, step, stepContext, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";

const stamp = step("testing.stamp", async (what: string) => what);
const patient = workflow("testing.patient", async () => {
  await stamp("before");
  await sleep("7d");
  return { after: await stamp("after"), at: now() };
});
const stubborn = step({ name: "testing.stubborn", maxRetries: 5, retryDelay: ["1s", "1h"] }, async () => {
  if (stepContext().attempt < 4) throw new RetryableError("not yet");
  return "at last";
});
const retries = workflow("testing.retries", async () => stubborn());

test("a week passes at once", async () => {
  const engine = await openTestEngine({ workflows: [patient] });
  const run = await engine.start(patient, undefined);
  expect(await run.status()).toBe("suspended");
  await engine.advance("6d");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1d");
  expect(await run.result()).toEqual({ after: "after", at: new Date("2025-01-08T00:00:00Z") });
  expect(engine.now()).toEqual(new Date("2025-01-08T00:00:00Z"));
  await engine.close();
});

test("retries wait in memory and suspended, each for its time", async () => {
  const engine = await openTestEngine({ workflows: [retries] });
  const run = await engine.start(retries, undefined);
  expect(await run.status()).toBe("running");
  await engine.advance("1s");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.result()).toBe("at last");
  expect((await engine.history(run.runId)).filter((event) => event.startsWith("step.started"))).toHaveLength(4);
  await engine.close();
});

const note = step("testing.note", async (text: string) => text);
const cleaned: string[] = [];
const tidy = workflow("testing.tidy", async () => {
  try {
    await sleep("30d");
  } finally {
    await shield(async () => cleaned.push(await note("cleaned")));
  }
});
const approve = workflow("testing.approve", async () => {
  try {
    return await hook("testing.manager", { timeout: "2d" });
  } catch (error) {
    if (!(error instanceof HookExpiredError)) throw error;
    return hook("testing.director");
  }
});

test("a cancelled run has cleaned up when cancel() resolves", async () => {
  const engine = await openTestEngine({ workflows: [tidy] });
  const run = await engine.start(tidy, undefined);
  expect(await engine.cancel(run.runId, { reason: "the customer called" })).toBe(true);
  expect(cleaned).toEqual(["cleaned"]);
  expect(await run.status()).toBe("cancelled");
  expect(await engine.cancel(run.runId)).toBe(false);
  const { history } = await engine.historyOf(run.runId);
  expect(history.find(({ type }) => type === "cancellation.requested")).toMatchObject({ reason: "the customer called" });
  await engine.close();
});

test("a hook that is resumed lets its run go on; one that waits too long expires", async () => {
  const engine = await openTestEngine({ workflows: [approve] });
  const [quick, slow] = [await engine.start(approve, undefined), await engine.start(approve, undefined)];
  expect((await engine.pendingHooks()).map(({ runId, name }) => [runId, name])).toEqual([
    [quick.runId, "testing.manager"],
    [slow.runId, "testing.manager"],
  ]);
  const [manager] = await engine.pendingHooks(quick.runId);
  await engine.resumeHook(manager?.token ?? "", "the manager");
  expect(await quick.result()).toBe("the manager");
  await expect(engine.resumeHook(manager?.token ?? "", "again")).rejects.toMatchObject({ code: "HOOK_ALREADY_RECEIVED" });

  await engine.advance("2d");
  const [director] = await engine.pendingHooks(slow.runId);
  expect(director).toEqual({ token: `${slow.runId}:hook_testing.director_1`, name: "testing.director", runId: slow.runId, expiresAt: undefined });
  await engine.resumeHook(director?.token ?? "", "the director");
  expect(await slow.result()).toBe("the director");
  await engine.close();
});

test("a run that is over its time fails, wherever it stands, and its children end with it", async () => {
  const hanging = step({ name: "testing.hanging", maxRetries: 0 }, () => new Promise<never>(() => {}));
  const child = workflow("testing.child", async () => sleep("30d"));
  const limited = workflow({ name: "testing.limited", maxDuration: "3d" }, async () => Promise.all([hanging(), runChild(child, undefined)]));
  const engine = await openTestEngine({ workflows: [limited, child] });
  const run = await engine.start(limited, undefined);
  const started = (await engine.historyOf(run.runId)).history.find((event) => event.type === "child_workflow.started");
  await engine.advance("2d");
  expect(await run.status()).toBe("running");
  await engine.advance("1d");
  await expect(run.result()).rejects.toMatchObject({ code: "RUN_FAILED", cause: { code: "WORKFLOW_TIMEOUT" } });
  expect(engine.now()).toEqual(new Date("2025-01-04T00:00:00Z"));
  expect(await engine.run(started?.childRunId ?? "").status()).toBe("cancelled");
  await engine.close();
});

test("a step that really waits is awaited by its run's result, and does not hold up the end of the engine", async () => {
  const slow = step("testing.slow", async (ms: number) => pause(ms, "done"));
  const waiting = workflow("testing.waiting", async (ms: number) => slow(ms));
  const engine = await openTestEngine({ workflows: [waiting] });
  const run = await engine.start(waiting, 30);
  expect(await run.result()).toBe("done");
  const hour = await engine.start(waiting, 3_600_000);
  expect(await hour.status()).toBe("running");
  await engine.close();
});

test("no run has an id that is none", async () => {
  const engine = await openTestEngine({ workflows: [patient] });
  expect(() => engine.run("testing.patient")).toThrow("there is no run testing.patient");
  await expect(engine.historyOf("run_01jz0000000000000000000000")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  await engine.close();
});

const times: (Date | undefined)[] = [];
const nightly = workflow({ name: "testing.nightly", schedule: { cron: "0 2 * * *" } }, async () => {
  times.push(runContext().scheduledTime);
  return stamp("done");
});
const slow = workflow("testing.slow", async () => sleep("90m"));

test("what a workflow declares fires as time passes, each run with the time that it is for", async () => {
  times.length = 0;
  const engine = await openTestEngine({ workflows: [nightly] });
  await engine.advance("3d");
  expect(times).toEqual([1, 2, 3].map((day) => new Date(Date.UTC(2025, 0, day, 2))));
  expect(await engine.schedules.get("auto_testing.nightly")).toMatchObject({ status: "active", totalRuns: 3, successfulRuns: 3, nextRunTime: new Date("2025-01-04T02:00:00Z") });
  await engine.close();
});

test("a week of buffered runs drains in its order, at the moments at which the runs before them end", async () => {
  const engine = await openTestEngine({ workflows: [slow] });
  await engine.schedules.create(slow, { scheduleId: "hourly", cron: "0 * * * *", startAt: "2025-01-01T01:00", endAt: "2025-01-01T05:00", overlapPolicy: "buffer_all" });
  await engine.advance("1d");
  const ticks = (await engine.schedules.ticks("hourly")).toReversed();
  expect(ticks.map(({ scheduledTime }) => scheduledTime.getUTCHours())).toEqual([1, 2, 3, 4]);
  expect(ticks.map(({ decidedAt }) => (decidedAt.getTime() - Date.UTC(2025, 0, 1)) / 3_600_000)).toEqual([1, 2.5, 4, 5.5]);
  expect(await engine.schedules.get("hourly")).toMatchObject({ totalRuns: 4, successfulRuns: 4, bufferedCount: 0 });
  await engine.close();
});

test("a trigger, and what it starts, is done when it resolves; without a scheduler nothing else fires", async () => {
  times.length = 0;
  const engine = await openTestEngine({ workflows: [nightly], scheduler: false });
  await engine.advance("7d");
  expect(times).toEqual([]);
  const { runId = "" } = await engine.schedules.trigger("auto_testing.nightly");
  expect(await engine.run(runId).status()).toBe("completed");
  expect(times).toEqual([engine.now()]);
  await engine.close();
});

test("a schedule of a workflow that the engine was not given is refused", async () => {
  const engine = await openTestEngine({ workflows: [nightly] });
  await expect(engine.schedules.create(slow, { interval: "1h" })).rejects.toMatchObject({ code: "WORKFLOW_NOT_FOUND" });
  await engine.close();
});
