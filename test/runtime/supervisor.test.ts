import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { deferred } from "../../src/base/deferred.js";
import { encode } from "../../src/base/codec.js";
import { ModuleError } from "../../src/core/errors.js";
import { newRunId, newWorkerId, type RunId, type WorkerId } from "../../src/core/ids.js";
import type { ExecutorNote } from "../../src/engine/executor.js";
import type { LastWords, ProcessLocks } from "../../src/runtime/process-lock.js";
import type { Child, Exit, Loaded } from "../../src/runtime/supervisor/child.js";
import type { WorkerLook } from "../../src/runtime/supervisor/look.js";
import type { Begin } from "../../src/runtime/supervisor/messages.js";
import { startSupervisor } from "../../src/runtime/supervisor/supervisor.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { ManualClock, settle } from "../support/manual-clock.js";
import { declare, endRuns, enter, scheduleIn, ticksOf } from "./scheduler/support.js";

let clock: ManualClock;
let backend: Backend;
let children: FakeChild[];
let locks: FakeLocks;
let notes: ExecutorNote[];
let looks: WorkerLook[];
let declarations: Loaded["declarations"];
beforeEach(() => {
  clock = new ManualClock();
  backend = createMemoryBackend();
  children = [];
  locks = new FakeLocks();
  notes = [];
  looks = [];
  declarations = [];
});

const code = { workflows: ["w"], version: "v1" };
const loaded: Loaded = { ...code, declarations: [], sources: [] };

/** A worker process that does what the test says. */
class FakeChild implements Child {
  readonly pid = 1;
  readonly workerId: WorkerId;
  readonly company: Child["company"];
  readonly gotOn: () => void;
  readonly #begin: Begin;
  readonly #ready = deferred<Loaded>();
  readonly #exited = deferred<Exit>();
  stopped: number | undefined;
  killed = false;
  /** Whether it does as it is told. */
  obeys = true;

  constructor(begin: Begin, gotOn: () => void) {
    this.#begin = begin;
    this.workerId = begin.workerId;
    this.company = begin.company;
    this.gotOn = gotOn;
    this.#ready.promise.catch(() => undefined);
  }

  get ready(): Promise<Loaded> {
    return this.#ready.promise;
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Registers, beats, and says that it claims. */
  async begin(): Promise<void> {
    const { workerId, parentId, hostname, concurrency } = this.#begin;
    await backend.registerWorker({ workerId, parentId, role: "worker", hostname, pid: 1, concurrency, ...code, startedAt: clock.now() });
    const beat = () => {
      if (this.beats) void backend.beat(workerId, clock.now());
      clock.setTimer(beat, 1000);
    };
    beat();
    this.#ready.resolve({ ...loaded, declarations });
    await settle();
  }

  beats = true;

  async claim(): Promise<readonly RunId[]> {
    const result = await backend.claim({ workerId: this.workerId, ...code, company: this.company, limit: 10, now: clock.now() });
    return result.worker === "alive" ? result.claimed.map(({ runId }) => runId) : [];
  }

  fail(error: Error): void {
    this.#ready.reject(error);
    this.exit({ code: 1, signal: null });
  }

  exit(exit: Exit): void {
    this.beats = false;
    this.#ready.reject(new Error("it ended"));
    this.#exited.resolve(exit);
  }

  stop(graceMs: number): void {
    this.stopped = graceMs;
    if (this.obeys) this.exit({ code: 0, signal: null });
  }

  kill(): void {
    this.killed = true;
    this.exit({ code: null, signal: "SIGKILL" });
  }
}

class FakeLocks implements ProcessLocks {
  readonly free = new Set<WorkerId>();
  readonly words = new Map<WorkerId, LastWords>();

  hold() {
    return { release: () => undefined };
  }

  isFree(workerId: WorkerId): boolean {
    return this.free.has(workerId);
  }

  writeLastWords(workerId: WorkerId, words: LastWords): void {
    this.words.set(workerId, words);
  }

