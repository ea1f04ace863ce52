import { randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { StorageError } from "../../../src/core/errors.js";
import { BugError } from "../../../src/base/unreachable.js";
import { stateOf } from "../../../src/core/schedule/state.js";
import type { ExecutorNote } from "../../../src/engine/executor.js";
import { startScheduler } from "../../../src/runtime/scheduler/scheduler.js";
import { Ticker, tickOnce, type TickParts } from "../../../src/runtime/scheduler/tick.js";
import type { Backend, ScheduleCommit } from "../../../src/storage/backend.js";
import { createMemoryBackend } from "../../../src/storage/memory/memory-backend.js";
import { ManualClock, settle } from "../../support/manual-clock.js";
import { change, enter, idOf, scheduleIn, ticksOf } from "./support.js";

let clock: ManualClock;
let store: Backend;
let notes: ExecutorNote[];
beforeEach(() => {
  clock = new ManualClock();
  store = createMemoryBackend();
  notes = [];
});

function parts(backend: TickParts["backend"] = store): TickParts {
  return { backend, clock, random: randomBytes, onNote: (note) => void notes.push(note) };
}

/** The store, whose commits go through the test's hands. */
function through(commit: (batch: readonly ScheduleCommit[]) => ReturnType<Backend["commitSchedules"]>): Backend {
  return { ...store, commitSchedules: commit };
}

async function enterMany(count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, n) => `s${n}`);
  for (const id of ids) await enter(store, clock, { id, interval: "1h" });
  return ids;
}

test("300 that are due at once are all decided, in transactions of a hundred", async () => {
  const ids = await enterMany(300);
  const batches: number[] = [];
  const decided = await tickOnce(parts(through((batch) => (batches.push(batch.length), store.commitSchedules(batch)))));
  expect(batches).toEqual([100, 100, 100]);
  expect(new Set(decided.map(({ scheduleId }) => scheduleId))).toEqual(new Set(ids));
  expect(decided).toHaveLength(300);
  expect(decided.every(({ tick }) => tick.decision === "fired")).toBe(true);
  expect(await store.listRuns({ limit: 1000 })).toHaveLength(300);
});

test("between two batches the process does other things", async () => {
  await enterMany(300);
  const order: string[] = [];
  const ticking = tickOnce(parts(through((batch) => (order.push("batch"), store.commitSchedules(batch)))));
  const others = async () => {
    for (let turns = 0; turns < 2; turns++) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      order.push("other");
    }
  };
  await Promise.all([ticking, others()]);
  expect(order).toEqual(["batch", "other", "batch", "other", "batch"]);
});

test("it works until nothing is due: a downtime of 250 due times takes three transactions", async () => {
  await enter(store, clock, { id: "minutely", cron: "* * * * *", catchup: "all", overlapPolicy: "allow_all" });
  clock.jump(249 * 60_000 + 30_000);
  const decided = await tickOnce(parts());
  expect(decided).toHaveLength(250);
  expect(new Set(decided.map(({ tick }) => tick.due)).size).toBe(250);
  expect(await tickOnce(parts())).toEqual([]);
});

test("a refused member is decided anew on what has changed; the others of its batch are not held up", async () => {
  await enter(store, clock, { id: "changed", interval: "1h" });
  await enter(store, clock, { id: "quiet", interval: "1h" });
  let commits = 0;
  const decided = await tickOnce(
    parts(
      through(async (batch) => {
        commits++;
        if (commits === 1) await change(store, "changed", (schedule) => ({ definition: { ...schedule, description: "by another hand" } }));
        return store.commitSchedules(batch);
      }),
    ),
  );
  expect(commits).toBe(2);
  expect(decided.map(({ scheduleId }) => scheduleId)).toEqual(["quiet", "changed"]);
  expect(await ticksOf(store, "changed")).toHaveLength(1);
  expect(await store.listRuns({ scheduleId: idOf("changed"), limit: 10 })).toHaveLength(1);
});

test("a commit of which nobody knows whether it happened is not done twice", async () => {
  await enter(store, clock, { id: "doubtful", interval: "1h" });
  const backend = through(async (batch) => {
    await store.commitSchedules(batch);
    throw new StorageError("the answer was lost", { kind: "network", outcome: "unknown", hint: "" });
  });
  await expect(tickOnce(parts(backend))).rejects.toThrow("the answer was lost");
  expect(await tickOnce(parts())).toEqual([]);
  expect(await ticksOf(store, "doubtful")).toHaveLength(1);
  expect(await store.listRuns({ limit: 10 })).toHaveLength(1);
});

