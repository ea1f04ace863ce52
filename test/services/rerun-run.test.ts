import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { decode, encode } from "../../src/base/codec.js";
import type { Config } from "../../src/config/config.js";
import { defaults } from "../../src/core/defaults.js";
import { OperationNotFoundError, RerunRefusedError, RunNotFoundError } from "../../src/core/errors.js";
import type { RunId } from "../../src/core/ids.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { hook, now, random, runChild, startChild, step, uuid, workflow } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import type { Project } from "../../src/services/project.js";
import { runRow } from "../../src/services/list-runs.js";
import { rerunRun, type RerunOptions } from "../../src/services/rerun-run.js";
import { retryRun } from "../../src/services/retry-run.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";
import { soundResult, soundRun } from "../support/sound-run.js";
import { ManualClock } from "../support/manual-clock.js";

let project: Project;
let did: string[];
let broken: Set<string>;

beforeEach(() => {
  const backend = createMemoryBackend();
  project = { backend, clock: systemClock, config: { limits: defaults.limits } as Config, locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
  [did, broken] = [[], new Set()];
});

const act = step({ name: "rerun.act", maxRetries: 0 }, async (what: string, ...more: readonly unknown[]) => {
  did.push(what);
  if (broken.has(what)) throw new TypeError(`${what} is broken`);
  return [what, ...more].join(" ");
});
const order = workflow("rerun.order", async (input: unknown) => {
  const name = String(input);
  return [await act("reserve", name), await act("charge", name), await act("ship", name)];
});
const asks = workflow("rerun.asks", async () => [await act("before"), await hook("answer"), await act("after")]);
const family = workflow("rerun.family", async () => {
  const child = await startChild(asks, undefined);
  return [await act("beside"), await child.result(), await act("after all")];
});

async function execute(...workflows: readonly WorkflowDefinition[]): Promise<void> {
  while ((await executeDue(project.backend, workflows)).length > 0);
}

async function ended(definition: WorkflowDefinition, more: Parameters<typeof startRun>[2] = {}): Promise<RunId> {
  const runId = await startRun(project.backend, definition, more);
  await execute(definition);
  return runId;
}

async function rerun(id: RunId, more: Omit<RerunOptions, "id"> = {}): Promise<RunId> {
  const { run_id } = await rerunRun(project, { id, ...more });
  if (run_id === null) throw new RunNotFoundError(id);
  return run_id;
}

const runOf = (runId: RunId) => soundRun(project.backend, runId);
const resultOf = (runId: RunId) => soundResult(project.backend, runId);

async function resume(runId: RunId, payload: unknown): Promise<void> {
  const [waiting] = await project.backend.listHooks({ runId, status: "pending", limit: 1 });
  if (waiting === undefined) throw new RunNotFoundError(runId);
  await project.backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: waiting.hookId, value: encode(payload) }] }]);
}

describe("a rerun from the beginning", () => {
  test("executes everything again, with the settings and the input of the first run, and without its key", async () => {
    const settings = { tags: ["eu"], recoverOnWorkerLoss: false, maxRecoveryAttempts: 7, maxDurationMs: 60_000 };
    const first = await ended(order, { input: "x", idempotencyKey: "k", ...settings });
    const second = await rerun(first);
    expect(await runOf(second)).toMatchObject({ status: "pending", rerunOf: first, ...settings });
    await execute(order);
    expect(await resultOf(second)).toEqual(["reserve x", "charge x", "ship x"]);
    expect(did).toEqual(["reserve", "charge", "ship", "reserve", "charge", "ship"]);
    const { idempotencyKey, seed } = await runOf(second);
    expect([idempotencyKey, seed]).toEqual([undefined, undefined]);
  });

  test("may have another input", async () => {
    const first = await ended(order, { input: "x" });
    const second = await rerun(first, { changeInput: async ({ input }) => encode(`${decode(input) as string}y`) });
    await execute(order);
    expect(await resultOf(second)).toEqual(["reserve xy", "charge xy", "ship xy"]);
  });

  test("of a transient run is one, too", async () => {
    const first = await ended(order, { input: "x", durable: false });
    expect(await runOf(await rerun(first))).toMatchObject({ durable: false, status: "pending" });
  });
});

