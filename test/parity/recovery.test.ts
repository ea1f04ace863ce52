import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decode } from "../../src/base/codec.js";
import type { RunId } from "../../src/core/ids.js";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

async function killDuring(what: string, nth = 1): Promise<void> {
  const attempts = () => project.effects().filter((effect) => effect.what === what);
  const found = await until(`attempt ${nth} of ${what}`, () => attempts()[nth - 1]);
  process.kill(found.pid, "SIGKILL");
}

async function codeOf(runId: RunId): Promise<unknown> {
  const { error = "" as never } = await project.ended(runId);
  return (decode(error) as { readonly code?: unknown }).code;
}

function effects(): readonly string[] {
  return project.effects().map(({ what }) => what);
}

describe("the first loss is the end of a run", () => {
  test.each([
    { what: "whose recovery is switched off", more: { recoverOnWorkerLoss: false } },
    { what: "that allows no attempt", more: { maxRecoveryAttempts: 0 } },
    { what: "without a log, where nothing else was said", more: { durable: false, recoverOnWorkerLoss: false } },
  ])("$what", async ({ more }) => {
    await project.runWorkers("-n", "1").ready();
    const runId = await project.startRun("holding", "a", more);
    await killDuring("a second");
    expect(await codeOf(runId)).toBe("RECOVERY_DISABLED");
    expect(effects()).toEqual(["a first", "a second"]);
    const types = await project.eventTypes(runId);
    expect(types.slice(-2)).toEqual(more.durable === false ? [] : ["workflow.interrupted", "workflow.failed"]);
  });
});

test("a transient run with recovery begins again from the start: what it did before is done a second time", async () => {
  await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a", { durable: false, recoverOnWorkerLoss: true });
  await killDuring("a second");
  await until("the second attempt", () => (effects().length === 4 ? true : undefined));
  project.touch("go");
  expect(await project.ended(runId)).toMatchObject({ status: "completed" });
  expect(effects()).toEqual(["a first", "a second", "a first", "a second", "a third"]);
  expect(await project.history(runId)).toEqual([]);
});

/** A worker for the workflow comes, and is killed with its supervisor in the middle of the step; nobody else knows the workflow. */
async function comeAndGo(runId: RunId, nth: number): Promise<void> {
  const workers = await project.runWorkers("-n", "1", "--workflow", "holding").ready();
  await until("the step", () => (effects().filter((what) => what === "a second").length === nth ? true : undefined));
  workers.killAll();
  await project.runOnce(runId, ({ status }) => status === "interrupted");
}

test("a run that waits for its recovery is shown as interrupted, with its attempts, for as long as no worker for it is there", async () => {
  const runId = await project.startRun("holding", "a");
  const shown = async () => (await pyworkflow(["runs", "status", runId], { cwd: project.path })).stdout;
  // It executes nothing of ours, and sees who dies.
  await project.runWorkers("-n", "1", "--workflow", "quick").ready();
  for (const [index, attempts] of ["1/3", "2/3"].entries()) {
    await comeAndGo(runId, index + 1);
    const card = await shown();
    expect(card).toMatch(/Status: +interrupted/);
    expect(card).toMatch(new RegExp(`Recovery: +${attempts} attempts \\(recover_on_worker_loss: true\\)`));
    expect(card).toMatch(/Waiting for: +a worker/);
  }
  project.touch("go");
  await project.runWorkers("-n", "1", "--workflow", "holding").ready();
  expect(await project.ended(runId)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  expect(effects()).toEqual(["a first", "a second", "a second", "a second", "a third"]);
});

test("a run whose worker was lost is cancelled by the next one", async () => {
  const runId = await project.startRun("holding", "a");
  await project.runWorkers("-n", "1", "--workflow", "quick").ready();
  await comeAndGo(runId, 1);
  expect((await pyworkflow(["runs", "cancel", runId, "--reason", "enough"], { cwd: project.path })).code).toBe(0);
  expect(await project.run(runId)).toMatchObject({ status: "interrupted", cancellationRequested: true });
  await project.runWorkers("-n", "1", "--workflow", "holding").ready();
  expect(await project.ended(runId)).toMatchObject({ status: "cancelled" });
  expect(effects()).toEqual(["a first", "a second"]);
});

test("a loss beyond the limit fails the run: every loss is in its log, with its number and whether it was the last", async () => {
  await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a", { maxRecoveryAttempts: 1 });
  await killDuring("a second", 1);
  await killDuring("a second", 2);
  expect(await codeOf(runId)).toBe("RECOVERY_EXHAUSTED");
  const losses = (await project.history(runId)).filter((event) => event.type === "workflow.interrupted");
  expect(losses).toMatchObject([
    { reason: "worker_lost", error: "killed by SIGKILL", recoveryAttempt: 1, recoverable: true },
    { reason: "worker_lost", error: "killed by SIGKILL", recoveryAttempt: 2, recoverable: false },
  ]);
  const { stdout } = await pyworkflow(["runs", "status", runId], { cwd: project.path });
  expect(stdout).toMatch(/Recovery: +2\/1 attempts/);
});
