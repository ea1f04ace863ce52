import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { defaults } from "../../src/core/defaults.js";
import { firesAt } from "../../src/core/schedule/next.js";
import { hook, workflow } from "../../src/index.js";
import { deleteSchedule, pauseSchedule, resumeSchedule, updateSchedule } from "../../src/services/change-schedule.js";
import { findSchedule } from "../../src/services/find-schedule.js";
import { listSchedules } from "../../src/services/list-schedules.js";
import { listTicks } from "../../src/services/list-ticks.js";
import { scheduleRow } from "../../src/services/schedule-row.js";
import { triggerSchedule } from "../../src/services/trigger-schedule.js";
import type { Backend } from "../../src/storage/backend.js";
import { hourMs, ScheduledWorld, startMs } from "../support/scheduled-world.js";

const report = workflow({ name: "schedules.report", tags: ["daily"], maxDuration: "1m" }, async () => {});
const other = workflow("schedules.other", async () => {});
const waits = workflow("schedules.waits", async () => hook("go"));
const hourly = { interval: "1h", startAt: new Date(startMs + hourMs) } as const;

let world: ScheduledWorld;

beforeEach(() => {
  world = new ScheduledWorld();
});

describe("createSchedule", () => {
  test("records an active schedule with the settings of its runs", async () => {
    const { scheduleId } = await world.create(report, hourly, { input: { a: 1 } });
    expect(scheduleId).toMatch(/^sched_/);
    const { settings, input, status, nextDueAt, version } = await findSchedule(world, scheduleId);
    expect({ settings, input, status, nextDueAt, version }).toEqual({
      settings: { workflowName: "schedules.report", durable: true, tags: ["daily"], maxDurationMs: 60_000, recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 },
      input: encode({ a: 1 }),
      status: "active",
      nextDueAt: startMs + hourMs,
      version: 1,
    });
  });

  test("an interval without startAt is due at once", async () => {
    const { nextDueAt } = await world.create(report, { interval: "1h" });
    expect(nextDueAt).toBe(startMs);
  });

  test("an id that is taken is refused, and says so where it was deleted", async () => {
    await world.create(report, hourly, { scheduleId: "mine" });
    await expect(world.create(report, hourly, { scheduleId: "mine" })).rejects.toMatchObject({ code: "SCHEDULE_EXISTS", hint: expect.stringContaining("update") });
    await deleteSchedule(world, "mine");
    await expect(world.create(report, hourly, { scheduleId: "mine" })).rejects.toMatchObject({ code: "SCHEDULE_EXISTS", hint: expect.stringContaining("resume") });
  });

  test.each([
    { what: "an id that is none", options: hourly, scheduleId: "a b", says: "scheduleId: " },
    { what: "an id of those that code declares", options: hourly, scheduleId: "auto_x", says: "scheduleId: auto_x" },
    { what: "times that have passed", options: { at: "2026-01-15T08:00" }, says: "passed" },
    { what: "an end that has passed", options: { cron: "* * * * *", endAt: "2026-01-15" }, says: "endAt: " },
    { what: "times that never come", options: { cron: "0 0 31 4 *" }, says: "never comes" },
  ])("$what: refused, and nothing is recorded", async ({ options, scheduleId, says }) => {
    await expect(world.create(report, options, { ...(scheduleId !== undefined && { scheduleId }) })).rejects.toMatchObject({ code: "INVALID_SCHEDULE", message: expect.stringContaining(says) });
    expect(await listSchedules(world)).toEqual({ schedules: [] });
  });
});

