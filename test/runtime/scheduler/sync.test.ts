import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { decode } from "../../../src/base/codec.js";
import { StorageError } from "../../../src/core/errors.js";
import { newRunId } from "../../../src/core/ids.js";
import { decideDue } from "../../../src/core/schedule/decide.js";
import type { Declaration } from "../../../src/core/schedule/definition.js";
import { redefined, resumed, stopped } from "../../../src/core/schedule/due.js";
import type { ScheduleStatus } from "../../../src/core/schedule/schedule.js";
import type { ExecutorNote } from "../../../src/engine/executor.js";
import { startScheduling, type SchedulingParts } from "../../../src/runtime/scheduler/scheduling.js";
import { syncSchedules, type SyncParts } from "../../../src/runtime/scheduler/sync.js";
import { tickOnce } from "../../../src/runtime/scheduler/tick.js";
import type { Backend } from "../../../src/storage/backend.js";
import { createMemoryBackend } from "../../../src/storage/memory/memory-backend.js";
import { ManualClock } from "../../support/manual-clock.js";
import { change, declare, enter, idOf, scheduleIn, settingsOf, ticksOf } from "./support.js";

let clock: ManualClock;
let store: Backend;
beforeEach(() => {
  clock = new ManualClock();
  clock.jump(10);
  store = createMemoryBackend();
});

const id = "auto_w";
const nightly = declare("w", { cron: "0 2 * * *" });
const hourly = declare("w", { cron: "0 * * * *" });
const without = declare("w");
const hourMs = 3_600_000;

function parts(backend: SyncParts["backend"] = store): SyncParts {
  return { backend, clock, random: randomBytes };
}

/** What a sync did, one word for each schedule. */
async function sync(...declarations: readonly Declaration[]): Promise<readonly string[]> {
  return (await syncSchedules(parts(), declarations)).map(({ scheduleId, did }) => `${did} ${scheduleId}`);
}

/** A hand pauses, deletes or resumes it. */
async function set(status: ScheduleStatus): Promise<void> {
  await change(store, id, (schedule) => ({ state: status === "active" ? resumed(schedule, clock.now()) : stopped(schedule, status, clock.now()) }));
}

async function seen() {
  const { status, spec, nextDueAt } = await scheduleIn(store, id);
  return { status, cron: "cron" in spec.when && spec.when.cron, isAwaited: nextDueAt !== undefined };
}

describe("a declaration", () => {
  test("is entered as it is, active, with the input and the settings of its workflow", async () => {
    const declared = declare("w", { cron: "0 2 * * *", timezone: "Europe/Berlin", overlapPolicy: "buffer_one", catchup: "all", description: "at night" }, { full: true });
    expect(await sync(declared)).toEqual(["created auto_w"]);
    const schedule = await scheduleIn(store, id);
    expect(schedule).toMatchObject({ status: "active", overlapPolicy: "buffer_one", catchup: "all", description: "at night", settings: settingsOf("w"), createdAt: clock.now() });
    expect(schedule.spec).toMatchObject({ when: { cron: "0 2 * * *" }, timezone: "Europe/Berlin" });
    expect(decode(schedule.input)).toEqual({ full: true });
    expect(schedule.nextDueAt).toBe(Date.UTC(2025, 0, 15, 1));
  });

  test("that is stored already changes nothing, in whatever order it is written", async () => {
    await sync(declare("w", { cron: "0 2 * * *", timezone: "UTC", description: "d" }));
    const before = await scheduleIn(store, id);
    expect(await sync(declare("w", { description: "d", timezone: "UTC", cron: "0 2 * * *" }))).toEqual([]);
    expect(await scheduleIn(store, id)).toEqual(before);
  });

  test("that has changed takes the place of the stored definition", async () => {
    await sync(nightly);
    expect(await sync(hourly)).toEqual(["updated auto_w"]);
    expect(await seen()).toEqual({ status: "active", cron: "0 * * * *", isAwaited: true });
    expect((await scheduleIn(store, id)).nextDueAt).toBe(Date.UTC(2025, 0, 15, 1));
    expect(await sync(hourly)).toEqual([]);
  });

  test("of which only the input has changed, too", async () => {
    await sync(declare("w", { cron: "0 2 * * *" }, { n: 1 }));
    expect(await sync(declare("w", { cron: "0 2 * * *" }, { n: 2 }))).toEqual(["updated auto_w"]);
    expect(decode((await scheduleIn(store, id)).input)).toEqual({ n: 2 });
  });

  test("keeps the anchor of an interval where something else of it changes", async () => {
    await sync(declare("w", { interval: "1h" }));
    await tickOnce({ ...parts(), backend: store, onNote: () => undefined });
    const { nextDueAt } = await scheduleIn(store, id);
    await clock.pass(20 * 60_000);
    await sync(declare("w", { interval: "1h", overlapPolicy: "allow_all" }));
    expect(await scheduleIn(store, id)).toMatchObject({ overlapPolicy: "allow_all", nextDueAt });
  });

  test("of another workflow is its own", async () => {
    await sync(nightly, declare("v", { cron: "0 3 * * *" }));
    expect(await sync(without)).toEqual(["deleted auto_w"]);
    expect((await scheduleIn(store, "auto_v")).status).toBe("active");
  });
});