describe("a rerun from a step", () => {
  test("reuses what came before it, of a run that completed and of one that failed", async () => {
    const first = await ended(order, { input: "x" });
    const again = await rerunRun(project, { id: first, from: "step_rerun.act_2" });
    expect(again).toEqual({ run_id: again.run_id, workflow_name: "rerun.order", status: "suspended", rerun_of: first, executes_again: ["step_rerun.act_2", "step_rerun.act_3"], dry_run: false });
    await execute(order);
    expect(await resultOf(again.run_id ?? first)).toEqual(["reserve x", "charge x", "ship x"]);
    broken.add("ship");
    const failed = await ended(order, { input: "z" });
    broken.clear();
    const mended = await rerun(failed, { from: "step_rerun.act_3" });
    await execute(order);
    expect(await resultOf(mended)).toEqual(["reserve z", "charge z", "ship z"]);
    expect(did).toEqual(["reserve", "charge", "ship", "charge", "ship", "reserve", "charge", "ship", "ship"]);
    expect(await runOf(failed)).toMatchObject({ status: "failed" });
  });

  test("draws what the first run drew, and has its time", async () => {
    const chances = workflow("rerun.chances", async () => {
      const drawn = [random(), uuid(), now().getTime()];
      return [drawn, await act("a", uuid()), await act("b", uuid())];
    });
    const first = await ended(chances);
    const second = await rerun(first, { from: "step_rerun.act_2" });
    await execute(chances);
    expect(await resultOf(second)).toEqual(await resultOf(first));
    const third = await rerun(second, { from: "step_rerun.act_2" });
    await execute(chances);
    expect(await resultOf(third)).toEqual(await resultOf(first));
    expect(did).toEqual(["a", "b", "b", "b"]);
  });

  test("has the whole of its maxDuration, however old the first run is", async () => {
    const first = await startRun(project.backend, order, { input: "x", maxDurationMs: 60_000 });
    const { claim, executor } = await startProcess(project.backend, { workflows: [order], clock: new ManualClock() });
    await Promise.all((await claim()).map((run) => executor.execute(run)));
    expect((await runOf(first)).completedAt).toBeLessThan(systemClock.now() - 60_000);
    const second = await rerun(first, { from: "step_rerun.act_3" });
    await execute(order);
    expect(await resultOf(second)).toEqual(["reserve x", "charge x", "ship x"]);
  });

  test("of a run that was retried begins at the newest life of the step", async () => {
    broken.add("charge");
    const first = await ended(order, { input: "x" });
    broken.clear();
    await retryRun(project, first);
    await execute(order);
    const second = await rerun(first, { from: "step_rerun.act_2" });
    await execute(order);
    expect(await resultOf(second)).toEqual(["reserve x", "charge x", "ship x"]);
    expect(did).toEqual(["reserve", "charge", "charge", "ship", "charge", "ship"]);
  });

  test("runs a step again that was under way beside it", async () => {
    const parallel = workflow("rerun.parallel", async () => Promise.all(["a", "b"].map((what) => act(what))));
    const first = await ended(parallel);
    expect(await rerunRun(project, { id: first, from: "step_rerun.act_2", dryRun: true })).toMatchObject({ executes_again: ["step_rerun.act_1", "step_rerun.act_2"] });
  });

  test("waits for an open hook with a token of its own", async () => {
    const beside = workflow("rerun.beside", async () => Promise.all([hook("answer"), act("first").then(() => act("later"))]));
    const first = await ended(beside);
    const second = await rerun(first, { from: "step_rerun.act_2" });
    await execute(beside);
    expect((await project.backend.listHooks({ status: "pending", limit: 5 })).map(({ runId }) => runId).toSorted()).toEqual([first, second].toSorted());
    await resume(second, "yes");
    await execute(beside);
    expect(await resultOf(second)).toEqual(["yes", "later"]);
    expect(did).toEqual(["first", "later", "later"]);
    expect(await runOf(first)).toMatchObject({ status: "suspended" });
  });

  test("tells, and starts nothing, where it is only asked", async () => {
    const first = await ended(order, { input: "x" });
    const row = await rerunRun(project, { id: first, from: "step_rerun.act_3", dryRun: true });
    expect(row).toEqual({ run_id: null, workflow_name: "rerun.order", status: "suspended", rerun_of: first, executes_again: ["step_rerun.act_3"], dry_run: true });
    expect(await project.backend.findRunIds("", 5)).toEqual([first]);
  });

  test("names the step that was probably meant, where there is none of that id", async () => {
    const first = await ended(order, { input: "x" });
    for (const [from, hint] of [["step_rerun.akt_2", "step_rerun.act_2"], ["rerun.act", "step_rerun.act_1"]] as const) {
      const error: unknown = await rerun(first, { from }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OperationNotFoundError);
      expect(error).toMatchObject({ hint: `did you mean ${hint}?`, operationId: from });
    }
    await expect(rerun(first, { from: "completely_else" })).rejects.toMatchObject({ hint: expect.stringContaining("step_rerun.act_1, step_rerun.act_2") });
  });

  test("may have another input where what is reused does not depend on it; else it is refused, and nothing is started", async () => {
    const late = workflow("rerun.late", async (input: unknown) => [await act("first"), await act("second", input), await act("third")]);
    const first = await ended(late, { input: "x" });
    const changeInput = async () => encode("y");
    for (const dryRun of [false, true]) {
      const error: unknown = await rerunRun(project, { id: first, from: "step_rerun.act_3", changeInput, dryRun }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RerunRefusedError);
      expect(error).toMatchObject({ message: expect.stringContaining("first at step_rerun.act_2"), hint: expect.stringContaining("begin at step_rerun.act_2") });
    }
    expect(await project.backend.findRunIds("", 5)).toEqual([first]);
    const second = await rerun(first, { from: "step_rerun.act_2", changeInput });
    await execute(late);
    expect(await resultOf(second)).toEqual(["first", "second y", "third"]);
    expect(did).toEqual(["first", "second", "third", "second", "third"]);
  });

  test("that skips what is reused is refused", async () => {
    const maybe = workflow("rerun.maybe", async (input: unknown) => (input === "all" ? [await act("a"), await act("b")] : []));
    const first = await ended(maybe, { input: "all" });
    await expect(rerun(first, { from: "step_rerun.act_2", changeInput: async () => encode("none") })).rejects.toThrow("first at step_rerun.act_1");
  });

  test("took no longer than itself: the time of the first run is not its own", async () => {
    const first = await startRun(project.backend, order, { input: "x" });
    const { claim, executor } = await startProcess(project.backend, { workflows: [order], clock: new ManualClock() });
    await Promise.all((await claim()).map((run) => executor.execute(run)));
    const second = await runOf(await rerun(first, { from: "step_rerun.act_3" }));
    expect(second.startedAt).toBeLessThan(second.createdAt);
    expect(runRow({ ...second, completedAt: second.createdAt + 5000 })).toMatchObject({ started_at: new Date(second.startedAt ?? 0), duration: 5 });
  });

  test("is refused for a transient run, which has no history", async () => {
    const first = await ended(order, { input: "x", durable: false });
    await expect(rerun(first, { from: "step_rerun.act_2" })).rejects.toBeInstanceOf(RerunRefusedError);
  });
});

