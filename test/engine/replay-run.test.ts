import { readFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { defaults } from "../../src/core/defaults.js";
import type { RecordedEvent } from "../../src/core/events/event.js";
import type { RunId } from "../../src/core/ids.js";
import type { RunRecord } from "../../src/core/run.js";
import { replayRun, type ReplayFinding, type StoredHistory } from "../../src/engine/replay-run.js";
import { continueAsNew, FatalError, hook, patched, runChild, shield, sleep, startChild, step, workflow, type WorkflowDefinition } from "../../src/index.js";
import { retryRun } from "../../src/services/retry-run.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { openTestEngine, replayHistory } from "../../src/testing/index.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";

const effects: string[] = [];

function effect(name: string): (n: number) => Promise<number> {
  return step({ name: `replay.${name}`, maxRetries: 0 }, async (n: number) => {
    effects.push(name);
    return n;
  });
}

const [a, b, c, d] = [effect("a"), effect("b"), effect("c"), effect("d")];
const fails = step({ name: "replay.fails", maxRetries: 0 }, (): number => {
  throw new FatalError("no");
});
const child = workflow("replay.child", async () => sleep("30d"));

let mood = "bad";
const moody = step({ name: "replay.moody", maxRetries: 0 }, (): string => {
  if (mood === "good") return mood;
  mood = "good";
  throw new FatalError("not in the mood");
});

async function cleaningUp(): Promise<void> {
  try {
    await sleep("30d");
  } finally {
    await shield(() => a(1));
  }
}

async function withChild(): Promise<number> {
  await Promise.all([hook("replay.hook"), runChild(child, undefined)]);
  return a(1);
}

type Code = WorkflowDefinition<undefined>;

// Not workflow(): it would refuse the second body under the name, and that is what a changed file is.
function codeWith(run: (input: unknown) => Promise<unknown>, options: Partial<Code["options"]> = {}): Code {
  return { kind: "workflow", name: "replay.code", options: { name: "replay.code", ...options }, place: "workflow.ts:1:1", run };
}

const order = codeWith(async () => {
  const first = await a(1);
  await sleep("1d");
  const [second] = await Promise.all([b(2), c(3)]);
  const payload = await hook<number>("replay.hook");
  return first + second + payload;
});

/** What happens to the run of a test. */
interface Life {
  readonly advance?: string;
  readonly resume?: true;
  readonly cancel?: { readonly force: boolean };
}

async function lived(code: Code, { advance, resume, cancel }: Life = {}): Promise<StoredHistory> {
  const engine = await openTestEngine({ workflows: [code, child] });
  onTestFinished(() => engine.close());
  const { runId } = await engine.start(code, undefined);
  if (advance !== undefined) await engine.advance(advance);
  const [pending] = await engine.pendingHooks();
  if (resume && pending !== undefined) await engine.resumeHook(pending.token, 4);
  if (cancel !== undefined) await engine.cancel(runId, cancel);
  effects.length = 0;
  // As it comes back out of a file.
  return JSON.parse(JSON.stringify(await engine.historyOf(runId))) as StoredHistory;
}

async function storedRun(backend: Backend, runId: RunId): Promise<StoredHistory> {
  const run = await backend.getRun(runId);
  expect(run).toBeDefined();
  return { run: run as RunRecord, history: await backend.readHistory(runId, 0) };
}

function replay(stored: StoredHistory, code: Code): Promise<ReplayFinding> {
  return replayRun(stored, code, defaults.limits);
}

const here = /replay-run\.test\.ts:\d+:\d+$/;

describe("the same code", () => {
  test("fits wherever the run stands, and nothing is executed", async () => {
    const whole = await lived(order, { advance: "1d", resume: true });
    expect(whole.history.at(-1)?.type).toBe("workflow.completed");
    for (let length = 0; length <= whole.history.length; length++) {
      expect(await replay({ ...whole, history: whole.history.slice(0, length) }, order)).toEqual({ fits: true });
    }
    expect(effects).toEqual([]);
  });

  interface Case {
    readonly what: string;
    readonly code: Code;
    readonly life?: Life;
    /** A type of its events: proof that it was so. */
    readonly has: RecordedEvent["type"];
  }
  const cases: readonly Case[] = [
    { what: "failed", code: codeWith(async () => [await a(1), await fails()]), has: "workflow.failed" },
    { what: "continued as new", code: codeWith(async (lap) => (await a(1), lap === 2 ? "done" : continueAsNew(2))), has: "workflow.continued_as_new" },
    { what: "was cancelled and cleaned up", code: codeWith(cleaningUp), life: { cancel: { force: false } }, has: "step.completed" },
    { what: "was ended by force", code: codeWith(cleaningUp), life: { cancel: { force: true } }, has: "workflow.cancelled" },
    { what: "ran out of time", code: codeWith(withChild, { maxDuration: "1d" }), life: { advance: "2d" }, has: "workflow.failed" },
    { what: "left race losers behind", code: codeWith(async () => Promise.race([a(1), hook("replay.hook"), sleep("30d")])), has: "hook.disposed" },
    { what: "has a child beside it", code: codeWith(async () => ((await startChild(child, undefined)).runId, hook("replay.hook"))), has: "child_workflow.started" },
    { what: "took a new branch", code: codeWith(async () => (await a(1), patched("replay.patch") ? b(2) : c(3))), has: "patch.recorded" },
  ];
  test.each(cases)("fits a run that $what", async ({ code, life, has }) => {
    const stored = await lived(code, life);
    expect(stored.history.map(({ type }) => type)).toContain(has);
    expect(await replay(stored, code)).toEqual({ fits: true });
    expect(effects).toEqual([]);
  });

  test("fits a run that failed and was taken up again by hand", async () => {
    const backend = createMemoryBackend();
    const code = codeWith(async () => [await a(1), await moody(), await b(2)]);
    const runId = await startRun(backend, code);
    await executeDue(backend, [code]);
    await retryRun({ backend, clock: systemClock }, runId);
    await executeDue(backend, [code]);
    const history = await backend.readHistory(runId, 0);
    expect(history.map(({ type }) => type).filter((type) => type.startsWith("workflow."))).toEqual(["workflow.started", "workflow.failed", "workflow.resumed", "workflow.resumed", "workflow.completed"]);
    expect(await replay(await storedRun(backend, runId), code)).toEqual({ fits: true });
    expect(await replay(await storedRun(backend, runId), codeWith(async () => [await a(1), await moody()]))).toMatchObject({ fits: false, operationId: "step_replay.b_1" });
  });
});

test("a run that was given up with its worker need not come to an end", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, order, { recoverOnWorkerLoss: false });
  const { claim, workerId } = await startProcess(backend, { workflows: [order] });
  await claim();
  await backend.loseWorker({ workerId, now: 0, error: "killed", charge: "all" });
  const run = await storedRun(backend, runId);
  expect(run.history.at(-1)?.type).toBe("workflow.failed");
  expect(await replay(run, order)).toEqual({ fits: true });
});