describe("findSchedule", () => {
  beforeEach(async () => {
    for (const scheduleId of ["daily", "daily_2", "weekly"]) {
      await world.create(report, hourly, { scheduleId });
      await world.pass(1);
    }
  });

  test.each([
    { text: "daily", found: "daily" },
    { text: "daily_", found: "daily_2" },
    { text: "w", found: "weekly" },
    { text: "@last", found: "weekly" },
  ])("$text is $found", async ({ text, found }) => {
    expect((await findSchedule(world, text)).scheduleId).toBe(found);
  });

  test("@last is the newest that is not deleted", async () => {
    await deleteSchedule(world, "weekly");
    expect((await findSchedule(world, "@last")).scheduleId).toBe("daily_2");
    expect((await findSchedule(world, "weekly")).status).toBe("deleted");
  });

  test("a prefix of two names them", async () => {
    await expect(findSchedule(world, "dai")).rejects.toMatchObject({ code: "SCHEDULE_AMBIGUOUS", candidates: ["daily_2", "daily"] });
  });

  test("more than five candidates are cut", async () => {
    for (let n = 0; n < 6; n++) {
      await world.pass(1);
      await world.create(report, hourly, { scheduleId: `many_${n}` });
    }
    await expect(findSchedule(world, "many")).rejects.toMatchObject({ candidates: ["many_5", "many_4", "many_3", "many_2", "many_1", "…"] });
  });

  test.each([
    { text: "wekly", hint: "did you mean weekly?" },
    { text: "nothing_of_the_kind", hint: "pyworkflow schedules list" },
    { text: "", hint: "pyworkflow schedules list" },
  ])("$text is none", async ({ text, hint }) => {
    await expect(findSchedule(world, text)).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND", hint: expect.stringContaining(hint) });
  });
});

describe("listSchedules", () => {
  const ids = async (options?: Parameters<typeof listSchedules>[1]) => (await listSchedules(world, options)).schedules.map(({ scheduleId }) => scheduleId as string);

  beforeEach(async () => {
    for (const scheduleId of ["a", "b", "c", "d"]) {
      await world.create(scheduleId === "c" ? other : report, hourly, { scheduleId });
      await world.pass(1);
    }
    await pauseSchedule(world, "b");
    await deleteSchedule(world, "d");
  });

  test("newest first, deleted ones only where they are asked for", async () => {
    expect(await ids()).toEqual(["c", "b", "a"]);
    expect(await ids({ statuses: ["deleted"] })).toEqual(["d"]);
    expect(await ids({ statuses: ["active"], workflowName: "schedules.report" })).toEqual(["a"]);
  });

  test("in pages", async () => {
    const { schedules, cursor } = await listSchedules(world, { limit: 2 });
    expect(schedules.map(({ scheduleId }) => scheduleId)).toEqual(["c", "b"]);
    expect(cursor).toBe("b");
    expect(await listSchedules(world, { limit: 2, ...(cursor && { before: cursor }) })).toMatchObject({ schedules: [{ scheduleId: "a" }] });
    expect(await listSchedules(world, { limit: 3 })).not.toHaveProperty("cursor");
  });
});