test("a schedule that can't be decided is left alone until it changes, and keeps no other from its runs", async () => {
  for (const id of ["broken", "whole"]) await enter(store, clock, { id, interval: "1h" });
  await change(store, "broken", (schedule) => ({ definition: { ...schedule, spec: { ...schedule.spec, when: { cron: "no pattern" } } }, state: { ...stateOf(schedule), wakeAt: clock.now() } }));
  const ticker = new Ticker(parts());
  expect(await ticker.look()).toMatchObject({ again: true });
  expect(await ticker.look()).toMatchObject({ again: false });
  expect(await ticksOf(store, "whole")).toHaveLength(1);
  expect(notes.map(({ level, message }) => `${level} ${message}`)).toEqual(["error the schedule broken is left alone until it changes: it can't be decided"]);
  expect(await ticker.anyDue()).toBe(false);

  const { spec } = await scheduleIn(store, "whole");
  await change(store, "broken", (schedule) => ({ definition: { ...schedule, spec } }));
  expect(await ticker.anyDue()).toBe(true);
  await ticker.look();
  expect(await ticksOf(store, "broken")).toMatchObject([{ decision: "fired" }]);
});

test("a hundred of them take no places away", async () => {
  for (const id of await enterMany(100)) await change(store, id, (schedule) => ({ definition: { ...schedule, spec: { ...schedule.spec, when: { cron: "no pattern" } } } }));
  clock.jump(1);
  await enter(store, clock, { id: "whole", interval: "1h" });
  expect((await tickOnce(parts())).map(({ scheduleId }) => scheduleId)).toEqual(["whole"]);
});

test("what is due with nothing to decide does not spin", async () => {
  await enter(store, clock, { id: "odd", at: new Date(clock.now()) });
  // As no code of ours leaves it: something is said to be buffered, and nothing is.
  await change(store, "odd", (schedule) => ({ state: { ...stateOf(schedule), nextDueAt: undefined, bufferedCount: 1 } }));
  expect(await tickOnce(parts())).toEqual([]);
  expect(notes).toMatchObject([{ level: "error", fields: { error: expect.any(BugError) as unknown } }]);
});

test("a due time that is in the ledger already starts nothing, and is said once", async () => {
  const due = clock.now();
  await enter(store, clock, { id: "again", interval: "1h" });
  await tickOnce(parts());
  await change(store, "again", (schedule) => ({ state: { ...stateOf(schedule), nextDueAt: due, decidedUpTo: undefined, wakeAt: due } }));
  expect(await tickOnce(parts())).toEqual([]);
  expect(notes).toMatchObject([{ level: "error" }]);
  expect(await store.listRuns({ limit: 10 })).toHaveLength(1);
});

test("where a batch fails for a fault of ours, its members are written one by one", async () => {
  await enterMany(3);
  const backend = through(async (batch) => {
    if (batch.some(({ scheduleId }) => scheduleId === "s1")) throw new BugError("s1 is too much");
    return store.commitSchedules(batch);
  });
  expect((await tickOnce(parts(backend))).map(({ scheduleId }) => scheduleId)).toEqual(["s0", "s2"]);
  expect(notes.map(({ message }) => message)).toEqual(["the schedule s1 is left alone until it changes: it can't be decided"]);
});

test("any number of schedulers: each due time of many schedules is decided by one of them", async () => {
  const ids = await enterMany(250);
  const notYet = () =>
    new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  // Everybody reads before anybody writes.
  const slow: Backend = {
    ...store,
    async commitSchedules(batch) {
      await notYet();
      return store.commitSchedules(batch);
    },
  };
  const decided = await Promise.all(Array.from({ length: 4 }, () => tickOnce(parts(slow))));
  expect(decided.flat().map(({ scheduleId }) => scheduleId).toSorted()).toEqual([...ids].toSorted());
  expect(await store.listRuns({ limit: 1000 })).toHaveLength(250);
  expect(notes).toEqual([]);
});

test("stopped in the middle of much work, it ends its transaction and leaves the rest to others", async () => {
  await enterMany(300);
  const scheduler = startScheduler({ ...parts(), backend: store, clock });
  await scheduler.stop();
  await settle();
  expect(await store.listRuns({ limit: 1000 })).toHaveLength(100);
  expect(await tickOnce(parts())).toHaveLength(200);
});