describe("what a hand did", () => {
  test("a change stays until the code changes", async () => {
    await sync(nightly);
    await change(store, id, (schedule) => {
      const definition = { ...schedule, spec: { ...schedule.spec, when: { cron: "30 5 * * *" } } };
      return { definition, state: redefined(schedule, definition, clock.now()) };
    });
    expect(await sync(nightly)).toEqual([]);
    expect((await seen()).cron).toBe("30 5 * * *");
    expect(await sync(hourly)).toEqual(["updated auto_w"]);
    expect((await seen()).cron).toBe("0 * * * *");
  });

  test.each(["paused", "deleted"] as const)("%s, it stays so, with the definition that the code has now", async (status) => {
    await sync(nightly);
    await set(status);
    expect(await sync(nightly)).toEqual([]);
    expect(await sync(hourly)).toEqual(["updated auto_w"]);
    expect(await seen()).toEqual({ status, cron: "0 * * * *", isAwaited: false });
  });

  test("resumed after that, it goes on by the new definition", async () => {
    await sync(nightly);
    await set("paused");
    await sync(hourly);
    await set("active");
    expect((await scheduleIn(store, id)).nextDueAt).toBe(Date.UTC(2025, 0, 15, 1));
  });

  test("deleted, it stays deleted also when its declaration goes and comes back", async () => {
    await sync(nightly);
    await set("deleted");
    expect(await sync(without)).toEqual([]);
    expect(await sync(nightly)).toEqual([]);
    expect((await seen()).status).toBe("deleted");
  });

  test("resumed after its declaration had gone, it stays; and follows the declaration again when that is back", async () => {
    await sync(nightly);
    await sync(without);
    await set("active");
    expect(await sync(without)).toEqual([]);
    expect((await seen()).status).toBe("active");
    expect(await sync(hourly)).toEqual(["updated auto_w"]);
    expect(await seen()).toEqual({ status: "active", cron: "0 * * * *", isAwaited: true });
    expect(await sync(without)).toEqual(["deleted auto_w"]);
  });

  test("resumed after its declaration had gone, and deleted by hand then, it stays deleted", async () => {
    await sync(nightly);
    await sync(without);
    await set("active");
    await set("deleted");
    expect(await sync(nightly)).toEqual([]);
    expect((await seen()).status).toBe("deleted");
  });

  test("made by hand, it has nothing to do with a declaration", async () => {
    await enter(store, clock, { id: "mine", cron: "0 4 * * *" });
    expect(await sync(without)).toEqual([]);
    expect((await scheduleIn(store, "mine")).status).toBe("active");
  });
});

