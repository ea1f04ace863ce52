import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { Config } from "../../src/config/config.js";
import { RetryRefusedError, RunNotFoundError } from "../../src/core/errors.js";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import type { RunRecord } from "../../src/core/run.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { hook, runChild, sleep, startChild, step, workflow } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import type { Project } from "../../src/services/project.js";
import { workersThatPark } from "../../src/services/parked-by.js";
import { retryRun, retryRuns } from "../../src/services/retry-run.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";
import { soundResult, soundRun } from "../support/sound-run.js";

let project: Project;
/** What steps did, in order. */
let did: string[];
/** Names of steps that fail. */
let broken: Set<string>;

beforeEach(() => {
  const backend = createMemoryBackend();
  project = { backend, clock: systemClock, config: {} as Config, locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
  [did, broken] = [[], new Set()];
});

const act = step({ name: "retry.act", maxRetries: 0 }, async (what: string) => {
  did.push(what);
  if (broken.has(what)) throw new TypeError(`${what} is broken`);
  return what;
});

const order = workflow("retry.order", async () => [await act("reserve"), await act("charge"), await act("ship")]);
const small = workflow("retry.small", async () => act("small"));
const asks = workflow("retry.asks", async () => hook("answer"));

/** Executes all runs until nothing is due, and closes what is to be closed. */
async function execute(...workflows: readonly WorkflowDefinition[]): Promise<void> {
  while ((await executeDue(project.backend, workflows)).length > 0);
}

const runOf = (runId: RunId) => soundRun(project.backend, runId);
const resultOf = (runId: RunId) => soundResult(project.backend, runId);

async function failedRun(definition: WorkflowDefinition, ...others: readonly WorkflowDefinition[]): Promise<RunId> {
  const runId = await startRun(project.backend, definition);
  await execute(definition, ...others);
  expect((await runOf(runId)).status).toBe("failed");
  return runId;
}

async function childrenOf(parentId: RunId): Promise<readonly RunRecord[]> {
  return (await project.backend.listRuns({ parentId, limit: 10 })).toReversed();
}

describe("a failed run", () => {
  test("goes on at the step that failed; those before it do not run again", async () => {
    broken.add("charge");
    const runId = await failedRun(order);
    broken.clear();
    expect(await retryRun(project, runId)).toEqual({ run_id: runId, workflow_name: "retry.order", status: "suspended", reset: ["step_retry.act_2"] });
    await execute(order);
    expect(await resultOf(runId)).toEqual(["reserve", "charge", "ship"]);
    expect(did).toEqual(["reserve", "charge", "charge", "ship"]);
  });

  test("may fail again, at the same step and at a later one", async () => {
    broken.add("charge").add("ship");
    const runId = await failedRun(order);
    await retryRun(project, runId);
    await execute(order);
    broken.delete("charge");
    await retryRun(project, runId);
    await execute(order);
    expect((await runOf(runId)).status).toBe("failed");
    broken.clear();
    expect((await retryRun(project, runId)).reset).toEqual(["step_retry.act_3"]);
    await execute(order);
    expect(await resultOf(runId)).toEqual(["reserve", "charge", "ship"]);
    expect(did).toEqual(["reserve", "charge", "charge", "charge", "ship", "ship"]);
  });

  test("whose catch block refunded charges anew", async () => {
    const refunding = workflow("retry.refunding", async () => {
      await act("charge");
      try {
        return await act("ship");
      } catch (error) {
        await act("refund");
        throw error;
      }
    });
    broken.add("ship");
    const runId = await failedRun(refunding);
    broken.clear();
    expect((await retryRun(project, runId)).reset).toEqual(["step_retry.act_2", "step_retry.act_3"]);
    await execute(refunding);
    expect(await resultOf(runId)).toBe("ship");
    expect(did).toEqual(["charge", "ship", "refund", "ship"]);
  });

  test("repeats all steps that failed side by side, not those that succeeded, nor failures that were dealt with", async () => {
    const parallel = workflow("retry.parallel", async () => {
      const spare = await act("optional").catch(() => act("instead"));
      return [spare, ...(await Promise.all(["a", "b", "c"].map((what) => act(what))))];
    });
    for (const what of ["optional", "a", "c"]) broken.add(what);
    const runId = await failedRun(parallel);
    broken.clear();
    await retryRun(project, runId);
    await execute(parallel);
    expect(await resultOf(runId)).toEqual(["instead", "a", "b", "c"]);
    expect(did.slice(0, 5)).toEqual(["optional", "instead", "a", "b", "c"]);
    expect(did.slice(5).toSorted()).toEqual(["a", "c"]);
  });

  test("begins what its end closed anew: a step that was under way, a hook", async () => {
    const waits = workflow("retry.waits", async () => Promise.all([hook("answer"), act("a"), sleep("1h")]));
    broken.add("a");
    const runId = await failedRun(waits);
    broken.clear();
    expect((await retryRun(project, runId)).reset).toEqual(["hook_answer_1", "step_retry.act_1"]);
    await execute(waits);
    expect(await runOf(runId)).toMatchObject({ status: "suspended" });
    expect(await project.backend.listHooks({ runId, limit: 5 })).toMatchObject([{ hookId: "hook_answer_1", status: "pending" }]);
  });

  test("is taken up once, when two ask at the same moment", async () => {
    broken.add("charge");
    const runId = await failedRun(order);
    const both = await Promise.allSettled([retryRun(project, runId), retryRun(project, runId)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect((await project.backend.readHistory(runId, 0)).filter((event) => event.type === "workflow.resumed")).toHaveLength(1);
  });
});

describe("a run with children", () => {
  const parent = workflow("retry.parent", async () => [await runChild(small, undefined), await act("after")]);

  test("that a child's failure has failed starts that child anew; the child itself can't be retried", async () => {
    broken.add("small");
    const runId = await failedRun(parent, small);
    broken.clear();
    const [first] = await childrenOf(runId);
    const refused: unknown = await retryRun(project, first?.runId ?? runId).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RetryRefusedError);
    expect(refused).toMatchObject({ hint: expect.stringContaining(`runs retry ${runId}`), message: expect.stringContaining(`its parent ${runId}`) });

    expect((await retryRun(project, runId)).reset).toEqual(["child_retry.small_1"]);
    await execute(parent, small);
    expect(await resultOf(runId)).toEqual(["small", "after"]);
    expect((await childrenOf(runId)).map(({ status }) => status)).toEqual(["failed", "completed"]);
    // Also when the parent has its result from another one.
    await expect(retryRun(project, first?.runId ?? runId)).rejects.toBeInstanceOf(RetryRefusedError);
  });

  test("keeps the result of a child that had ended", async () => {
    broken.add("after");
    const runId = await failedRun(parent, small);
    broken.clear();
    await retryRun(project, runId);
    await execute(parent, small);
    expect(await resultOf(runId)).toEqual(["small", "after"]);
    expect(did).toEqual(["small", "after", "after"]);
  });

  test("closes the children of its last life before it begins the next", async () => {
    const waiting = workflow("retry.waiting", async () => Promise.all([runChild(asks, undefined), act("beside")]));
    broken.add("beside");
    const runId = await failedRun(waiting, asks);
    broken.clear();
    expect((await retryRun(project, runId)).reset).toEqual(["step_retry.act_1", "child_retry.asks_1"]);
    expect((await childrenOf(runId)).map(({ status }) => status)).toEqual(["cancelled"]);
    await execute(waiting, asks);
    expect((await childrenOf(runId)).map(({ status }) => status)).toEqual(["cancelled", "suspended"]);
    expect(await runOf(runId)).toMatchObject({ status: "suspended", closableChildren: 1 });
  });

  test("that has ended leaves a child that outlived it free to be retried", async () => {
    const leaving = workflow("retry.leaving", async () => {
      await startChild(small, undefined);
      return act("leave");
    });
    broken.add("small");
    const runId = await startRun(project.backend, leaving);
    await execute(leaving);
    await execute(leaving, small);
    expect(await resultOf(runId)).toBe("leave");
    const [child] = await childrenOf(runId);
    expect(child).toMatchObject({ status: "failed" });
    broken.clear();
    await retryRun(project, child?.runId ?? runId);
    await execute(small);
    expect(await resultOf(child?.runId ?? runId)).toBe("small");
  });
});

test("a parked run goes on with code that fits, without a new version of it", async () => {
  let drifted = false;
  const drifting = workflow("retry.drifting", async () => {
    await act(drifted ? "other" : "first");
    await hook("answer");
    return act("second");
  });
  const runId = await startRun(project.backend, drifting);
  await execute(drifting);
  drifted = true;
  await project.backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf("hook_answer", 1), value: encode("yes") }] }]);
  await execute(drifting);
  expect(await runOf(runId)).toMatchObject({ status: "interrupted", parked: { operationId: "step_retry.act_1" } });
  drifted = false;
  expect(await executeDue(project.backend, [drifting])).toEqual([]);
  expect(await retryRun(project, runId)).toMatchObject({ status: "suspended", reset: [] });
  await execute(drifting);
  expect(await resultOf(runId)).toBe("second");
  expect(did).toEqual(["first", "second"]);
});

