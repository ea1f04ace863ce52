import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { When } from "../../../src/core/schedule/schedule.js";
import type { Backend, ScheduleFilter } from "../../../src/storage/backend.js";
import { take } from "./relatives.js";
import { accepted, current, decideOne, decisionOn, enterSchedule, load, refused, runOf, schedule, scheduleIdOf, startRuns, tick, type EnteredSchedule } from "./scheduled.js";
import { claimed, eachWith, enter, nextWake, record, request, run, running, t0, type MakeStore } from "./support.js";

const hourMs = 3_600_000;

export function schedulesContract(make: MakeStore): void {
  describe("schedules", () => {
    const store = eachWith(make);

    test.for<When>([
      { cron: "0 9 * * MON-FRI" },
      { intervalMs: hourMs, anchor: t0 },
      { calendar: [{ hour: 9, dayOfWeek: 0 }, { dayOfMonth: 31, month: 12, hour: 23, minute: 59, second: 59 }] },
      { at: t0 + hourMs },
    ])("a schedule is kept as it was entered, with version 1: %o", async (when) => {
      const spec = { when, timezone: "Europe/Berlin", startAt: t0 - 1, endAt: t0 + 9 * hourMs, jitterMs: 500 };
      const settings = { workflowName: "order", durable: false, tags: ["eu", "vip"], recoverOnWorkerLoss: false, maxRecoveryAttempts: 7, maxDurationMs: 60_000 };
      const chosen = { overlapPolicy: "buffer_all", catchup: "all", catchupWindowMs: 5, description: "each morning", input: encode(new Map([[1, "ä"]])), declared: '{"cron":"0 9"}' } as const;
      const life = { status: "active", decidedUpTo: t0 - 2, totalRuns: 1, successfulRuns: 2, failedRuns: 3, skippedRuns: 4, missedRuns: 5, bufferedCount: 6, lastRunAt: t0 - 3, lastRunId: run().runId, updatedAt: t0 + 7 } as const;
      const entered = schedule("nightly", { spec, settings, ...chosen, ...life });
      expect(await store.backend.createSchedule(entered)).toBe(true);
      expect(await store.other.getSchedule(entered.scheduleId)).toEqual({ ...entered, version: 1 });
    });

    test("what is absent stays absent", async () => {
      const entered = schedule("bare", { status: "paused", nextDueAt: undefined, wakeAt: undefined });
      await store.backend.createSchedule(entered);
      const kept = await current(store.other, entered);
      expect(kept).toEqual({ ...entered, version: 1 });
      const absent = [kept.nextDueAt, kept.wakeAt, kept.decidedUpTo, kept.lastRunAt, kept.lastRunId, kept.description, kept.declared];
      expect(absent).toEqual(absent.map(() => undefined));
    });

    test("an id is given once, also after its schedule was deleted, and nothing is written then", async () => {
      const first = await enterSchedule(store.backend, "once");
      await decideOne(store.backend, first, { state: { status: "deleted" } });
      const before = await current(store.backend, first);
      expect(await store.other.createSchedule(schedule("once", { description: "another" }))).toBe(false);
      expect(await current(store.other, first)).toEqual(before);
    });

    test("of two that enter one id at once, one does", async () => {
      const results = await Promise.all([store.backend, store.other].map((backend, index) => backend.createSchedule(schedule("race", { description: `${index}` }))));
      expect(results.filter(Boolean)).toHaveLength(1);
      expect((await current(store.backend, schedule("race"))).description).toBe(results[0] ? "0" : "1");
    });

    test("one that is unknown is not there, has no ledger and takes no decision", async () => {
      const unknown = { ...schedule("nobody"), version: 1 };
      expect(await store.backend.getSchedule(unknown.scheduleId)).toBeUndefined();
      expect(await store.backend.loadSchedule(unknown.scheduleId, "skip")).toBeUndefined();
      expect(await store.backend.listTicks({ scheduleId: unknown.scheduleId, limit: 10 })).toEqual([]);
      const create = [run()];
      expect(await decideOne(store.backend, unknown, { create })).toEqual(refused("version"));
      expect(await store.backend.listRuns({ limit: 10 })).toEqual([]);
    });

    test("listed newest first, by creation and then by arrival; pages by cursor hold each once", async () => {
      await enterAll(store.backend, [5, 0, 9, 0, 0].map((age, index) => schedule(`s${index}`, { createdAt: t0 + age })));
      const all = await list(store.other, {});
      expect(all).toEqual(["s2", "s0", "s4", "s3", "s1"]);
      const paged = [...(await list(store.other, { limit: 2 })), ...(await list(store.other, { limit: 2, before: scheduleIdOf("s0") })), ...(await list(store.other, { limit: 2, before: scheduleIdOf("s3") }))];
      expect(paged).toEqual(all);
      expect(await list(store.other, { before: scheduleIdOf("s1") })).toEqual([]);
      expect(await list(store.other, { before: scheduleIdOf("nobody") })).toEqual([]);
    });

    test("filtered by workflow and status; together they narrow, and the cursor goes on among them", async () => {
      const refund = { settings: { ...schedule("any").settings, workflowName: "refund" } };
      await enterAll(store.backend, [schedule("a"), schedule("b", refund), schedule("c", { status: "paused" }), schedule("d", { ...refund, status: "deleted" }), schedule("e")]);
      expect(await list(store.backend, { workflowName: "refund" })).toEqual(["d", "b"]);
      expect(await list(store.backend, { workflowName: "refun" })).toEqual([]);
      expect(await list(store.backend, { statuses: ["active", "paused"] })).toEqual(["e", "c", "b", "a"]);
      expect(await list(store.backend, { statuses: ["deleted"], workflowName: "order" })).toEqual([]);
      expect(await list(store.backend, { statuses: ["active"], before: scheduleIdOf("c"), limit: 1 })).toEqual(["b"]);
      expect(await list(store.backend, { statuses: [] })).toEqual([]);
    });

    test("a changed status and workflow are those that the filters see", async () => {
      const entered = await enterSchedule(store.backend, "moved");
      const { scheduleId: _, ...definition } = entered;
      await decideOne(store.backend, entered, { definition: { ...definition, settings: { ...entered.settings, workflowName: "refund" } }, state: { status: "paused" } });
      expect(await list(store.other, { workflowName: "refund", statuses: ["paused"] })).toEqual(["moved"]);
      expect([await list(store.other, { workflowName: "order" }), await list(store.other, { statuses: ["active"] })]).toEqual([[], []]);
    });

    test("found by prefix, newest first, no more than the limit, and every character is itself", async () => {
      await enterAll(store.backend, ["auto_a", "auto_b", "autoxc", "Auto_d", "auto_a.b"].map((id, index) => schedule(id, { createdAt: t0 + index })));
      expect(await store.backend.findScheduleIds("auto_", 10)).toEqual(["auto_a.b", "auto_b", "auto_a"]);
      expect(await store.backend.findScheduleIds("auto_", 2)).toEqual(["auto_a.b", "auto_b"]);
      expect(await store.backend.findScheduleIds("auto_b", 10)).toEqual(["auto_b"]);
      expect(await store.backend.findScheduleIds("", 1)).toEqual(["auto_a.b"]);
      expect(await store.backend.findScheduleIds("zzz", 10)).toEqual([]);
      expect(await store.backend.findScheduleIds("auto%", 10)).toEqual([]);
    });
  });

  describe("what a scheduler has to look at", () => {
    const store = eachWith(make);

    test("those whose time to wake has come, the one that waits longest first, each loaded", async () => {
      await enterAll(store.backend, [
        schedule("later", { wakeAt: t0 + 30, nextDueAt: t0 + 10 }),
        schedule("first", { wakeAt: t0 + 1 }),
        schedule("now", { wakeAt: t0 + 20, overlapPolicy: "buffer_all" }),
        schedule("never", { wakeAt: undefined, nextDueAt: undefined }),
        schedule("stands", { status: "paused", wakeAt: t0 }),
        schedule("gone", { status: "deleted", wakeAt: t0 + 25 }),
      ]);
      const { due, nextWakeAt } = await store.other.dueSchedules(t0 + 20, 10);
      expect(due.map((loaded) => loaded.schedule.scheduleId)).toEqual(["first", "now"]);
      expect(due[1]).toEqual({ schedule: await current(store.backend, schedule("now")), live: [], buffered: [] });
      expect(nextWakeAt).toBe(t0 + 30);
    });

    test("no more than the limit; the next time is told only where none is left over", async () => {
      await enterAll(store.backend, [3, 1, 2, 50].map((wake) => schedule(`at${wake}`, { wakeAt: t0 + wake })));
      const some = await store.backend.dueSchedules(t0 + 10, 2);
      expect(some.due.map((loaded) => loaded.schedule.scheduleId)).toEqual(["at1", "at2"]);
      expect(some.nextWakeAt).toBeUndefined();
      expect((await store.backend.dueSchedules(t0 + 10, 3)).nextWakeAt).toBe(t0 + 50);
      expect(await store.backend.dueSchedules(t0, 3)).toEqual({ due: [], nextWakeAt: t0 + 1 });
    });

    test("nothing to look at: no due, and no next time", async () => {
      await enterAll(store.backend, [schedule("paused", { status: "paused", wakeAt: undefined })]);
      expect(await store.backend.dueSchedules(t0 + 1e9, 10)).toEqual({ due: [] });
    });

    test("each is loaded for its own policy", async () => {
      const skips = await enterSchedule(store.backend, "skips", { wakeAt: t0, overlapPolicy: "skip" });
      const cancels = await enterSchedule(store.backend, "cancels", { wakeAt: t0, overlapPolicy: "cancel_other" });
      for (const of of [skips, cancels]) await startRuns(store.backend, of, [{}, {}, {}]);
      const { due } = await store.other.dueSchedules(t0, 10);
      expect(due.map(({ schedule: { scheduleId }, live }) => [scheduleId, live.length])).toEqual([["skips", 1], ["cancels", 3]]);
    });

    test.for([
      ["a new schedule", (backend: Backend) => backend.createSchedule(schedule("new"))],
      ["an earlier time", async (backend: Backend) => decideOne(backend, await current(backend, schedule("old")), { state: { wakeAt: t0 + 1 } })],
      ["a schedule that goes on", async (backend: Backend) => decideOne(backend, await current(backend, schedule("paused")), { state: { status: "active", wakeAt: t0 + 9 * hourMs } })],
      ["a run that is started", async (backend: Backend) => decideOne(backend, await current(backend, schedule("old")), { create: [runOf(schedule("old"))] })],
    ] as const)("%s wakes whoever listens", async ([, act]) => {
      await enterAll(store.backend, [schedule("old"), schedule("paused", { status: "paused", wakeAt: undefined })]);
      const woken = nextWake(store.other);
      await act(store.backend);
      expect(await woken).toBe("woken");
    });
  });

  describe("decisions about schedules", () => {
    const store = eachWith(make);

    test("one is written whole: the state, the ticks, and runs that are due at once; the version is raised", async () => {
      const seen = await enterSchedule(store.backend, "whole");
      const started = runOf(seen, { schedule: { scheduleId: seen.scheduleId, kind: "backfill" }, scheduledTime: t0 + 5, createdAt: t0 + 100 });
      const ticks = [tick(t0 + 1), tick(t0 + 5, { kind: "backfill", decision: "fired", runId: started.runId })];
      const state = { nextDueAt: t0 + 9, wakeAt: t0 + 10, decidedUpTo: t0 + 8, totalRuns: 1, skippedRuns: 1, lastRunAt: t0 + 100, lastRunId: started.runId, updatedAt: t0 + 11 };
      expect(await decideOne(store.backend, seen, { state, ticks, create: [started] })).toEqual(accepted);
      expect(await current(store.other, seen)).toEqual({ ...seen, ...state, version: 2 });
      expect(await store.other.listTicks({ scheduleId: seen.scheduleId, limit: 10 })).toEqual(ticks.toReversed());
      expect(await record(store.other, started.runId)).toEqual({ ...started, status: "pending", dueAt: t0 + 100, recoveryAttempts: 0, closableChildren: 0, epoch: 0 });
      expect(await claimed(store.other, request(await enter(store.other)))).toMatchObject([{ runId: started.runId, schedule: { scheduleId: "whole", kind: "backfill" }, scheduledTime: t0 + 5 }]);
    });

    test("the state takes the place of the one before, absent fields too", async () => {
      const seen = await enterSchedule(store.backend, "ends", { decidedUpTo: t0, lastRunAt: t0, lastRunId: run().runId });
      const { nextDueAt: _, wakeAt: __, decidedUpTo: ___, lastRunAt: ____, lastRunId: _____, ...state } = decisionOn(seen, {}).state;
      await store.backend.commitSchedules([{ ...decisionOn(seen, {}), state: { ...state, status: "deleted" } }]);
      const after = await current(store.other, seen);
      expect(after).toMatchObject({ status: "deleted", version: 2 });
      expect([after.nextDueAt, after.wakeAt, after.decidedUpTo, after.lastRunAt, after.lastRunId]).toEqual([undefined, undefined, undefined, undefined, undefined]);
      expect(await store.other.dueSchedules(t0 + 1e9, 10)).toEqual({ due: [] });
    });

    test("a definition takes the place of the one before; what the code declared stays where nothing else is given", async () => {
      const seen = await enterSchedule(store.backend, "changed", { description: "old", declared: "d1", spec: { when: { cron: "0 9 * * *" }, timezone: "UTC", startAt: t0, endAt: t0 + 1e9, jitterMs: 5 } });
      const { settings } = seen;
      const definition = { spec: { when: { at: t0 + 5 }, timezone: "Asia/Tokyo" }, overlapPolicy: "allow_all", catchup: "none", catchupWindowMs: 7, input: encode(2), settings: { ...settings, tags: ["new"] } } as const;
      await decideOne(store.backend, seen, { definition });
      const after = await current(store.other, seen);
      expect(after).toEqual({ ...definition, ...decisionOn(seen, {}).state, scheduleId: seen.scheduleId, createdAt: t0, declared: "d1", version: 2 });
      expect(after.description).toBeUndefined();
      await decideOne(store.backend, after, { definition: { ...definition, description: "new", declared: "d2" } });
      expect(await current(store.other, seen)).toMatchObject({ description: "new", declared: "d2", createdAt: t0, version: 3 });
    });

    test("without a definition it stays", async () => {
      const seen = await enterSchedule(store.backend, "kept", { description: "old", declared: "d1" });
      await decideOne(store.backend, seen, { state: { skippedRuns: 1 } });
      expect(await current(store.other, seen)).toEqual({ ...seen, skippedRuns: 1, version: 2 });
    });

    test("one that rests on an older version is refused, and nothing of it is written", async () => {
      const seen = await enterSchedule(store.backend, "stale");
      const held = await running(store.backend);
      await decideOne(store.other, seen, { state: { skippedRuns: 1 } });
      const started = runOf(seen);
      const change = { state: { totalRuns: 9 }, definition: { ...seen, description: "no" }, ticks: [tick(t0)], create: [started], cancel: [held.runId] };
      expect(await decideOne(store.backend, seen, change)).toEqual(refused("version"));
      expect(await current(store.backend, seen)).toEqual({ ...seen, skippedRuns: 1, version: 2 });
      await expectNothing(store.backend, [started.runId, held.runId]);
    });

    test("one whose tick was decided before is refused, and nothing of it is written (I8)", async () => {
      const seen = await enterSchedule(store.backend, "twice");
      const held = await running(store.backend);
      await decideOne(store.backend, seen, { ticks: [tick(t0 + 2)] });
      const before = await current(store.backend, seen);
      const started = runOf(seen);
      const change = { state: { totalRuns: 9 }, ticks: [tick(t0 + 1), tick(t0 + 2, { decision: "fired", runId: started.runId })], create: [started], cancel: [held.runId] };
      expect(await decideOne(store.other, before, change)).toEqual(refused("tick"));
      expect(await current(store.backend, seen)).toEqual(before);
      expect(await store.backend.listTicks({ scheduleId: seen.scheduleId, limit: 10 })).toEqual([tick(t0 + 2)]);
      await expectNothing(store.backend, [started.runId, held.runId]);
    });

    test("members do not concern each other", async () => {
      const [one, two, three] = [await enterSchedule(store.backend, "one"), await enterSchedule(store.backend, "two"), await enterSchedule(store.backend, "three")];
      await decideOne(store.backend, two, { ticks: [tick(t0)] });
      const [first, last] = [runOf(one), runOf(three)];
      const results = await store.backend.commitSchedules([
        decisionOn(one, { create: [first], ticks: [tick(t0, { decision: "fired", runId: first.runId })] }),
        decisionOn(two, { ticks: [tick(t0 + 1)] }),
        decisionOn(await current(store.backend, two), { ticks: [tick(t0 + 2), tick(t0)] }),
        decisionOn(three, { create: [last] }),
      ]);
      expect(results).toEqual([accepted, refused("version"), refused("tick"), accepted]);
      expect(await Promise.all([one, two, three].map(async (of) => (await current(store.other, of)).version))).toEqual([2, 2, 2]);
      expect((await load(store.other, one)).live).toEqual([{ runId: first.runId, cancellationRequested: false }]);
      expect((await load(store.other, three)).live).toEqual([{ runId: last.runId, cancellationRequested: false }]);
    });

    test("of two members for one schedule the second rests on the first", async () => {
      const seen = await enterSchedule(store.backend, "pair");
      const results = await store.backend.commitSchedules([decisionOn(seen, { state: { skippedRuns: 1 } }), decisionOn(seen, { state: { skippedRuns: 2 } }), decisionOn({ ...seen, version: 2 }, { state: { skippedRuns: 3 } })]);
      expect(results).toEqual([accepted, refused("version"), accepted]);
      expect(await current(store.other, seen)).toMatchObject({ skippedRuns: 3, version: 3 });
    });

    test("an empty batch is nothing", async () => {
      expect(await store.backend.commitSchedules([])).toEqual([]);
    });

    test("a started run keeps all that its schedule says of it", async () => {
      const seen = await enterSchedule(store.backend, "settings");
      const started = runOf(seen, { tags: ["eu"], maxDurationMs: 1000, durable: false, recoverOnWorkerLoss: false, input: encode([1n]) });
      await decideOne(store.backend, seen, { create: [started] });
      expect(await record(store.other, started.runId)).toMatchObject(started);
      await take(store.other, started);
      expect(await record(store.other, started.runId)).toMatchObject({ ...started, status: "running" });
    });

    async function expectNothing(backend: Backend, [created, asked]: readonly ReturnType<typeof run>["runId"][]): Promise<void> {
      const runs = await backend.listRuns({ limit: 10 });
      expect(runs.map(({ runId }) => runId)).not.toContain(created);
      expect(runs.filter(({ runId }) => runId === asked)).toMatchObject([{ status: "running" }]);
      expect(runs.filter(({ cancellationRequested }) => cancellationRequested)).toEqual([]);
    }
  });
}

async function enterAll(backend: Backend, schedules: readonly EnteredSchedule[]): Promise<void> {
  for (const each of schedules) expect(await backend.createSchedule(each)).toBe(true);
}

async function list(backend: Backend, filter: Partial<ScheduleFilter>): Promise<readonly string[]> {
  return (await backend.listSchedules({ limit: 100, ...filter })).map(({ scheduleId }) => scheduleId);
}