describe("a declaration that goes", () => {
  test("takes its schedule along, and one that comes back revives it: the code deleted it", async () => {
    await sync(nightly);
    expect(await sync(without)).toEqual(["deleted auto_w"]);
    expect(await seen()).toEqual({ status: "deleted", cron: "0 2 * * *", isAwaited: false });
    expect(await sync(without)).toEqual([]);
    await clock.pass(hourMs);
    expect(await sync(hourly)).toEqual(["revived auto_w"]);
    expect(await seen()).toEqual({ status: "active", cron: "0 * * * *", isAwaited: true });
    expect((await scheduleIn(store, id)).nextDueAt).toBe(Date.UTC(2025, 0, 15, 2));
    expect(await sync(hourly)).toEqual([]);
  });

  test("while it is paused: what comes back is paused", async () => {
    await sync(nightly);
    await set("paused");
    expect(await sync(without)).toEqual(["deleted auto_w"]);
    expect(await sync(nightly)).toEqual(["revived auto_w"]);
    expect(await seen()).toEqual({ status: "paused", cron: "0 2 * * *", isAwaited: false });
    expect(await sync(nightly)).toEqual([]);
  });

  test("skips what was buffered, all of it, and is deleted with the last", async () => {
    const many = declare("w", { cron: "* * * * *", overlapPolicy: "buffer_all", catchup: "all" });
    await sync(many);
    clock.jump(251 * 60_000);
    await tickOnce({ ...parts(), backend: store, onNote: () => undefined });
    const { bufferedCount } = await scheduleIn(store, id);
    expect(bufferedCount).toBe(250);
    expect(await sync(without)).toEqual(["deleted auto_w"]);
    expect(await scheduleIn(store, id)).toMatchObject({ status: "deleted", bufferedCount: 0, skippedRuns: 250, totalRuns: 1 });
    const reasons = (await ticksOf(store, id)).filter(({ decision }) => decision === "skipped").map(({ reason }) => reason);
    expect(reasons).toHaveLength(250);
    expect(new Set(reasons)).toEqual(new Set(["its schedule was deleted"]));
  });
});

test("what was due by the old times is decided before they go: a deploy loses no tick", async () => {
  await sync(nightly);
  clock.jump(4 * hourMs);
  expect(await sync(declare("w", { cron: "0 6 * * *" }))).toEqual(["updated auto_w"]);
  expect(await ticksOf(store, id)).toMatchObject([{ due: Date.UTC(2025, 0, 15, 2), decision: "caught_up" }]);
  expect((await scheduleIn(store, id)).nextDueAt).toBe(Date.UTC(2025, 0, 15, 6));
  expect(await store.listRuns({ scheduleId: idOf(id), limit: 10 })).toHaveLength(1);
});

describe("settings of the workflow", () => {
  const tagged: Declaration = { settings: { ...settingsOf("w"), tags: ["new"], maxRecoveryAttempts: 9 } };

  test("are refreshed on every schedule of it, and nothing else is", async () => {
    for (const name of ["one", "two"]) await enter(store, clock, { id: name, cron: "0 2 * * *" });
    await enter(store, clock, { id: "other", workflow: "v", cron: "0 2 * * *" });
    await change(store, "two", (schedule) => ({ state: stopped(schedule, "paused", clock.now()) }));
    const before = await scheduleIn(store, "two");
    expect((await sync(tagged)).toSorted()).toEqual(["refreshed one", "refreshed two"]);
    expect(await scheduleIn(store, "two")).toEqual({ ...before, settings: tagged.settings, version: before.version + 1 });
    expect((await scheduleIn(store, "other")).settings.tags).toEqual([]);
    expect(await sync(tagged)).toEqual([]);
  });

  test("also where there are more than one page of them, and some change meanwhile", async () => {
    for (let n = 0; n < 230; n++) await enter(store, clock, { id: `s${n}`, cron: "0 2 * * *" });
    let commits = 0;
    const backend: Backend = {
      ...store,
      async commitSchedules(batch) {
        commits++;
        if (commits === 2) await change(store, "s7", (schedule) => ({ definition: { ...schedule, description: "mine" } }));
        if (commits === 3) await change(store, "s100", (schedule) => ({ state: stopped(schedule, "deleted", 0) }));
        return store.commitSchedules(batch);
      },
    };
    const changes = await syncSchedules(parts(backend), [tagged]);
    expect(new Set(changes.map(({ scheduleId }) => scheduleId)).size).toBe(230);
    expect(changes).toHaveLength(230);
    expect((await store.listSchedules({ limit: 1000 })).every(({ settings }) => settings.tags[0] === "new")).toBe(true);
    expect(await scheduleIn(store, "s7")).toMatchObject({ description: "mine", status: "active" });
  });
});

