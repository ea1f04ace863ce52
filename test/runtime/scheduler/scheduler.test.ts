import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StorageError } from "../../../src/core/errors.js";
import type { ExecutorNote } from "../../../src/engine/executor.js";
import { startScheduler, type Scheduler, type SchedulerParts } from "../../../src/runtime/scheduler/scheduler.js";
import type { Backend } from "../../../src/storage/backend.js";
import { createMemoryBackend } from "../../../src/storage/memory/memory-backend.js";
import { ManualClock, settle } from "../../support/manual-clock.js";
import { endRuns, enter, scheduleIn, ticksOf } from "./support.js";

let clock: ManualClock;
let store: Backend;
let looks: number;
let refusal: Error | undefined;
let notes: ExecutorNote[];
let running: Scheduler[];
beforeEach(() => {
  clock = new ManualClock();
  clock.jump(10); // a full minute would be due at once
  store = createMemoryBackend();
  looks = 0;
  refusal = undefined;
  notes = [];
  running = [];
});
afterEach(async () => {
  for (const scheduler of running) await scheduler.stop();
});

/** The store, with a count of the looks, and a way to refuse them. */
function watched(): Backend {
  return {
    ...store,
    dueSchedules: async (now, limit) => {
      looks++;
      if (refusal !== undefined) throw refusal;
      return store.dueSchedules(now, limit);
    },
  };
}

async function start(more: Partial<SchedulerParts> = {}): Promise<Scheduler> {
  const scheduler = startScheduler({ backend: watched(), clock, random: randomBytes, onNote: (note) => void notes.push(note), ...more });
  running.push(scheduler);
  await settle();
  return scheduler;
}

/** Looks since the last time that it was asked. */
function newLooks(): number {
  const count = looks;
  looks = 0;
  return count;
}

function said(level: ExecutorNote["level"]): readonly string[] {
  return notes.filter((note) => note.level === level).map(({ message }) => message);
}

const minuteMs = 60_000;

describe("when it looks", () => {
  test("it sleeps until a schedule is due, and asks the store nothing in between", async () => {
    await enter(store, clock, { id: "hourly", cron: "0 * * * *" });
    await start({ pollMs: 24 * 60 * minuteMs });
    await clock.pass(minuteMs); // the bell of the creation is heard
    newLooks();
    await clock.pass(58 * minuteMs);
    expect(newLooks()).toBe(0);
    expect(await ticksOf(store, "hourly")).toEqual([]);
    await clock.pass(minuteMs);
    const due = clock.now() - 10;
    expect(await ticksOf(store, "hourly")).toMatchObject([{ due, decision: "fired" }]);
    expect(await store.listRuns({ limit: 10 })).toMatchObject([{ workflowName: "w", status: "pending", scheduledTime: due, schedule: { scheduleId: "hourly", kind: "schedule" } }]);
  });

  test("the decision is made at the due time, not at the next whole second of the sleep", async () => {
    await clock.pass(300);
    await enter(store, clock, { id: "soon", cron: "* * * * *" });
    await start();
    await clock.pass(minuteMs);
    const [tick] = await ticksOf(store, "soon");
    expect(tick?.decidedAt).toBe(tick?.due);
  });

  test("the store is asked every now and then in case that a bell was not heard", async () => {
    await start({ pollMs: 7000 });
    newLooks();
    await clock.pass(70_000);
    expect(newLooks()).toBe(10);
  });

  test("the bell wakes it: a schedule that is entered meanwhile is not late", async () => {
    await start({ pollMs: 60 * minuteMs });
    await clock.pass(10_000);
    newLooks();
    await enter(store, clock, { id: "new", interval: "1h" });
    await settle();
    expect(newLooks()).toBeGreaterThan(0);
    expect(await ticksOf(store, "new")).toMatchObject([{ decision: "fired", due: clock.now() }]);
  });

  test("a store that rings all the time is looked at twenty times a second, no more", async () => {
    const listeners: (() => void)[] = [];
    const backend: Backend = { ...watched(), onWake: (listener) => (listeners.push(listener), () => undefined) };
    await start({ backend });
    newLooks();
    for (let ms = 0; ms < 1000; ms += 5) {
      for (const ring of listeners) ring();
      await clock.pass(5);
    }
    const count = newLooks();
    expect(count).toBeLessThanOrEqual(20);
    expect(count).toBeGreaterThanOrEqual(18);
  });

  test("a bell that rings during a look is not lost", async () => {
    const listeners: (() => void)[] = [];
    const backend: Backend = {
      ...watched(),
      onWake: (listener) => (listeners.push(listener), () => undefined),
      async dueSchedules(now, limit) {
        const found = await watched().dueSchedules(now, limit);
        if (looks === 1) await enter(store, clock, { id: "between", interval: "1h" });
        if (looks === 1) for (const ring of listeners) ring();
        return found;
      },
    };
    await start({ backend, pollMs: 60 * minuteMs });
    await clock.pass(100);
    expect(await ticksOf(store, "between")).toHaveLength(1);
  });

  test("stopped, it looks no more", async () => {
    const scheduler = await start();
    await scheduler.stop();
    newLooks();
    await enter(store, clock, { id: "late", interval: "1s" });
    await clock.pass(20_000);
    expect(newLooks()).toBe(0);
    expect(await ticksOf(store, "late")).toEqual([]);
  });
});