describe("what is neither failed nor parked is refused, and stays as it is", () => {
  const patient = workflow("retry.patient", async () => sleep("1h"));

  test.each([
    ["pending", order, []],
    ["completed", order, [order]],
    ["suspended", patient, [patient]],
  ])("%s", async (status, definition, executed) => {
    const runId = await startRun(project.backend, definition);
    await execute(...executed);
    const before = await project.backend.readHistory(runId, 0);
    await expect(retryRun(project, runId)).rejects.toThrow(`it is ${status}`);
    expect(await project.backend.readHistory(runId, 0)).toEqual(before);
  });

  test("a transient run, which has nothing to go on from", async () => {
    broken.add("reserve");
    const runId = await startRun(project.backend, order, { durable: false });
    await execute(order);
    await expect(retryRun(project, runId)).rejects.toThrow("it is transient");
  });
});

test("of several runs those that can be taken up are; an unknown one leaves all as they are", async () => {
  broken.add("charge");
  const [first, second] = [await failedRun(order), await failedRun(order)];
  const pending = await startRun(project.backend, order);
  await expect(retryRuns(project, [first, "run_zzz"])).rejects.toBeInstanceOf(RunNotFoundError);
  expect((await runOf(first)).status).toBe("failed");
  const { rows, refused } = await retryRuns(project, [first, pending, second]);
  expect([rows.map(({ run_id }) => run_id), refused.map(({ runId }) => runId)]).toEqual([[first, second], [pending]]);
});

test("who parked a run and is still at work is named, until one with other code is there in its place", async () => {
  const runId = await startRun(project.backend, asks);
  await execute(asks);
  const { backend } = project;
  await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf("hook_answer", 1), value: encode(1) }] }]);
  const changed = { ...asks, run: async () => act("other") } as WorkflowDefinition;
  const { claim, executor, workerId } = await startProcess(backend, { workflows: [changed] });
  expect(await Promise.all((await claim()).map((run) => executor.execute(run)))).toEqual(["parked"]);
  const config = { worker: { leaseMs: 60_000 } } as Config;
  const parking = async () => (await workersThatPark({ ...project, config }, [runId])).map(({ worker, runIds }) => [worker.workerId, runIds]);
  expect(await parking()).toContainEqual([workerId, [runId]]);
  await backend.loseWorker({ workerId, now: systemClock.now(), error: "stopped", charge: "none" });
  expect((await parking()).map(([id]) => id)).not.toContain(workerId);
});