describe("several workers that start at once", () => {
  test("agree: one of them enters it", async () => {
    const all = await Promise.all([sync(nightly), sync(nightly), sync(nightly)]);
    expect(all.flat()).toEqual(["created auto_w"]);
    expect(await store.listSchedules({ limit: 10 })).toHaveLength(1);
  });

  test("agree: one of them updates it, and one deletes it", async () => {
    await sync(nightly);
    expect((await Promise.all([sync(hourly), sync(hourly), sync(hourly)])).flat()).toEqual(["updated auto_w"]);
    expect((await Promise.all([sync(without), sync(without)])).flat()).toEqual(["deleted auto_w"]);
    expect((await Promise.all([sync(hourly), sync(hourly)])).flat()).toEqual(["revived auto_w"]);
  });

  test("a scheduler decides between the look and the write: the update is made on what is then", async () => {
    await sync(hourly);
    await clock.pass(hourMs);
    let done = false;
    const backend: Backend = {
      ...store,
      async commitSchedules(batch) {
        if (!done) {
          done = true;
          const loaded = await store.loadSchedule(idOf(id), "skip");
          if (loaded === undefined) throw new Error("it is there");
          await store.commitSchedules([{ scheduleId: idOf(id), now: clock.now(), ...decideDue(loaded, { now: clock.now(), newRunId: () => newRunId(clock.now(), randomBytes) }) }]);
        }
        return store.commitSchedules(batch);
      },
    };
    expect(await syncSchedules(parts(backend), [nightly])).toMatchObject([{ did: "updated" }]);
    expect(await ticksOf(store, id)).toHaveLength(1);
    expect(await scheduleIn(store, id)).toMatchObject({ totalRuns: 1, nextDueAt: Date.UTC(2025, 0, 15, 2) });
  });
});

describe("scheduling", () => {
  const trouble = new StorageError("busy", { kind: "busy", outcome: "rolled_back", hint: "" });

  function start(more: Partial<SchedulingParts> = {}) {
    const notes: ExecutorNote[] = [];
    const scheduling = startScheduling({ ...parts(), backend: store, clock, onNote: (note) => void notes.push(note), declarations: [hourly], fires: true, ...more });
    return { scheduling, notes };
  }

  test("stores what is declared, then fires it", async () => {
    const { scheduling, notes } = start();
    await clock.pass(hourMs);
    expect(await ticksOf(store, id)).toMatchObject([{ decision: "fired" }]);
    expect(notes[0]).toMatchObject({ level: "info", message: "auto_w created: its workflow declares it" });
    await scheduling.stop();
  });

  test("without a scheduler it stores, and fires nothing", async () => {
    const { scheduling } = start({ fires: false });
    await clock.pass(2 * hourMs);
    expect((await scheduleIn(store, id)).status).toBe("active");
    expect(await ticksOf(store, id)).toEqual([]);
    expect(await scheduling.anyDue()).toBe(false);
    await scheduling.stop();
  });

  test("a store that refuses is asked again every second, said once, and nothing counts as done until then", async () => {
    let refuses = true;
    const backend: Backend = { ...store, getSchedule: async (scheduleId) => (refuses ? Promise.reject(trouble) : store.getSchedule(scheduleId)) };
    const { scheduling, notes } = start({ backend });
    await clock.pass(5000);
    expect(await scheduling.anyDue()).toBe(true);
    expect(notes).toMatchObject([{ level: "warn", message: "the declared schedules can't be stored; trying again" }]);
    refuses = false;
    await clock.pass(1000);
    expect(await scheduling.anyDue()).toBe(false);
    expect((await scheduleIn(store, id)).status).toBe("active");
    await scheduling.stop();
  });

  test("stopped while the store refuses, it ends", async () => {
    const { scheduling } = start({ backend: { ...store, getSchedule: () => Promise.reject(trouble) } });
    await clock.pass(2500);
    await scheduling.stop();
    expect(await store.getSchedule(idOf(id))).toBeUndefined();
  });

  test("a declaration that is beyond us does not keep the others from firing", async () => {
    await enter(store, clock, { id: "mine", cron: "0 * * * *" });
    const { scheduling, notes } = start({ declarations: [declare("w", { cron: "no pattern" })] });
    await clock.pass(hourMs);
    expect(notes[0]).toMatchObject({ level: "error", message: "the declared schedules are not stored" });
    expect(await ticksOf(store, "mine")).toHaveLength(1);
    await scheduling.stop();
  });
});