  lastWords(workerId: WorkerId): LastWords | undefined {
    return this.words.get(workerId);
  }

  forget(workerId: WorkerId): void {
    this.words.delete(workerId);
    this.free.delete(workerId);
  }
}

function supervise(settings: { processes?: number; cores?: number; drain?: boolean; scheduler?: boolean } = {}) {
  return startSupervisor({
    backend,
    clock,
    locks,
    launch: async (begin, listener) => {
      const launched = new FakeChild(begin, () => listener.onOutcome());
      children.push(launched);
      return launched;
    },
    newWorkerId: () => newWorkerId(clock.now(), randomBytes),
    random: randomBytes,
    retention: {},
    settings: { processes: 2, cores: 4, pid: 1, leaseMs: 15_000, shutdownTimeoutMs: 30_000, drain: false, scheduler: true, ...settings },
    begin: { concurrency: 10, hostname: "here", log: { level: "info", format: "pretty" }, tellsMemory: false, config: undefined },
    onNote: (note) => void notes.push(note),
    onLook: (look) => void looks.push(look),
  });
}

/** A supervisor whose processes are all at work. */
async function superviseReady(settings: Parameters<typeof supervise>[0] = {}) {
  const supervisor = supervise(settings);
  await settle();
  for (const each of children) await each.begin();
  await supervisor.ready;
  await settle();
  return supervisor;
}

function child(index: number): FakeChild {
  const found = children[index];
  if (found === undefined) throw new Error(`there is no process ${index}`);
  return found;
}

const killed: Exit = { code: null, signal: "SIGKILL" };

async function startRun(): Promise<RunId> {
  const settings = { workflowName: "w", durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 10, nestingDepth: 0 };
  return (await backend.createRun({ runId: newRunId(clock.now(), randomBytes), input: encode(null), createdAt: clock.now(), ...settings })).runId;
}

async function attemptsOf(runId: RunId): Promise<number | undefined> {
  return (await backend.getRun(runId))?.recoveryAttempts;
}

async function aliveWorkers() {
  return (await backend.listWorkers()).filter(({ status }) => status !== "dead");
}

describe("starting", () => {
  test("it is ready with the first process, and enters itself with what that has loaded", async () => {
    const supervisor = supervise();
    await settle();
    expect(children.map(({ company }) => company)).toEqual(["crowd", "crowd"]);
    expect(await aliveWorkers()).toEqual([]);
    await child(1).begin();
    expect(await supervisor.ready).toEqual(loaded);
    expect((await aliveWorkers()).find(({ role }) => role === "supervisor")).toMatchObject(code);
  });

  test("where no process can begin, it ends with the reason and has entered nothing", async () => {
    const supervisor = supervise();
    await settle();
    const error = new ModuleError("does not parse", { place: "a.ts:1:1", hint: "" });
    for (const each of children) each.fail(error);
    await expect(supervisor.ready).rejects.toBe(error);
    await supervisor.ended;
    expect(await aliveWorkers()).toEqual([]);
    expect(children).toHaveLength(2);
  });
});

describe("a process dies", () => {
  test("its run is interrupted and charged at once, and it is replaced at once", async () => {
    await superviseReady();
    const runId = await startRun();
    expect(await child(0).claim()).toEqual([runId]);
    child(0).exit(killed);
    await settle();
    expect(await backend.getRun(runId)).toMatchObject({ status: "interrupted", recoveryAttempts: 1 });
    expect(children).toHaveLength(3);
  });

  test("only the run that it named is charged", async () => {
    await superviseReady();
    const [guilty, other] = [await startRun(), await startRun()];
    await child(0).claim();
    locks.writeLastWords(child(0).workerId, { runId: guilty, error: "process.exit(1)" });
    child(0).exit({ code: 0, signal: null });
    await settle();
    expect([await attemptsOf(guilty), await attemptsOf(other)]).toEqual([1, 0]);
  });

  test("one that handed over and left is replaced, and counts for nothing", async () => {
    await superviseReady();
    for (let n = 0; n < 8; n++) {
      child(children.length - 1).exit({ code: 0, signal: null });
      await settle();
    }
    expect(children).toHaveLength(10);
    expect(notes.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("five times in a row without a new outcome it is a crash loop: reported, and charged to nobody", async () => {
    await superviseReady({ processes: 1 });
    const runId = await startRun();
    const charges: (number | undefined)[] = [];
    for (let death = 0; death < 7; death++) {
      const each = child(children.length - 1);
      await each.claim();
      each.exit(killed);
      await settle();
      charges.push(await attemptsOf(runId));
      // Claims for the crowd end after two losses; the test takes the lonely run by hand.
      for (let waited = 0; waited < 100 && child(children.length - 1) === each; waited++) await clock.pass(250);
      const next = child(children.length - 1);
      await next.begin();
      Object.assign(next, { company: "any" });
    }
    expect(charges).toEqual([1, 2, 3, 4, 4, 4, 4]);
    expect(notes.filter(({ message }) => message.startsWith("crash loop"))).toHaveLength(3);
  });

  test("a new outcome anywhere begins the count anew", async () => {
    await superviseReady();
    for (let death = 0; death < 12; death++) {
      child(children.length - 1).exit(killed);
      await settle();
      await child(children.length - 1).begin();
      child(0).gotOn();
    }
    expect(children).toHaveLength(14);
    expect(notes.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("runs that must be alone", () => {
  async function startLostRun(): Promise<void> {
    const runId = await startRun();
    for (let loss = 0; loss < 2; loss++) {
      const workerId = newWorkerId(clock.now(), randomBytes);
      await backend.registerWorker({ workerId, role: "worker", hostname: "here", pid: 2, concurrency: 1, ...code, startedAt: clock.now() });
      await backend.claim({ workerId, ...code, company: "any", runId, limit: 1, now: clock.now() });
      await backend.loseWorker({ workerId, now: clock.now(), error: "lost", charge: "all" });
    }
  }

  function lonely(): readonly FakeChild[] {
    return children.filter(({ company }) => company === "alone");
  }

  test("get processes of their own, as many as there are idle cores, and no more than there are such runs", async () => {
    await superviseReady({ processes: 2, cores: 4 });
    await startRun();
    await child(0).claim();
    for (let n = 0; n < 5; n++) await startLostRun();
    await clock.pass(250);
    // One of four cores is busy.
    expect(lonely()).toHaveLength(3);
    await clock.pass(2000);
    expect(lonely()).toHaveLength(3);
  });

  test("one such run gets one process", async () => {
    await superviseReady({ processes: 1, cores: 4 });
    await startLostRun();
    await clock.pass(2000);
    expect(lonely()).toHaveLength(1);
  });

  test("none are started where there are none", async () => {
    await superviseReady();
    await startRun();
    await clock.pass(2000);
    expect(lonely()).toEqual([]);
  });
});

describe("watching", () => {
  async function foreignWorker(): Promise<{ workerId: WorkerId; runId: RunId }> {
    const workerId = newWorkerId(clock.now(), randomBytes);
    await backend.registerWorker({ workerId, role: "worker", hostname: "elsewhere", pid: 2, concurrency: 1, ...code, startedAt: clock.now() });
    const runId = await startRun();
    await backend.claim({ workerId, ...code, company: "any", runId, limit: 1, now: clock.now() });
    return { workerId, runId };
  }

  test("a process of its own that stands still is lost first, then killed, and replaced", async () => {
    await superviseReady();
    const runId = await startRun();
    await child(0).claim();
    child(0).beats = false;
    await clock.pass(14_000);
    expect(child(0).killed).toBe(false);
    await clock.pass(3000);
    expect(child(0).killed).toBe(true);
    expect(await backend.getRun(runId)).toMatchObject({ status: "interrupted", recoveryAttempts: 1 });
    expect(children).toHaveLength(3);
  });

  test("a foreign worker whose heartbeat stands still is lost after a lease", async () => {
    await superviseReady();
    const { runId } = await foreignWorker();
    await clock.pass(14_000);
    expect(await backend.getRun(runId)).toMatchObject({ status: "running" });
    await clock.pass(2000);
    expect(await backend.getRun(runId)).toMatchObject({ status: "interrupted" });
  });

  test("an observer that was stopped itself is patient again", async () => {
    await superviseReady();
    const { runId } = await foreignWorker();
    await clock.pass(10_000);
    clock.stand(60_000);
    await clock.pass(10_000);
    expect(await backend.getRun(runId)).toMatchObject({ status: "running" });
    await clock.pass(6000);
    expect(await backend.getRun(runId)).toMatchObject({ status: "interrupted" });
  });

  test("a foreign worker whose lock is free is lost within two looks, and what it said of its end counts", async () => {
    await superviseReady();
    const { workerId, runId } = await foreignWorker();
    locks.free.add(workerId);
    locks.writeLastWords(workerId, { error: "process.exit(1)" });
    await clock.pass(500);
    expect((await backend.readHistory(runId, 0)).at(-1)).toMatchObject({ type: "workflow.interrupted", error: "process.exit(1)" });
  });

  test("a store that fails for a while is asked again", async () => {
    await superviseReady();
    const { runId, workerId } = await foreignWorker();
    const listWorkers = backend.listWorkers.bind(backend);
    backend.listWorkers = () => Promise.reject(new RangeError("away"));
    await clock.pass(1000);
    backend.listWorkers = listWorkers;
    locks.free.add(workerId);
    await clock.pass(500);
    expect(await backend.getRun(runId)).toMatchObject({ status: "interrupted" });
  });
});

describe("what a live view is told", () => {
  test("processes in their slots, what executes, what ended and at what rate, and what was recovered", async () => {
    await superviseReady();
    const [first, second] = [await startRun(), await startRun()];
    await child(0).claim();
    await clock.pass(250);
    expect(looks.at(-1)).toMatchObject({ activeRuns: 2, processed: 0, endedPerSecond: 0, recovered: [], recoveries: 0 });
    expect(looks.at(-1)?.processes).toMatchObject([{ slot: 1, restarts: 0, status: "online", activeRuns: 2 }, { slot: 2, restarts: 0, status: "online", activeRuns: 0 }]);
    expect(looks.at(-1)?.running.map(({ runId }) => runId).toSorted()).toEqual([first, second].toSorted());

    child(0).exit(killed);
    await settle();
    await child(2).begin();
    await child(1).claim();
    await backend.updateWorker(child(1).workerId, { processed: 40 });
    await clock.pass(1000);
    expect(looks.at(-1)).toMatchObject({ activeRuns: 2, processed: 40, recoveries: 2 });
    expect(looks.at(-1)?.endedPerSecond).toBeGreaterThan(0);
    expect(looks.at(-1)?.processes).toMatchObject([{ workerId: child(2).workerId, slot: 1, restarts: 1 }, { slot: 2, restarts: 0, processed: 40 }]);
    expect(looks.at(-1)?.recovered).toMatchObject([{ workflowName: "w", status: "running" }, { workflowName: "w", status: "running" }]);
  });
});

describe("the end", () => {
  test("asked to stop, it tells its processes, waits for them, and leaves", async () => {
    const supervisor = await superviseReady();
    supervisor.stop();
    await supervisor.ended;
    expect(children.map(({ stopped }) => stopped)).toEqual([30_000, 30_000]);
    expect((await aliveWorkers()).filter(({ role }) => role === "supervisor")).toEqual([]);
    expect(children).toHaveLength(2);
  });

  test("a process that does not end in time is killed, and its runs are charged nothing", async () => {
    const supervisor = await superviseReady({ processes: 1 });
    const runId = await startRun();
    await child(0).claim();
    child(0).obeys = false;
    supervisor.stop();
    await clock.pass(39_000);
    expect(child(0).killed).toBe(false);
    await clock.pass(2000);
    expect(child(0).killed).toBe(true);
    await supervisor.ended;
    expect(await backend.getRun(runId)).toMatchObject({ status: "interrupted", recoveryAttempts: 0 });
  });

  test("asked through the store, it stops as well", async () => {
    const supervisor = await superviseReady();
    const own = (await aliveWorkers()).find(({ role }) => role === "supervisor");
    await backend.updateWorker(own?.workerId ?? child(0).workerId, { stopRequested: true });
    await clock.pass(500);
    await supervisor.ended;
    expect(await aliveWorkers()).toEqual([]);
  });

  test("draining, it ends when nothing is due and nothing runs, not before", async () => {
    const runId = await startRun();
    const supervisor = await superviseReady({ processes: 1, drain: true });
    await clock.pass(1000);
    expect(child(0).stopped).toBeUndefined();
    await child(0).claim();
    await clock.pass(1000);
    expect(child(0).stopped).toBeUndefined();
    const run = await backend.getRun(runId);
    await backend.commit([{ runId, fence: run?.epoch ?? 0, seen: 1, events: [{ type: "workflow.completed", at: 0, value: encode(null) }] }]);
    await clock.pass(1000);
    await supervisor.ended;
  });
});

describe("schedules", () => {
  const everyMinute = declare("w", { cron: "* * * * *", overlapPolicy: "buffer_all" });

  test("what the processes declare is stored and fires, until it is stopped", async () => {
    clock.jump(10);
    declarations = [everyMinute];
    const supervisor = await superviseReady();
    await clock.pass(60_000);
    expect(await ticksOf(backend, "auto_w")).toMatchObject([{ decision: "fired" }]);
    supervisor.stop();
    await clock.pass(1000);
    await supervisor.ended;
    await clock.pass(120_000);
    expect(await ticksOf(backend, "auto_w")).toHaveLength(1);
  });

  test("without a scheduler it is stored, and nothing fires", async () => {
    clock.jump(10);
    declarations = [everyMinute];
    await superviseReady({ scheduler: false });
    await clock.pass(120_000);
    expect((await scheduleIn(backend, "auto_w")).status).toBe("active");
    expect(await ticksOf(backend, "auto_w")).toEqual([]);
  });

  test("draining, it does what is due by a schedule, what that buffered too, and ends with the last run", async () => {
    await enter(backend, clock, { id: "mine", interval: "1h", overlapPolicy: "buffer_all", catchup: "all" });
    clock.jump(2 * 3_600_000);
    const supervisor = await superviseReady({ processes: 1, drain: true });
    for (let runs = 0; runs < 3; runs++) {
      await clock.pass(1000);
      expect(child(0).stopped).toBeUndefined();
      expect(await endRuns(backend, clock.now())).toBe(1);
    }
    await clock.pass(1000);
    await supervisor.ended;
    expect(await scheduleIn(backend, "mine")).toMatchObject({ totalRuns: 3, successfulRuns: 3, bufferedCount: 0 });
  });

  test("draining without a scheduler, it leaves to others what is due by a schedule", async () => {
    await enter(backend, clock, { id: "mine", interval: "1h" });
    const supervisor = await superviseReady({ processes: 1, drain: true, scheduler: false });
    await clock.pass(1000);
    await supervisor.ended;
    expect(await ticksOf(backend, "mine")).toEqual([]);
  });

  test("stopped before a process was ready, it schedules nothing", async () => {
    await enter(backend, clock, { id: "mine", interval: "1h" });
    const supervisor = supervise();
    supervisor.stop();
    await settle();
    for (const each of children) await each.begin();
    await clock.pass(20_000);
    expect(await ticksOf(backend, "mine")).toEqual([]);
  });
});