describe("a clock that jumps", () => {
  test("ahead: it is said, and what has become due is decided at once", async () => {
    await enter(store, clock, { id: "hourly", cron: "0 * * * *" });
    await start({ pollMs: 24 * 60 * minuteMs });
    await clock.pass(100);
    clock.jump(62 * minuteMs);
    await clock.pass(1000);
    expect(said("warn")).toEqual(["the clock jumped 1h 02m ahead"]);
    expect(await ticksOf(store, "hourly")).toMatchObject([{ decision: "caught_up" }]);
  });

  test("back: it is said, no due time is decided twice, and the next one is not forgotten", async () => {
    await enter(store, clock, { id: "minutely", cron: "* * * * *", overlapPolicy: "allow_all" });
    await start({ pollMs: 24 * 60 * minuteMs });
    await clock.pass(3 * minuteMs);
    expect(await ticksOf(store, "minutely")).toHaveLength(3);
    clock.jump(-2 * minuteMs);
    newLooks();
    await clock.pass(1000);
    expect(newLooks()).toBe(1);
    expect(said("warn")).toEqual(["the clock jumped 2m 00s back"]);
    await clock.pass(2 * minuteMs - 2000);
    expect(await ticksOf(store, "minutely")).toHaveLength(3);
    await clock.pass(minuteMs + 1000);
    const dues = (await ticksOf(store, "minutely")).map(({ due }) => due);
    expect(dues).toHaveLength(4);
    expect(new Set(dues).size).toBe(4);
  });

  test("clocks that drift apart are no jump, and neither is a process that was stopped", async () => {
    await start();
    for (let seconds = 0; seconds < 60; seconds++) {
      clock.jump(20);
      await clock.pass(1000);
    }
    clock.stand(10 * minuteMs);
    await clock.pass(1000);
    expect(said("warn")).toEqual([]);
  });
});

describe("a store that refuses", () => {
  const trouble = new StorageError("the disk is full", { kind: "full", outcome: "rolled_back", hint: "" });

  test("is told once, asked again every second, and what became due is decided when it answers", async () => {
    await enter(store, clock, { id: "secondly", cron: "* * * * * *", overlapPolicy: "allow_all" });
    await start();
    await clock.pass(500);
    refusal = trouble;
    newLooks();
    await clock.pass(5000);
    expect(newLooks()).toBe(5);
    expect(said("warn")).toEqual(["the store can't be asked for due schedules; trying again"]);
    refusal = undefined;
    await clock.pass(1000);
    expect(said("info")).toEqual(["the store can be asked for due schedules again"]);
    const dues = (await ticksOf(store, "secondly")).map(({ due }) => due);
    expect(dues).toHaveLength(6);
    expect((await ticksOf(store, "secondly")).every(({ decision }) => decision === "fired")).toBe(true);
  });

  test("a second trouble is told again", async () => {
    await start();
    for (let times = 0; times < 2; times++) {
      refusal = trouble;
      await clock.pass(10_000);
      refusal = undefined;
      await clock.pass(10_000);
    }
    expect(said("warn")).toHaveLength(2);
  });

  test("bells do not make it ask more often", async () => {
    const listeners: (() => void)[] = [];
    await start({ backend: { ...watched(), onWake: (listener) => (listeners.push(listener), () => undefined) } });
    refusal = trouble;
    await clock.pass(6000);
    newLooks();
    for (let ms = 0; ms < 2000; ms += 20) {
      for (const ring of listeners) ring();
      await clock.pass(20);
    }
    expect(newLooks()).toBe(2);
  });
});

test("a buffered tick starts as soon as the run before it ends: the end wakes the scheduler", async () => {
  await enter(store, clock, { id: "buffering", cron: "* * * * *", overlapPolicy: "buffer_all" });
  await start({ pollMs: 60 * minuteMs });
  await clock.pass(3 * minuteMs);
  expect((await ticksOf(store, "buffering")).map(({ decision }) => decision)).toEqual(["fired", "buffered", "buffered"]);
  expect(await endRuns(store, clock.now())).toBe(1);
  await clock.pass(100);
  expect((await ticksOf(store, "buffering")).map(({ decision }) => decision)).toEqual(["fired", "fired", "buffered"]);
  expect(await scheduleIn(store, "buffering")).toMatchObject({ totalRuns: 2, successfulRuns: 1, bufferedCount: 1 });
});

test("two on one store: each due time is decided once, whoever comes first", async () => {
  for (const id of ["a", "b", "c"]) await enter(store, clock, { id, cron: "* * * * * *", overlapPolicy: "allow_all" });
  await start();
  await start();
  await clock.pass(60_500);
  for (const id of ["a", "b", "c"]) {
    const ticks = await ticksOf(store, id);
    expect(new Set(ticks.map(({ due }) => due)).size).toBe(60);
    expect(ticks).toHaveLength(60);
    expect(new Set(ticks.map(({ runId }) => runId)).size).toBe(60);
  }
  expect(await store.listRuns({ limit: 1000 })).toHaveLength(180);
});

test("ticks are noted at the level that is asked for, and those that came late are summed up", async () => {
  await enter(store, clock, { id: "hourly", cron: "0 * * * *" });
  clock.jump(3 * 60 * minuteMs + minuteMs);
  await start({ ticksAt: "info" });
  const [missed, alsoMissed, caughtUp, sum] = said("info");
  expect([missed, alsoMissed].every((message) => message?.startsWith("hourly missed: "))).toBe(true);
  expect(caughtUp).toMatch(/^hourly caught_up: /);
  expect(sum).toBe("hourly: no scheduler looked at 3 of its due times; 1 caught up, 2 missed");
});