describe("pause, resume, delete", () => {
  beforeEach(async () => {
    await world.create(waits, { ...hourly, overlapPolicy: "buffer_all" }, { scheduleId: "mine" });
  });

  test("while it is paused nothing is due, and what passed is not caught up", async () => {
    expect(await pauseSchedule(world, "mine")).toMatchObject({ status: "paused", nextDueAt: undefined, wakeAt: undefined });
    await world.pass(3.5 * hourMs);
    expect(await world.tick()).toEqual([]);
    expect(await resumeSchedule(world, "mine")).toMatchObject({ status: "active", nextDueAt: startMs + 4 * hourMs, missedRuns: 0 });
    expect(await world.tick()).toEqual([]);
  });

  test("what had come and had not fired is missed, and in the ledger", async () => {
    await world.create(report, { interval: "1h", jitter: "30m" }, { scheduleId: "late" });
    await world.pass(2 * hourMs);
    expect(await pauseSchedule(world, "late")).toMatchObject({ status: "paused", missedRuns: 3, totalRuns: 0 });
    expect((await listTicks(world, "late")).map(({ due, decision }) => [due, decision])).toEqual([2, 1, 0].map((hour) => [startMs + hour * hourMs, "missed"]));
  });

  test("a change of the times decides first what has come by the old ones, without waiting for its jitter", async () => {
    const { spec } = await world.create(report, { interval: "1h", jitter: "59m", catchup: "all", overlapPolicy: "allow_all" }, { scheduleId: "moved" });
    expect(firesAt((await findSchedule(world, "moved")).scheduleId, spec, startMs + hourMs)).toBeGreaterThan(startMs + hourMs + 1);
    await world.pass(hourMs + 1);
    expect(await updateSchedule(world, "moved", { interval: "7m" })).toMatchObject({ totalRuns: 2, nextDueAt: startMs + 9 * 7 * 60_000 });
    expect((await listTicks(world, "moved")).map(({ due }) => due)).toEqual([startMs + hourMs, startMs]);
  });

  test("a deleted one comes back when it is resumed", async () => {
    expect(await deleteSchedule(world, "mine")).toMatchObject({ status: "deleted", nextDueAt: undefined });
    expect(await resumeSchedule(world, "mine")).toMatchObject({ status: "active", nextDueAt: startMs + hourMs });
  });

  test("what is buffered is skipped when it is deleted, however much it is", async () => {
    const buffered = defaults.schedule.ticksMax + 5;
    for (let n = 0; n <= buffered; n++) await triggerSchedule(world, "mine");
    expect(await findSchedule(world, "mine")).toMatchObject({ totalRuns: 1, bufferedCount: buffered });
    expect(await deleteSchedule(world, "mine")).toMatchObject({ status: "deleted", bufferedCount: 0, skippedRuns: buffered });
    const ticks = await world.backend.listTicks({ scheduleId: (await findSchedule(world, "mine")).scheduleId, decision: "skipped", limit: 1000 });
    expect(ticks).toHaveLength(buffered);
    expect(new Set(ticks.map(({ reason }) => reason))).toEqual(new Set(["its schedule was deleted"]));
  });

  test("what does not fit its status is refused, and changes nothing", async () => {
    const refused = { code: "SCHEDULE_STATUS", scheduleId: "mine" };
    await expect(resumeSchedule(world, "mine")).rejects.toMatchObject({ ...refused, status: "active" });
    await pauseSchedule(world, "mine");
    await expect(pauseSchedule(world, "mine")).rejects.toMatchObject({ ...refused, status: "paused", hint: expect.stringContaining("resume mine") });
    await deleteSchedule(world, "mine");
    const { version } = await findSchedule(world, "mine");
    await expect(deleteSchedule(world, "mine")).rejects.toMatchObject({ ...refused, status: "deleted" });
    await expect(pauseSchedule(world, "mine")).rejects.toMatchObject({ ...refused, status: "deleted" });
    await expect(updateSchedule(world, "mine", { description: "x" })).rejects.toMatchObject({ ...refused, status: "deleted" });
    expect((await findSchedule(world, "mine")).version).toBe(version);
  });
});

