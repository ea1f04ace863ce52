import { expect, test } from "vitest";
import { foldRun, newRunState } from "../../src/core/run.js";
import { sleep, startChild, step, workflow, type RunHandle } from "../../src/index.js";
import { errorOf, eventually, openParity, type Parity, reaches, thrownBy } from "./support.js";

const plain = workflow("parity.plain", async () => sleep("30d"));
const fixed = workflow({ name: "parity.fixed", recoverOnWorkerLoss: false, maxRecoveryAttempts: 5 }, async () => sleep("30d"));
const loose = workflow({ name: "parity.loose", durable: false }, async () => sleep("30d"));
const fileSays = "recovery: { recover_on_worker_loss: false, max_recovery_attempts: 1 }\n";

async function settingsOf({ engine, record }: Pick<Parity, "engine" | "record">, definition: typeof plain): Promise<readonly [boolean, number]> {
  const { recoverOnWorkerLoss, maxRecoveryAttempts } = await record(await engine.start(definition, undefined));
  return [recoverOnWorkerLoss, maxRecoveryAttempts];
}

test("a definition wins over openEngine, that over the file, the file over the defaults; a durable run recovers unless told otherwise", async () => {
  const byDefault = await openParity({ execute: false });
  expect([await settingsOf(byDefault, plain), await settingsOf(byDefault, loose), await settingsOf(byDefault, fixed)]).toEqual([
    [true, 3],
    [false, 3],
    [false, 5],
  ]);
  const byFile = await openParity({ execute: false, config: fileSays });
  expect([await settingsOf(byFile, plain), await settingsOf(byFile, fixed)]).toEqual([
    [false, 1],
    [false, 5],
  ]);
  const byOption = await openParity({ execute: false, config: fileSays, recovery: { recoverOnWorkerLoss: true, maxRecoveryAttempts: 0 } });
  expect([await settingsOf(byOption, plain), await settingsOf(byOption, loose), await settingsOf(byOption, fixed)]).toEqual([
    [true, 0],
    [true, 0],
    [false, 5],
  ]);
  const byBoth = await openParity({ execute: false, config: fileSays, recovery: { maxRecoveryAttempts: 9 } });
  expect(await settingsOf(byBoth, plain)).toEqual([false, 9]);
});

test("they are resolved when a run starts and stay with it, whatever other engines say; a child is started by who executes its parent", async () => {
  const starts = workflow("parity.starts", async () => (await startChild(plain, undefined)).runId);
  const { engine, reopen, record } = await openParity({ execute: false, recovery: { maxRecoveryAttempts: 7 } });
  const run = await engine.start(starts, undefined);
  const second = await reopen({ workflows: [starts, plain], recovery: { maxRecoveryAttempts: 2 } });
  const child = second.run(await (second.run(run.runId) as RunHandle<typeof run.runId>).result());
  await reaches(child, "suspended");
  expect([(await record(run)).maxRecoveryAttempts, (await record(child)).maxRecoveryAttempts]).toEqual([7, 2]);
});

test("settings that are none are refused, where they stand", async () => {
  expect(thrownBy(() => workflow({ name: "parity.negative", maxRecoveryAttempts: -1 }, async () => {}))).toMatchObject({ code: "INVALID_DEFINITION" });
  for (const recovery of [{ maxRecoveryAttempts: -1 }, { maxRecoveryAttempts: 1.5 }, { recoverOnWorkerLoss: "yes" as unknown as boolean }]) {
    expect(await errorOf(openParity({ execute: false, recovery }))).toMatchObject({ code: "CONFIG", message: expect.stringContaining("openEngine({ recovery })") });
  }
});

const at = { at: 1 };
const held = { ...at, workerId: "wrk_1" as never, version: "v" };
const loss = { type: "workflow.interrupted", reason: "worker_lost", ...at, workerId: "wrk_1" as never, lastEventSequence: 3, error: "killed", recoverable: true } as const;

test("the states of a run that loses its worker follow from its events, and a new outcome clears its losses", () => {
  const running = foldRun(newRunState(0), { type: "workflow.started", ...held });
  expect(running).toMatchObject({ status: "running", recoveryAttempts: 0 });
  const lost = foldRun(running, { ...loss, recoveryAttempt: 1 });
  expect(lost).toMatchObject({ status: "interrupted", recoveryAttempts: 1, dueAt: 1, wakeReason: "recovery", workerId: undefined });
  const resumed = foldRun(lost, { type: "workflow.resumed", reason: "recovery", ...held });
  expect(resumed).toMatchObject({ status: "running", recoveryAttempts: 1 });
  const twice = foldRun(resumed, { ...loss, recoveryAttempt: 2 });
  expect(twice).toMatchObject({ status: "interrupted", recoveryAttempts: 2 });
  expect(foldRun(twice, { type: "workflow.failed", ...at, value: "" as never })).toMatchObject({ status: "failed", recoveryAttempts: 2, completedAt: 1 });
  expect(foldRun(resumed, { type: "step.completed", ...at, operationId: "step_a_1" as never, value: "" as never })).toMatchObject({ recoveryAttempts: 0 });
});

test("an engine that ends hands its runs over: nothing is charged, and no step with an outcome runs again", async () => {
  const effects: string[] = [];
  const act = step("parity.act", async (what: string) => void effects.push(what));
  const waits = workflow("parity.waits", async () => {
    await act("before");
    await sleep("1s");
    await act("after");
  });
  const { engine, reopen, events, record } = await openParity({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await eventually(() => effects).toEqual(["before"]);
  await engine.close();
  const second = await reopen({ workflows: [waits] });
  await second.run(run.runId).result();
  expect(effects).toEqual(["before", "after"]);
  expect(await events(run, "workflow.interrupted")).toEqual([]);
  expect(await record(run)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
});
