import { describe, expect, test } from "vitest";
import { decode } from "../../src/base/codec.js";
import { isOperationEvent, type RecordedEvent } from "../../src/core/events/event.js";
import type { RunId } from "../../src/core/ids.js";
import type { RunRecord } from "../../src/core/run.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { replayRun } from "../../src/engine/replay-run.js";
import { step, stepContext } from "../../src/index.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";

let effects: string[] = [];

const here = /drift\.test\.ts:\d+:\d+$/;

function effect(name: string): (n: number) => Promise<number> {
  return step({ name, maxRetries: 0 }, async (n: number) => {
    effects.push(stepContext().stepId);
    return n;
  });
}

const [a, b, c, d] = [effect("drift.a"), effect("drift.b"), effect("drift.c"), effect("drift.d")];

// Not workflow(): it would refuse the second body under the name, and that is what a changed file is.
function codeWith(run: () => Promise<unknown>): WorkflowDefinition {
  return { kind: "workflow", name: "drift.order", options: { name: "drift.order" }, place: undefined, run };
}

const original = codeWith(async () => {
  const sum = (await a(1)) + (await b(2));
  return sum + (await Promise.all([c(3), c(4)])).length;
});

interface Change {
  readonly what: string;
  readonly code: WorkflowDefinition;
  /** Once the log has this operation, the changed code does not fit it. */
  readonly from: string;
}

const changes: readonly Change[] = [
  {
    what: "a step was renamed",
    from: "step_drift.b_1",
    code: codeWith(async () => [await a(1), await d(2), await Promise.all([c(3), c(4)])]),
  },
  {
    what: "a step was removed",
    from: "step_drift.b_1",
    code: codeWith(async () => [await a(1), await Promise.all([c(3), c(4)])]),
  },
  {
    what: "a step was inserted before recorded ones",
    from: "step_drift.b_1",
    code: codeWith(async () => [await a(1), await d(9), await b(2), await Promise.all([c(3), c(4)])]),
  },
  {
    what: "two steps changed places",
    from: "step_drift.a_1",
    code: codeWith(async () => [await b(2), await a(1), await Promise.all([c(3), c(4)])]),
  },
  {
    what: "the arguments of two calls were swapped",
    from: "step_drift.c_1",
    code: codeWith(async () => [await a(1), await b(2), await Promise.all([c(4), c(3)])]),
  },
  {
    what: "the last step was removed",
    from: "step_drift.c_1",
    code: codeWith(async () => [await a(1), await b(2)]),
  },
];

/** The log of the original code, undisturbed. */
async function wholeLog(): Promise<readonly RecordedEvent[]> {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, original);
  expect(await executeDue(backend, [original])).toEqual(["ended"]);
  return backend.readHistory(runId, 0);
}

/** A run whose worker was lost when its log had these events. */
async function runInFlight(log: readonly RecordedEvent[]): Promise<{ readonly backend: Backend; readonly runId: RunId }> {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, original);
  const { claim, workerId } = await startProcess(backend, { workflows: [original] });
  const [claimed] = await claim();
  const [result] = await backend.commit([{ runId, fence: claimed?.epoch ?? 0, seen: 1, events: log.slice(1) }]);
  expect(result?.accepted).toBe(true);
  await backend.loseWorker({ workerId, now: 0, error: "killed", charge: "none" });
  return { backend, runId };
}

/** Claims the run with this code, and executes it. Empty where the code may not claim it. */
async function takeUp(backend: Backend, code: WorkflowDefinition, version: string): Promise<readonly string[]> {
  effects = [];
  const { claim, executor } = await startProcess(backend, { workflows: [code], version });
  return Promise.all((await claim()).map((run) => executor.execute(run)));
}