describe("a rerun of a run with children", () => {
  const both = [family, asks] as const;

  test("is refused while a child that it would take over lives; when that has ended, its result counts", async () => {
    const first = await startRun(project.backend, family);
    await execute(...both);
    const [child] = await project.backend.listRuns({ parentId: first, limit: 1 });
    await expect(rerun(first, { from: "step_rerun.act_1" })).rejects.toThrow(`its child ${child?.runId} is suspended`);
    await resume(child?.runId ?? first, "yes");
    await execute(...both);
    const second = await rerun(first, { from: "step_rerun.act_1" });
    await execute(...both);
    expect(await resultOf(second)).toEqual(await resultOf(first));
    expect(did).toEqual(["beside", "before", "after", "after all", "beside", "after all"]);
    expect(await project.backend.listRuns({ parentId: second, limit: 1 })).toEqual([]);
  });

  test("is no child itself, and nobody is told of its end", async () => {
    const small = workflow("rerun.small", async () => act("small"));
    const parent = workflow("rerun.parent", async () => runChild(small, undefined));
    const first = await startRun(project.backend, parent);
    await execute(parent, small);
    const [child] = await project.backend.listRuns({ parentId: first, limit: 1 });
    const before = await project.backend.readHistory(first, 0);
    const second = await rerun(child?.runId ?? first, { from: "step_rerun.act_1" });
    await execute(parent, small);
    expect(await resultOf(second)).toBe("small");
    expect(await runOf(second)).toMatchObject({ nestingDepth: 0 });
    expect((await runOf(second)).parent).toBeUndefined();
    expect(await project.backend.readHistory(first, 0)).toEqual(before);
  });
});