describe("updateSchedule", () => {
  const berlin = { cron: "0 9 * * *", timezone: "Europe/Berlin", endAt: "2026-12-31", jitter: "5m", description: "first" } as const;

  beforeEach(async () => {
    await world.create(report, berlin, { scheduleId: "mine", input: 1 });
  });

  const specOf = async () => scheduleRow(await findSchedule(world, "mine")).spec;

  test("keeps what is not named", async () => {
    const before = await specOf();
    await updateSchedule(world, "mine", { cron: "30 10 * * *" });
    expect(await specOf()).toEqual({ ...before, cron: "30 10 * * *" });
    expect(await findSchedule(world, "mine")).toMatchObject({ description: "first", input: encode(1), nextDueAt: Date.UTC(2026, 0, 15, 9, 30) });
  });

  test.each([
    { change: { interval: "2h" }, kind: { cron: null, interval: 7200 } },
    { change: { calendar: { dayOfWeek: 0 } }, kind: { cron: null, calendar: [{ second: 0, minute: 0, hour: 0, day_of_month: null, month: null, day_of_week: 0 }] } },
    { change: { at: "2026-02-01T09:00" }, kind: { cron: null, at: new Date("2026-02-01T08:00:00Z") } },
  ])("$change takes the place of the cron line", async ({ change, kind }) => {
    const before = await specOf();
    await updateSchedule(world, "mine", change);
    expect(await specOf()).toEqual({ ...before, ...kind });
  });

  test("null takes off", async () => {
    await updateSchedule(world, "mine", { endAt: null, jitter: null, description: null, timezone: null });
    const { spec, description } = scheduleRow(await findSchedule(world, "mine"));
    expect({ ...spec, description }).toMatchObject({ cron: "0 9 * * *", timezone: "UTC", end_at: null, jitter: null, description: null });
  });

  test("input and settings are those of later runs", async () => {
    const settings = { ...(await findSchedule(world, "mine")).settings, tags: ["new"] };
    await updateSchedule(world, "mine", { input: encode(2), settings });
    expect(await findSchedule(world, "mine")).toMatchObject({ input: encode(2), settings });
  });

  test.each([
    { change: { cron: "x" }, says: "cron: " },
    { change: { cron: "* * * * *", interval: "1h" }, says: "interval: cron says" },
    { change: { cron: null }, says: "nothing says when" },
    { change: { at: "2020-01-01" }, says: "passed" },
    { change: { endAt: "2026-01-15" }, says: "nothing is due" },
    { change: { overlapPolicy: "often" }, says: "overlapPolicy: " },
  ])("$change is refused, and nothing has changed", async ({ change, says }) => {
    const before = await findSchedule(world, "mine");
    await expect(updateSchedule(world, "mine", change as Parameters<typeof updateSchedule>[2])).rejects.toMatchObject({ code: "INVALID_SCHEDULE", message: expect.stringContaining(says) });
    expect(await findSchedule(world, "mine")).toEqual(before);
  });

  test("a due time that is late already stays due where the times stay", async () => {
    await world.create(report, { ...hourly, catchup: "all" }, { scheduleId: "late" });
    await world.pass(2.5 * hourMs);
    await updateSchedule(world, "late", { description: "later" });
    expect((await world.tick()).map(({ tick: { decision } }) => decision)).toContain("caught_up");
  });

  test("new times are due from now on, and none is decided twice", async () => {
    await world.create(report, { ...hourly, overlapPolicy: "allow_all" }, { scheduleId: "moved" });
    await world.pass(hourMs);
    expect(await world.tick()).toHaveLength(1);
    expect(await updateSchedule(world, "moved", { interval: "30m" })).toMatchObject({ nextDueAt: startMs + 1.5 * hourMs });
    const setBack = { backend: world.backend, clock: { ...systemClock, now: () => startMs + 10 } };
    expect(await updateSchedule(setBack, "moved", { interval: "10m" })).toMatchObject({ nextDueAt: startMs + hourMs + hourMs / 6 });
  });

  test("a paused one stays paused; a finished one can still be described", async () => {
    await pauseSchedule(world, "mine");
    expect(await updateSchedule(world, "mine", { cron: "0 10 * * *" })).toMatchObject({ status: "paused", nextDueAt: undefined });
    await world.create(report, { at: "2026-01-15T09:00" }, { scheduleId: "once" });
    await world.pass(hourMs);
    await world.tick();
    expect(await updateSchedule(world, "once", { description: "done" })).toMatchObject({ description: "done", nextDueAt: undefined });
  });
});

test("a decision on what somebody has changed meanwhile is made anew", async () => {
  const order: string[] = [];
  let meanwhile: (() => Promise<unknown>) | undefined;
  const racing = (backend: Backend): Backend => ({
    ...backend,
    async commitSchedules(batch) {
      const race = meanwhile;
      meanwhile = undefined;
      await race?.();
      const results = await backend.commitSchedules(batch);
      order.push(...results.map((result) => (result.accepted ? "accepted" : result.refused)));
      return results;
    },
  });
  world = new ScheduledWorld(racing);
  await world.create(report, hourly, { scheduleId: "mine", input: 1 });
  meanwhile = () => updateSchedule(world, "mine", { description: "theirs" });
  await updateSchedule(world, "mine", { overlapPolicy: "buffer_one" });
  expect(order).toEqual(["accepted", "version", "accepted"]);
  expect(await findSchedule(world, "mine")).toMatchObject({ description: "theirs", overlapPolicy: "buffer_one" });
  meanwhile = () => pauseSchedule(world, "mine");
  await expect(pauseSchedule(world, "mine")).rejects.toMatchObject({ code: "SCHEDULE_STATUS" });
});
