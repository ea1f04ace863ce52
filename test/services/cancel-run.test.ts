import { beforeEach, describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { Config } from "../../src/config/config.js";
import { RunNotFoundError, WaitTimeoutError } from "../../src/core/errors.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { parseRunId, type RunId } from "../../src/core/ids.js";
import { requestCancellation } from "../../src/engine/cancel-run.js";
import { continueAsNew, hook, shield, step, workflow } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import { cancelRun, cancelRuns, runsToCancel, type CancelOrder } from "../../src/services/cancel-run.js";
import type { Project } from "../../src/services/project.js";
import { runHandle } from "../../src/services/run-handle.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";
import { ManualClock } from "../support/manual-clock.js";

const undo = step("cancel.undo", async () => "undone");
const waiting = workflow("cancel.waiting", async () => {
  try {
    await hook("never");
  } finally {
    await shield(() => undo());
  }
});
const counting = workflow("cancel.counting", async (n: number): Promise<unknown> => (n < 2 ? continueAsNew(n + 1) : hook("never")));
const workflows = [waiting, counting];
const order: CancelOrder = { requestedBy: "the test", reason: "wrong customer" };

let clock: ManualClock;
let backend: Backend;
let project: Project;

beforeEach(() => {
  clock = new ManualClock();
  backend = createMemoryBackend();
  project = { backend, clock, config: {} as Config, locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
});

async function suspendedRun(): Promise<RunId> {
  const runId = await startRun(backend, waiting);
  await executeDue(backend, workflows);
  return runId;
}

/** A chain of two: its first run, and the one that waits. */
async function suspendedChain(): Promise<readonly [RunId, RunId]> {
  const first = await startRun(backend, counting, { input: 1 });
  await executeDue(backend, workflows);
  const second = (await backend.getRun(first))?.continuedTo;
  await executeDue(backend, workflows);
  if (second === undefined) throw new Error("the run did not continue");
  return [first, second];
}

async function parkedRun(): Promise<RunId> {
  const runId = await startRun(backend, waiting);
  const { claim } = await startProcess(backend, { workflows });
  const [run] = await claim();
  const parked: WorkflowEvent = { type: "workflow.interrupted", reason: "non_deterministic", at: 1, code: "NON_DETERMINISTIC", error: "it does not fit", version: "v1", lastEventSequence: 1 };
  await backend.commit([{ runId, fence: run?.epoch ?? 0, seen: 1, events: [parked] }]);
  return runId;
}

async function typesOf(runId: RunId): Promise<readonly string[]> {
  return (await backend.readHistory(runId, 0)).map(({ type }) => type);
}

describe("a request to cancel", () => {
  test("wakes a suspended run, whose code cleans up; a second one changes nothing", async () => {
    const runId = await suspendedRun();

    expect(await cancelRun(project, runId, order)).toEqual({ run_id: runId, cancelled: true, status: "suspended", stays_parked: false, dry_run: false });
    const asked = await typesOf(runId);
    expect(await cancelRun(project, runId, order)).toEqual({ run_id: runId, cancelled: true, status: "suspended", stays_parked: false, dry_run: false });

    expect([asked.at(-1), await typesOf(runId)]).toEqual(["cancellation.requested", asked]);
    expect((await backend.readHistory(runId, 0)).at(-1)).toMatchObject({ reason: "wrong customer", requestedBy: "the test" });
    await executeDue(backend, workflows);
    expect((await typesOf(runId)).slice(asked.length)).toEqual(expect.arrayContaining(["step.completed", "workflow.cancelled"]));
  });

  test("ends a run that never began", async () => {
    const runId = await startRun(backend, waiting);

    expect(await cancelRun(project, runId, order)).toEqual({ run_id: runId, cancelled: true, status: "cancelled", stays_parked: false, dry_run: false });
    expect(await typesOf(runId)).toEqual(["cancellation.requested", "workflow.cancelled"]);
  });

  test("only asks a run that was claimed between the look and the commit", async () => {
    const runId = await startRun(backend, waiting);
    const { claim } = await startProcess(backend, { workflows });
    const commit: Backend["commit"] = async (batch) => {
      await claim();
      return backend.commit(batch);
    };

    const { run, written } = await requestCancellation({ ...backend, commit }, clock, { runId, requestedBy: "the test" });

    expect([run.status, written]).toEqual(["running", true]);
    expect(await typesOf(runId)).toEqual(["workflow.started", "cancellation.requested"]);
  });

  test("goes to the run that goes on in the place of one that continued as new", async () => {
    const [first, second] = await suspendedChain();

    expect(await cancelRun(project, first, order)).toEqual({ run_id: second, cancelled: true, status: "suspended", stays_parked: false, dry_run: false });
    expect((await typesOf(second)).at(-1)).toBe("cancellation.requested");
  });

  test("follows a run that continues as new between the look and the commit", async () => {
    const first = await startRun(backend, counting, { input: 1 });
    const { claim, executor } = await startProcess(backend, { workflows });
    const [run] = await claim();
    const departs: Promise<unknown>[] = [];
    const commit: Backend["commit"] = async (batch) => {
      if (departs.length === 0 && run !== undefined) departs.push(executor.execute(run));
      await departs[0];
      return backend.commit(batch);
    };

    const answer = await requestCancellation({ ...backend, commit }, clock, { runId: first, requestedBy: "the test" });

    expect(answer.written).toBe(true);
    expect(answer.run).toMatchObject({ status: "cancelled", continuedFrom: first });
    expect(await typesOf(first)).toEqual(["workflow.started", "workflow.continued_as_new"]);
  });

  test("leaves a parked run parked, and says so", async () => {
    const runId = await parkedRun();

    expect(await cancelRun(project, runId, { ...order, wait: true })).toEqual({ run_id: runId, cancelled: true, status: "interrupted", stays_parked: true, dry_run: false });
  });

  test("changes nothing about a run that has ended, and knows no unknown one", async () => {
    const runId = await suspendedRun();
    await cancelRun(project, runId, { ...order, force: true });
    const ended = await typesOf(runId);

    expect(await cancelRun(project, runId, order)).toEqual({ run_id: runId, cancelled: false, status: "cancelled", stays_parked: false, dry_run: false });
    expect(await cancelRun(project, runId, { ...order, force: true })).toMatchObject({ cancelled: false });
    expect(await typesOf(runId)).toEqual(ended);
    const unknown = parseRunId("run_00000000000000000000000000");
    await expect(cancelRun(project, unknown ?? runId, order)).rejects.toBeInstanceOf(RunNotFoundError);
  });
});

describe("an end by force", () => {
  test.each([
    ["suspended", suspendedRun],
    ["parked", parkedRun],
    ["pending", () => startRun(backend, waiting)],
  ])("ends a %s run without its code", async (_, make) => {
    const runId = await make();
    const before = await typesOf(runId);

    expect(await cancelRun(project, runId, { ...order, force: true })).toEqual({ run_id: runId, cancelled: true, status: "cancelled", stays_parked: false, dry_run: false });
    const history = await backend.readHistory(runId, 0);
    expect(history.slice(before.length)).toMatchObject([{ type: "workflow.cancelled", reason: "wrong customer", cleanupCompleted: false }]);
  });

  test("takes a running run from its worker, whose writes change nothing any more", async () => {
    const runId = await startRun(backend, waiting);
    const { claim } = await startProcess(backend, { workflows });
    const [run] = await claim();

    expect(await cancelRun(project, runId, { ...order, force: true })).toMatchObject({ status: "cancelled" });
    const late = await backend.commit([{ runId, fence: run?.epoch ?? 0, seen: 1, events: [{ type: "workflow.completed", at: 1, value: encode("late") }] }]);
    expect(late).toEqual([{ accepted: false, refused: "fence" }]);
  });
});

describe("waiting for the end", () => {
  test("of several runs has one limit, and says how each stands then", async () => {
    const [late, ended] = [await suspendedRun(), await startRun(backend, waiting)];
    const rows = cancelRuns(project, [late, ended], { ...order, wait: true, timeoutMs: 60_000 });
    await clock.pass(60_000);

    expect(await rows).toEqual([
      { run_id: late, cancelled: true, status: "suspended", stays_parked: false, dry_run: false },
      { run_id: ended, cancelled: true, status: "cancelled", stays_parked: false, dry_run: false },
    ]);
  });

  test("of one run throws when the time is over, and ends with it before", async () => {
    const runId = await suspendedRun();
    const inVain = runHandle(project, runId).cancel({ wait: true, timeoutMs: 1000 });
    await Promise.all([expect(inVain).rejects.toBeInstanceOf(WaitTimeoutError), clock.pass(1000)]);

    const cancelled = runHandle(project, runId).cancel({ wait: true });
    await executeDue(backend, workflows);
    await clock.pass(1000);
    expect([await cancelled, await runHandle(project, runId).cancel()]).toEqual([true, false]);
  });
});

test("what filters find to cancel has not ended", async () => {
  const suspended = await suspendedRun();
  const pending = await startRun(backend, waiting, { createdAt: 1 });
  const ended = await startRun(backend, waiting);
  await cancelRun(project, ended, order);
  const other = await startRun(backend, counting, { createdAt: 2 });
  const idsOf = async (filter: Parameters<typeof runsToCancel>[1]) => (await runsToCancel(project, filter)).map(({ runId }) => runId);

  expect(await idsOf({})).toEqual([other, pending, suspended]);
  expect(await idsOf({ workflowName: waiting.name, statuses: ["pending"] })).toEqual([pending]);
  expect(await idsOf({ query: other.slice(-8) })).toEqual([other]);
});
