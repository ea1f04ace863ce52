import { expect, test } from "vitest";
import { CancellationError, hook, PyworkflowError, shield, sleep, step, stepContext, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { errorOf, eventually, openParity, reaches } from "./support.js";

const notes: string[] = [];
const note = step("parity.note", async (what: string) => {
  notes.push(what);
});
const sleeper = workflow("parity.sleeper", async () => sleep("30d"));
const quick = workflow("parity.quick", async () => "done");
const failing = workflow("parity.failing", async () => {
  throw new Error("no");
});
const tidy = workflow("parity.tidy", async (name: string) => {
  try {
    await sleep("30d");
  } catch (error) {
    await shield(async () => {
      await note(`${name} refund`);
      await sleep("1h");
      await note(`${name} mail`);
    });
    throw error;
  }
});

test("a CancellationError is of the family, with a message of its own or the one it was given", () => {
  expect(new CancellationError()).toBeInstanceOf(PyworkflowError);
  expect([new CancellationError().message, new CancellationError("not today").message]).toEqual(["the run was cancelled", "not today"]);
  expect(new CancellationError()).toMatchObject({ code: "CANCELLED", name: "CancellationError" });
  expect([new CancellationError("no", { reason: "customer left" }).reason, new CancellationError().reason]).toEqual(["customer left", undefined]);
});

test("a run that executes a step hears of it at once: its signal is aborted, and the run is cancelled", async () => {
  const signals: boolean[] = [];
  const hold = step("parity.hold", async () => {
    const { signal } = stepContext();
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    signals.push(signal.aborted);
    signal.throwIfAborted();
  });
  const holds = workflow("parity.holds", async () => hold());
  const { engine, events, record, types } = await openParity({ workflows: [holds] });
  const run = await engine.start(holds, undefined);
  await eventually(() => types(run)).toContain("step.started step_parity.hold_1");
  expect(await engine.cancel(run, { reason: "customer left" })).toBe(true);
  expect(await errorOf(run.result())).toMatchObject({ code: "RUN_CANCELLED", runId: run.runId });
  expect(signals).toEqual([true]);
  expect(await events(run, "cancellation.requested")).toMatchObject([{ reason: "customer left", requestedBy: "engine.cancel" }]);
  expect(await events(run, "step.cancelled")).toMatchObject([{ operationId: "step_parity.hold_1", reason: "cancelled" }]);
  expect(await events(run, "workflow.cancelled")).toMatchObject([{ cleanupCompleted: true }]);
  expect(await record(run)).toMatchObject({ status: "cancelled", cancellationRequested: true, completedAt: expect.any(Number) as number });
});

test("a suspended run is woken, cleans up in a shield, waits in it, and only then is cancelled", async () => {
  const engine = await openTestEngine({ workflows: [tidy] });
  const run = await engine.start(tidy, "a");
  expect(await run.status()).toBe("suspended");
  expect(await engine.cancel(run.runId, { reason: "too late" })).toBe(true);
  expect(notes).toEqual(["a refund"]);
  await engine.advance("1h");
  expect(notes).toEqual(["a refund", "a mail"]);
  expect(await run.status()).toBe("cancelled");
  expect((await engine.history(run.runId)).filter((event) => event === "workflow.cancelled")).toHaveLength(1);
  await engine.close();
});

test("the request is part of the history: clean-up that a hand-over interrupted goes on in another process", async () => {
  const { engine, reopen, types } = await openParity({ workflows: [tidy] });
  const run = await engine.start(tidy, "b");
  await reaches(run, "suspended");
  await run.cancel();
  await eventually(() => types(run)).toContain("sleep.started sleep_2");
  await reaches(run, "suspended");
  await engine.close();
  const second = await reopen({ workflows: [tidy] });
  expect(await second.cancel(run.runId, { force: true })).toBe(true);
  expect(await second.run(run.runId).status()).toBe("cancelled");
  expect(notes.filter((what) => what.startsWith("b"))).toEqual(["b refund"]);
  expect((await types(run)).filter((type) => type === "cancellation.requested")).toHaveLength(1);
});

test("a second request changes nothing, and of a run that has ended it is told", async () => {
  const { engine, events, reopen } = await openParity({ execute: false });
  const run = await engine.start(sleeper, undefined);
  expect([await run.cancel({ reason: "first" }), await run.cancel({ reason: "second" })]).toEqual([true, false]);
  expect(await events(run, "cancellation.requested")).toMatchObject([{ reason: "first" }]);
  expect(await run.status()).toBe("cancelled");
  const executing = await reopen({ workflows: [quick, failing] });
  const [completed, failed] = [await executing.start(quick, undefined), await executing.start(failing, undefined)];
  await reaches(completed, "completed");
  await reaches(failed, "failed");
  expect([await completed.cancel(), await failed.cancel()]).toEqual([false, false]);
  expect([await completed.status(), await failed.status()]).toEqual(["completed", "failed"]);
});

test("a run that has not begun is cancelled at once, without its code", async () => {
  const { engine, types } = await openParity({ execute: false });
  const run = await engine.start(sleeper, undefined);
  expect(await run.cancel()).toBe(true);
  expect(await types(run)).toEqual(["cancellation.requested", "workflow.cancelled"]);
});

test("once it is asked for, every durable call outside a shield rejects at once and writes nothing; after the shield again", async () => {
  const reasons: unknown[] = [];
  const failure = async (call: () => Promise<unknown>) => reasons.push(await call().catch((error: unknown) => error instanceof CancellationError && error.reason));
  const stubborn = workflow("parity.stubborn", async () => {
    await failure(() => hook("never"));
    await failure(() => note("outside"));
    await shield(async () => {
      await note("inside");
      await shield(() => note("deeper"));
      await note("inside again");
    });
    await failure(() => sleep("1s"));
    return "ignored it";
  });
  const engine = await openTestEngine({ workflows: [stubborn] });
  const run = await engine.start(stubborn, undefined);
  await engine.cancel(run.runId, { reason: "enough" });
  expect(reasons).toEqual(["enough", "enough", "enough"]);
  expect(notes.slice(-3)).toEqual(["inside", "deeper", "inside again"]);
  expect(notes).not.toContain("outside");
  expect(await run.status()).toBe("cancelled");
  expect((await engine.history(run.runId)).filter((event) => event.includes("sleep_"))).toEqual([]);
  await engine.close();
});

test("outside a run, shield just calls", async () => {
  expect(await shield(async () => 5)).toBe(5);
});

test("a body that ignores the request and returns is cancelled all the same", async () => {
  const swallows = workflow("parity.swallows", async () => {
    await sleep("30d").catch(() => {});
    return "done";
  });
  const engine = await openTestEngine({ workflows: [swallows] });
  const run = await engine.start(swallows, undefined);
  await engine.cancel(run.runId);
  expect(await run.status()).toBe("cancelled");
  expect((await engine.history(run.runId)).filter((event) => event.startsWith("workflow.")).slice(-2)).toEqual(["workflow.resumed", "workflow.cancelled"]);
  await engine.close();
});

test("what a cancelled run waited for is closed with it: its hooks take no payload", async () => {
  const waits = workflow("parity.waits", async () => hook("answer"));
  const engine = await openTestEngine({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await engine.cancel(run.runId);
  const token = `${run.runId}:hook_answer_1`;
  expect(await errorOf(engine.resumeHook(token, 1))).toMatchObject({ code: "HOOK_DISPOSED", token });
  expect(await engine.pendingHooks()).toEqual([]);
  await engine.close();
});

test("a transient run is cancelled too", async () => {
  const loose = workflow({ name: "parity.loose", durable: false }, async () => sleep("30d"));
  const { engine, record } = await openParity({ workflows: [loose] });
  const run = await engine.start(loose, undefined);
  await reaches(run, "running");
  expect(await run.cancel()).toBe(true);
  await reaches(run, "cancelled");
  expect((await record(run)).workerId).toBeUndefined();
});