describe.each(changes)("$what", ({ code, from }) => {
  test("a run that has come so far is parked before anything acts, and completes when the change is undone", async () => {
    const log = await wholeLog();
    const first = log.findIndex((event) => isOperationEvent(event) && event.operationId === from) + 1;
    expect(first).toBeGreaterThan(1);
    for (let cut = first; cut < log.length; cut++) {
      const { backend, runId } = await runInFlight(log.slice(0, cut));
      const before = await backend.readHistory(runId, 0);

      expect(await takeUp(backend, code, "v2")).toEqual(["parked"]);
      expect(effects).toEqual([]);
      const parked = await backend.readHistory(runId, 0);
      expect(parked.slice(0, before.length)).toEqual(before);
      expect(parked.slice(before.length)).toMatchObject([
        { type: "workflow.resumed" },
        { type: "workflow.interrupted", reason: "non_deterministic", code: "NON_DETERMINISTIC", operationId: expect.stringMatching(/^step_drift\.[abc]_\d$/), version: "v2" },
      ]);

      expect(await takeUp(backend, code, "v2")).toEqual([]);
      expect(await backend.readHistory(runId, 0)).toEqual(parked);

      expect(await takeUp(backend, original, "v3")).toEqual(["ended"]);
      const run = await backend.getRun(runId);
      expect(run).toMatchObject({ status: "completed" });
      expect(run?.result && decode(run.result)).toBe(5);
      const completed = parked.filter((event) => event.type === "step.completed").map(({ operationId }) => operationId);
      expect(effects.filter((id) => completed.some((done) => done === id))).toEqual([]);
    }
  });

  test("a run that has not come so far goes on with the new code", async () => {
    const log = await wholeLog();
    const first = log.findIndex((event) => isOperationEvent(event) && event.operationId === from) + 1;
    for (let cut = 1; cut < first; cut++) {
      const { backend, runId } = await runInFlight(log.slice(0, cut));
      expect(await takeUp(backend, code, "v2")).toEqual(["ended"]);
      expect((await backend.getRun(runId))?.status).toBe("completed");
    }
  });
});

test("operations that are new ahead of the run's position just run, wherever it stands", async () => {
  const longer = codeWith(async () => {
    await a(1);
    await b(2);
    await Promise.all([c(3), c(4), d(5)]);
    await d(6);
  });
  const log = await wholeLog();
  for (let cut = 1; cut < log.length; cut++) {
    const { backend, runId } = await runInFlight(log.slice(0, cut));
    expect(await takeUp(backend, longer, "v2")).toEqual(["ended"]);
    expect((await backend.getRun(runId))?.status).toBe("completed");
    expect(effects.filter((id) => id.startsWith("step_drift.d"))).toEqual(["step_drift.d_1", "step_drift.d_2"]);
  }
});

const ways: readonly { readonly what: string; readonly code: WorkflowDefinition; readonly error: RegExp; readonly place: RegExp }[] = [
  { what: "asks for another step", code: codeWith(async () => (await a(1), d(2))), error: /: it asked for step_drift\.d_1 instead$/, place: here },
  { what: "waits for a step that is there", code: codeWith(async () => (await a(1), [await c(3)])), error: /: it waits for step_drift\.c_1 instead$/, place: here },
  { what: "ends", code: { ...codeWith(async () => a(1)), place: "order.ts:1:1" }, error: /: it ended instead$/, place: /^order\.ts:1:1$/ },
  { what: "waits outside the log", code: { ...codeWith(async () => (await a(1), new Promise(() => {}))), place: "order.ts:1:1" }, error: /: it waits for something else$/, place: /^order\.ts:1:1$/ },
];

test.each(ways)("parked where the code $what: the event says what and where, as a replay does", async ({ code, error, place }) => {
  const log = await wholeLog();
  const cut = log.findIndex((event) => event.type === "step.started" && event.operationId === "step_drift.c_2") + 1;
  const { backend, runId } = await runInFlight(log.slice(0, cut));
  expect(await takeUp(backend, code, "v2")).toEqual(["parked"]);
  const run = await backend.getRun(runId);
  expect(run?.parked).toMatchObject({ error: expect.stringMatching(error), place: expect.stringMatching(place) });
  const { error: message, operationId, place: at } = run?.parked ?? {};
  expect(await replayRun({ run: run as RunRecord, history: log.slice(0, cut) }, code, { payloadBytes: 1_000_000 })).toEqual({ fits: false, code: "NON_DETERMINISTIC", message, operationId, place: at });
});

test("no catch and no finally of a parked body runs", async () => {
  const seen: string[] = [];
  const catching = codeWith(async () => {
    try {
      await a(1);
      await d(2);
    } catch {
      seen.push("catch");
    } finally {
      seen.push("finally");
      await d(3);
    }
  });
  const { backend } = await runInFlight((await wholeLog()).slice(0, 5));
  expect(await takeUp(backend, catching, "v2")).toEqual(["parked"]);
  expect(seen).toEqual([]);
  expect(effects).toEqual([]);
});