describe("changed code", () => {
  test("a renamed step is named with what the code asks for, and where", async () => {
    const stored = await lived(order);
    const changed = codeWith(async () => (await d(1), sleep("1d")));
    expect(await replay(stored, changed)).toEqual({
      fits: false,
      code: "NON_DETERMINISTIC",
      operationId: "step_replay.a_1",
      message: "the history has step_replay.a_1 (event 3), but the code did not ask for it: it asked for step_replay.d_1 instead",
      place: expect.stringMatching(here),
    });
    expect(effects).toEqual([]);
  });

  test("a step that was removed is named, with the place where the code waits instead", async () => {
    const stored = await lived(order, { advance: "1d" });
    const changed = codeWith(async () => (await a(1), await sleep("1d"), await b(2), hook("replay.hook")));
    expect(await replay(stored, changed)).toMatchObject({
      fits: false,
      code: "NON_DETERMINISTIC",
      operationId: "step_replay.c_1",
      message: expect.stringMatching(/ did not ask for it: it waits for hook_replay\.hook_1 instead$/),
      place: expect.stringMatching(here),
    });
  });

  test("other arguments are told, at the call", async () => {
    const stored = await lived(order);
    expect(await replay(stored, codeWith(async () => a(9)))).toMatchObject({ fits: false, operationId: "step_replay.a_1", message: expect.stringMatching(/history has: \[ 9 \], not \[ 1 \]$/), place: expect.stringMatching(here) });
  });

  test("what is new ahead of the run's position fits", async () => {
    const stored = await lived(order, { advance: "1d" });
    const longer = codeWith(async () => (await a(1), await sleep("1d"), await Promise.all([b(2), c(3)]), await Promise.all([hook("replay.hook"), d(4)]), d(5)));
    expect(await replay(stored, longer)).toEqual({ fits: true });
    expect(effects).toEqual([]);
  });

  test("behind patched() the old branch is taken by an old run", async () => {
    const stored = await lived(order);
    const guarded = codeWith(async () => {
      if (patched("replay.other")) await d(1);
      await a(1);
      await sleep("1d");
    });
    expect(await replay(stored, guarded)).toEqual({ fits: true });
  });

  const ended: readonly (readonly [what: string, code: Code, message: RegExp])[] = [
    ["waits for more", codeWith(async () => (await a(1), d(2))), /ends with workflow\.completed \(event 4\), but the code waits for step_replay\.d_1/],
    ["throws", codeWith(async () => (await a(1), Promise.reject(new RangeError("too much")))), /but the code throws RangeError: too much/],
    ["continues as new", codeWith(async () => (await a(1), continueAsNew(undefined))), /but the code continues as new/],
  ];
  test.each(ended)("of a run that has ended, the code must come to the same end: it %s", async (_what, code, message) => {
    const stored = await lived(codeWith(async () => a(1)));
    expect(await replay(stored, code)).toMatchObject({ fits: false, code: "NON_DETERMINISTIC", message: expect.stringMatching(message) });
  });

  test("code that does not wait any more ends before its history does", async () => {
    const stored = await lived(codeWith(async () => (await a(1), sleep("1d"))), { advance: "1d" });
    const hasty = codeWith(async () => {
      await a(1);
      void sleep("1d");
    });
    expect(await replay(stored, hasty)).toMatchObject({ fits: false, message: "after event 3 the code ends, but the history goes on" });
  });
});

