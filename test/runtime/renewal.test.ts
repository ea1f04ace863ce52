import { randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { deferred } from "../../src/base/deferred.js";
import { ModuleError } from "../../src/core/errors.js";
import { newWorkerId, type WorkerId } from "../../src/core/ids.js";
import type { ExecutorNote } from "../../src/engine/executor.js";
import type { Child, ChildListener, Exit, Loaded } from "../../src/runtime/supervisor/child.js";
import type { Begin } from "../../src/runtime/supervisor/messages.js";
import type { SupervisorParts } from "../../src/runtime/supervisor/parts.js";
import { Renewal } from "../../src/runtime/supervisor/renewal.js";
import { Roster } from "../../src/runtime/supervisor/roster.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { ManualClock, settle } from "../support/manual-clock.js";

const limit = 100 * 1024 ** 2;
const loaded: Loaded = { workflows: ["w"], version: "v1", declarations: [], sources: [] };

let clock: ManualClock;
let notes: ExecutorNote[];
let processes: Process[];
let roster: Roster;
let renewal: Renewal;
let changes: string[];
let taken: Loaded[];
beforeEach(() => {
  clock = new ManualClock();
  [notes, processes, changes, taken] = [[], [], [], []];
});

class Process implements Child {
  readonly pid: number;
  readonly workerId: WorkerId;
  readonly company: Child["company"];
  readonly readiness = deferred<Loaded>();
  readonly end = deferred<Exit>();
  readonly listener: ChildListener;
  stopped = false;
  killed = false;

  constructor({ workerId, company }: Begin, listener: ChildListener) {
    this.pid = processes.length + 1;
    this.workerId = workerId;
    this.company = company;
    this.listener = listener;
    this.ready.catch(() => undefined);
  }

  get ready(): Promise<Loaded> {
    return this.readiness.promise;
  }

  get exited(): Promise<Exit> {
    return this.end.promise;
  }

  stop(): void {
    this.stopped = true;
  }

  kill(): void {
    this.killed = true;
    this.end.resolve({ code: null, signal: "SIGKILL" });
  }

  /** Claims, after it has told what it takes without a run. */
  async begins(bytes = 1): Promise<void> {
    this.listener.onMemory(bytes);
    this.readiness.resolve(loaded);
    await settle();
  }
}

async function startTwo(): Promise<void> {
  const parts: SupervisorParts = {
    backend: createMemoryBackend(),
    clock,
    locks: { hold: () => ({ release: () => undefined }), isFree: () => false, writeLastWords: () => undefined, lastWords: () => undefined, forget: () => undefined },
    launch: async (begin, listener) => {
      const launched = new Process(begin, listener);
      processes.push(launched);
      return launched;
    },
    newWorkerId: () => newWorkerId(clock.now(), randomBytes),
    random: randomBytes,
    retention: {},
    settings: { processes: 2, cores: 2, pid: 1, leaseMs: 15_000, shutdownTimeoutMs: 30_000, drain: false, scheduler: false, maxMemoryBytes: limit },
    begin: { concurrency: 1, hostname: "here", log: { level: "info", format: "pretty" }, tellsMemory: true, config: undefined },
    codeWatch: { changed: async () => changes.splice(0) },
    onNote: (note) => void notes.push(note),
  };
  roster = new Roster(parts, { onOutcome: () => undefined, onExit: async () => undefined, onGone: () => undefined });
  const parent = newWorkerId(clock.now(), randomBytes);
  const means = { start: (before?: Parameters<Roster["retire"]>[0]) => roster.start("crowd", parent, before), isAtWork: () => true, onCodeChanged: () => undefined };
  renewal = new Renewal(parts, roster, { ...means, onNewCode: async (code) => void taken.push(code) });
  for (let n = 0; n < 2; n++) await means.start();
}

function process(index: number): Process {
  const found = processes[index];
  if (!found) throw new Error(`there is no process ${index}`);
  return found;
}

async function look(): Promise<void> {
  await renewal.look(loaded);
  await settle();
}

const told = () => notes.map(({ message }) => message);

test("a process that has grown makes room when the fresh one claims, not before; the slot is counted once", async () => {
  await startTwo();
  for (const each of processes) await each.begins();
  process(0).listener.onMemory(limit + 1);
  await look();
  expect([processes.length, process(0).stopped, roster.count("crowd")]).toEqual([3, false, 2]);
  await process(2).begins();
  expect([process(0).stopped, roster.count("crowd")]).toEqual([true, 2]);
  expect(told()).toEqual(["worker process 1 uses 100 MB, more than 100 MB: a fresh one takes its place"]);
  expect(roster.members.map(({ slot, restarts, leaving }) => [slot, restarts, leaving])).toEqual([[1, 0, "asked"], [2, 0, undefined], [1, 1, undefined]]);
});

test("one that does not make room in time is killed, and found to be overdue", async () => {
  await startTwo();
  for (const each of processes) await each.begins();
  const [member] = roster.members;
  if (!member) throw new Error("nobody is there");
  roster.retire(member);
  await clock.pass(39_000);
  expect(process(0).killed).toBe(false);
  await clock.pass(2000);
  expect([process(0).killed, member.leaving]).toEqual([true, "overdue"]);
});

test("where a fresh process is past the limit already, that is said once and none is replaced", async () => {
  await startTwo();
  for (const each of processes) await each.begins(limit * 2);
  for (let n = 0; n < 3; n++) await look();
  expect(processes).toHaveLength(2);
  expect(told()).toEqual(["a worker process uses 200 MB before its first run, more than 100 MB: none is replaced for that; allow more"]);
});

test("as long as no run gets on, each fresh one is left more time than the one before", async () => {
  await startTwo();
  for (const each of processes) await each.begins();
  const lives: number[] = [];
  for (let n = 0; n < 4; n++) {
    const newest = process(processes.length - 1);
    newest.listener.onMemory(limit + 1);
    const [count, bornAt] = [processes.length, clock.monotonic()];
    for (let looks = 0; looks < 100 && processes.length === count; looks++) {
      await look();
      if (processes.length === count) await clock.pass(250);
    }
    lives.push(clock.monotonic() - bornAt);
    await process(count).begins();
  }
  expect(lives).toEqual([0, 2000, 4000, 8000]);
  renewal.gotOn();
  process(processes.length - 1).listener.onMemory(limit + 1);
  await look();
  expect(processes).toHaveLength(7);
});

test("new code: one process after the other, and what the first has loaded is taken up", async () => {
  await startTwo();
  for (const each of processes) await each.begins();
  changes = ["orders.ts"];
  await look();
  expect([processes.length, process(0).stopped, process(1).stopped]).toEqual([3, false, false]);
  await process(2).begins();
  expect([processes.length, process(0).stopped, process(1).stopped, taken.length]).toEqual([4, true, false, 1]);
  await process(3).begins();
  expect([process(1).stopped, taken.length]).toEqual([true, 1]);
  expect(told()).toEqual(["orders.ts changed: loading the new code", "2 worker processes run the new code"]);
});

test("code that can't run leaves the old at work, says why, and is tried again with the next change", async () => {
  await startTwo();
  for (const each of processes) await each.begins();
  changes = ["orders.ts"];
  await look();
  const error = new ModuleError("does not parse", { place: "orders.ts:3:1", hint: "" });
  process(2).readiness.reject(error);
  process(2).end.resolve({ code: 1, signal: null });
  await settle();
  expect([processes.length, process(0).stopped, taken.length, roster.count("crowd")]).toEqual([3, false, 0, 2]);
  expect(notes.at(-1)).toMatchObject({ level: "error", fields: { error } });
  await look();
  expect(processes).toHaveLength(3);
  changes = ["orders.ts"];
  await look();
  await process(3).begins();
  expect(process(0).stopped).toBe(true);
});

test("a change while new code is taken up is taken up after it", async () => {
  await startTwo();
  for (const each of processes) await each.begins();
  changes = ["a.ts"];
  await look();
  changes = ["b.ts"];
  await look();
  expect(processes).toHaveLength(3);
  await process(2).begins();
  await process(3).begins();
  await look();
  expect(processes).toHaveLength(5);
});
