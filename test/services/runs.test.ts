import { beforeEach, describe, expect, test } from "vitest";
import type { Clock, Timer } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { Config } from "../../src/config/config.js";
import { AmbiguousRunError, RunNotFoundError, WaitTimeoutError } from "../../src/core/errors.js";
import { newRunId } from "../../src/core/ids.js";
import { findRun, findRuns } from "../../src/services/find-run.js";
import { listRuns } from "../../src/services/list-runs.js";
import { strangeToRuns, strangeToSchedules } from "../../src/services/workflow-meant.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import type { Project } from "../../src/services/project.js";
import { waitRun } from "../../src/services/wait-run.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { fillStore, type FilledStore } from "../support/filled-store.js";

let project: Project;
let runs: FilledStore;

beforeEach(async () => {
  const backend = createMemoryBackend();
  runs = await fillStore(backend);
  project = { backend, config: {} as Config, clock: jumpingClock(), locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
});

/** A clock whose timers fire at once and take the time with them. */
function jumpingClock(): Clock {
  let nowMs = 0;
  const setTimer = (fire: () => void, delayMs: number): Timer => {
    queueMicrotask(() => {
      nowMs += delayMs;
      fire();
    });
    return { cancel: () => undefined };
  };
  return { now: () => nowMs, monotonic: () => nowMs, setTimer };
}

describe("findRun", () => {
  test("takes a whole id, a unique prefix, @last", async () => {
    const found = await Promise.all([runs.failed, runs.failed.slice(0, 14), "@last"].map((id) => findRun(project, id)));
    expect(found.map(({ runId }) => runId)).toEqual([runs.failed, runs.failed, runs.pending]);
  });

  test("names at most five candidates, and says that there are more", async () => {
    const error: unknown = await findRun(project, "run_").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AmbiguousRunError);
    expect((error as AmbiguousRunError).candidates).toEqual([runs.pending, runs.cancelled, runs.parked, runs.suspended, runs.failed, "…"]);
  });

  test.each(["", "run_zzz", "%", "_", "run_01jhmr6k20000000000000000z"])("knows no run %j", async (id) => {
    await expect(findRun(project, id)).rejects.toBeInstanceOf(RunNotFoundError);
  });

  test("takes what comes behind run_ as well", async () => {
    expect(await findRun(project, runs.failed.slice(4, 14))).toMatchObject({ runId: runs.failed });
    await expect(findRun(project, "01")).rejects.toBeInstanceOf(AmbiguousRunError);
  });

  test("of several words every one that no run has is named, once", async () => {
    await expect(findRuns(project, [runs.failed, "nope", "@last", "nada", "nope"])).rejects.toThrow("there is no run nope, nor nada in this store");
    await expect(findRuns(project, ["run_", "nope"])).rejects.toBeInstanceOf(AmbiguousRunError);
    expect(await findRuns(project, [runs.failed, runs.failed.slice(4)])).toHaveLength(1);
  });

  test("@last of an empty store is not found", async () => {
    await expect(findRun({ ...project, backend: createMemoryBackend() }, "@last")).rejects.toBeInstanceOf(RunNotFoundError);
  });
});

test("of a workflow that nothing is of, the nearest is named where one is near", async () => {
  expect(await strangeToRuns(project, "process_order")).toBeUndefined();
  expect(await strangeToRuns(project, "proces_order")).toEqual({ name: "proces_order", meant: "process_order" });
  expect(await strangeToRuns(project, "nope")).toEqual({ name: "nope", meant: undefined });
  expect(await strangeToSchedules(project, "process_order")).toEqual({ name: "process_order", meant: undefined });
});

describe("listRuns", () => {
  test("has a cursor only where the list goes on", async () => {
    const six = await listRuns(project, { limit: 6 });
    const five = await listRuns(project, { limit: 5 });
    expect([six.runs.length, six.cursor, five.runs.length, five.cursor]).toEqual([6, undefined, 5, runs.failed]);
    const rest = await listRuns(project, { limit: 5, before: runs.failed });
    expect(rest).toMatchObject({ runs: [{ runId: runs.completed }] });
    expect(rest.cursor).toBeUndefined();
  });

  test("without a limit goes through all pages, each run once", async () => {
    for (let n = 0; n < 1100; n++) {
      const run = { workflowName: "many", durable: true, input: encode(n), tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3, nestingDepth: 0 };
      await project.backend.createRun({ runId: newRunId(n, (count) => new Uint8Array(count)), createdAt: n, ...run });
    }
    const { runs: found, cursor } = await listRuns(project, { workflowName: "many" });
    expect([found.length, new Set(found.map(({ runId }) => runId)).size, cursor]).toEqual([1100, 1100, undefined]);
  });
});

describe("waitRun", () => {
  test("gives a run that has ended or is parked at once", async () => {
    const waited = await Promise.all([runs.completed, runs.failed, runs.parked].map((runId) => waitRun(project, { runId })));
    expect(waited.map(({ status }) => status)).toEqual(["completed", "failed", "interrupted"]);
  });

  test("gives up after its time", async () => {
    await expect(waitRun(project, { runId: runs.suspended, timeoutMs: 60_000 })).rejects.toBeInstanceOf(WaitTimeoutError);
    expect(project.clock.monotonic()).toBe(60_000);
  });

  test("sees the end of a run that goes on while it waits", async () => {
    const waited = waitRun(project, { runId: runs.suspended });
    const { backend } = project;
    const now = Date.UTC(2026, 0, 1);
    const claim = await backend.claim({ workerId: runs.workerId, workflows: ["process_order"], version: "v1", company: "any", runId: runs.suspended, limit: 1, now });
    const run = claim.worker === "alive" ? claim.claimed[0] : undefined;
    await backend.commit([{ runId: runs.suspended, fence: run?.epoch ?? 0, seen: 4, events: [{ type: "workflow.completed", at: now, value: encode(1) }] }]);
    await expect(waited).resolves.toMatchObject({ status: "completed" });
  });
});