test("a replay says of every beginning of a history what a worker does with it", async () => {
  const sequence = codeWith(async () => [await a(1), await Promise.all([b(2), c(3)]), await d(4)]);
  const codes = [
    sequence,
    codeWith(async () => [await a(1), await Promise.all([c(3), b(2)]), await d(4)]),
    codeWith(async () => [await a(1), await b(2), await c(3), await d(4)]),
    codeWith(async () => [await b(2), await a(1), await c(3), await d(4)]),
    codeWith(async () => [await Promise.all([a(1), b(2)]), await c(3), await d(4)]),
    codeWith(async () => [await a(1), await Promise.race([b(2), c(3)]), await d(5)]),
    codeWith(async () => [await a(1), patched("replay.later") ? await d(9) : 0, await Promise.all([b(2), c(3)])]),
    codeWith(async () => (await a(1), void b(2), void c(3))),
  ];
  const { history } = await lived(sequence);
  const verdicts = new Set<string>();
  for (const [number, code] of codes.entries()) {
    for (let length = 2; length < history.length; length++) {
      const { backend, runId } = await runInFlight(sequence, history.slice(1, length));
      const { fits } = await replay(await storedRun(backend, runId), code);
      expect(effects).toEqual([]);
      const { claim, executor } = await startProcess(backend, { workflows: [code], version: "v2" });
      const [departure] = await Promise.all((await claim()).map((run) => executor.execute(run)));
      expect({ number, length, fits }).toEqual({ number, length, fits: departure !== "parked" });
      verdicts.add(`${number} ${fits}`);
      effects.length = 0;
    }
  }
  // Most changes fit until the run has come so far.
  expect([...verdicts]).toEqual(["0 true", "1 true", "2 true", "2 false", "3 false", "4 true", "4 false", "5 true", "5 false", "6 true", "6 false", "7 true", "7 false"]);
});

/** A run whose worker was lost when its log had these events behind its start. */
async function runInFlight(code: Code, events: readonly RecordedEvent[]): Promise<{ readonly backend: Backend; readonly runId: RunId }> {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, code);
  const { claim, workerId } = await startProcess(backend, { workflows: [code] });
  const [claimed] = await claim();
  const [result] = await backend.commit([{ runId, fence: claimed?.epoch ?? 0, seen: 1, events }]);
  expect(result?.accepted).toBe(true);
  await backend.loseWorker({ workerId, now: 0, error: "killed", charge: "none" });
  return { backend, runId };
}

describe("a body that waits outside", () => {
  test("is found out by its next call", async () => {
    const stored = await lived(codeWith(async () => a(1)));
    const reading = codeWith(async () => (await readFile("package.json"), a(1)));
    expect(await replay({ ...stored, history: stored.history.slice(0, 1) }, reading)).toMatchObject({ fits: false, code: "NON_DURABLE_AWAIT", operationId: "step_replay.a_1", place: expect.stringMatching(here) });
  });

  test("does not hold up the replay when it never calls again", async () => {
    const stored = await lived(codeWith(async () => (await a(1), hook("replay.hook"))));
    const stuck = codeWith(async () => (await a(1), void hook("replay.hook"), new Promise(() => {})));
    expect(await replay(stored, stuck)).toEqual({ fits: true }); // a worker would suspend it
    const never = codeWith(async () => (await a(1), new Promise(() => {})));
    const { history } = stored;
    const short = { ...stored, history: history.slice(0, history.findIndex(({ type }) => type === "hook.created")) };
    expect(await replay(short, never)).toMatchObject({ fits: false, code: "NON_DURABLE_AWAIT", message: "after event 3 the body waits for something that is not in the log" });
  });
});

test("many replays at once do not run into each other", async () => {
  const stored = await lived(order, { advance: "1d", resume: true });
  const renamed = codeWith(async () => (await a(1), await sleep("1d"), d(2)));
  const codes = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? order : renamed));
  const findings = await Promise.all(codes.map((code) => replay(stored, code)));
  expect(findings.map(({ fits }) => fits)).toEqual(codes.map((code) => code === order));
});

describe("replayHistory", () => {
  test("throws what a worker would park the run for", async () => {
    const stored = await lived(order);
    await expect(replayHistory(order, stored)).resolves.toBeUndefined();
    await expect(replayHistory(codeWith(async () => d(1)), stored)).rejects.toMatchObject({ code: "NON_DETERMINISTIC", operationId: "step_replay.a_1", place: expect.stringMatching(here) });
    await expect(replayHistory(codeWith(async () => readFile("package.json")), stored)).rejects.toMatchObject({ code: "NON_DETERMINISTIC" });
  });

  test("refuses what is no history, or one of another workflow", async () => {
    const { run } = await lived(order);
    await expect(replayHistory(order, { run, history: [] })).rejects.toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("no events") });
    await expect(replayHistory(order, { run: {} })).rejects.toMatchObject({ code: "INVALID_DEFINITION" });
    await expect(replayHistory(child, await lived(order))).rejects.toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("replay.child") });
  });
});
