import { Chalk } from "chalk";
import { beforeEach, describe, expect, test } from "vitest";
import type { Screen } from "../../src/cli/screen.js";
import { runCard } from "../../src/cli/views/run-card.js";
import type { Config } from "../../src/config/config.js";
import { defaults } from "../../src/core/defaults.js";
import type { OverlapPolicy } from "../../src/core/schedule/schedule.js";
import { hook, workflow } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import { backfillSchedule, planBackfill } from "../../src/services/backfill-schedule.js";
import { deleteSchedule, pauseSchedule, resumeSchedule } from "../../src/services/change-schedule.js";
import { findSchedule } from "../../src/services/find-schedule.js";
import { listRuns } from "../../src/services/list-runs.js";
import { listTicks, tickRow } from "../../src/services/list-ticks.js";
import type { Project } from "../../src/services/project.js";
import { showRun } from "../../src/services/show-run.js";
import { triggerSchedule } from "../../src/services/trigger-schedule.js";
import { startRun } from "../support/in-memory.js";
import { hourMs, ScheduledWorld, startMs } from "../support/scheduled-world.js";

const report = workflow("asked.report", async () => {});
const waits = workflow("asked.waits", async () => hook("go"));
const [dayStart, dayEnd] = [Date.UTC(2026, 0, 14), Date.UTC(2026, 0, 15)];
const day = { start: dayStart, end: dayEnd };
const hours = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);

const screen: Screen = { terminal: true, width: 200, utc: true, nowMs: startMs, paint: new Chalk({ level: 0 }) };

let world: ScheduledWorld;

beforeEach(() => {
  world = new ScheduledWorld();
});

describe("triggerSchedule", () => {
  test("starts a run now, marked as triggered, and the next due time stays", async () => {
    const { nextDueAt } = await world.create(report, { cron: "0 * * * *" }, { scheduleId: "mine" });
    const { tick, schedule } = await triggerSchedule(world, "mine");
    expect(tick).toMatchObject({ kind: "trigger", due: startMs, decidedAt: startMs, decision: "fired" });
    expect(schedule).toMatchObject({ nextDueAt, totalRuns: 1, lastRunAt: startMs, lastRunId: tick.runId });
    expect(await world.runsOf(schedule)).toEqual(["08:30 trigger pending"]);
    await world.execute(report);
    expect(await findSchedule(world, "mine")).toMatchObject({ successfulRuns: 1 });
  });

  test("several in one millisecond are several ticks", async () => {
    await world.create(report, { cron: "0 * * * *", overlapPolicy: "allow_all" }, { scheduleId: "mine" });
    const dues: number[] = [];
    for (let n = 0; n < 4; n++) dues.push((await triggerSchedule(world, "mine")).tick.due - startMs);
    expect(dues).toEqual([0, 1, 2, 3]);
    const together = await Promise.all(Array.from({ length: 3 }, () => triggerSchedule(world, "mine")));
    expect(together.map(({ tick: { due } }) => due - startMs).toSorted((a, b) => a - b)).toEqual([4, 5, 6]);
    expect(await findSchedule(world, "mine")).toMatchObject({ totalRuns: 7 });
  });

  test.each<{ policy: OverlapPolicy; decision: string; live: number }>([
    { policy: "skip", decision: "skipped", live: 2 },
    { policy: "buffer_one", decision: "buffered", live: 2 },
    { policy: "buffer_all", decision: "buffered", live: 2 },
    { policy: "cancel_other", decision: "cancelled_other", live: 3 },
    { policy: "allow_all", decision: "fired", live: 3 },
  ])("beside two live runs the policy $policy that is asked for says $decision", async ({ policy, decision, live }) => {
    const schedule = await world.create(waits, { cron: "0 * * * *", overlapPolicy: "allow_all" }, { scheduleId: "mine" });
    for (let n = 0; n < 2; n++) await triggerSchedule(world, "mine");
    await world.execute(waits);
    const { tick } = await triggerSchedule(world, "mine", { overlapPolicy: policy });
    expect(tick.decision).toBe(decision);
    expect(tick.runId !== undefined).toBe(live === 3);
    const runs = await world.backend.listRuns({ scheduleId: schedule.scheduleId, limit: 10 });
    expect(runs).toHaveLength(live);
    expect(runs.filter(({ cancellationRequested }) => cancellationRequested)).toHaveLength(policy === "cancel_other" ? 2 : 0);
  });

  test("works on a paused schedule, where what is buffered waits for its resumption; not on a deleted one", async () => {
    const schedule = await world.create(report, { cron: "0 * * * *", overlapPolicy: "buffer_all" }, { scheduleId: "mine" });
    await pauseSchedule(world, "mine");
    await triggerSchedule(world, "mine");
    expect((await triggerSchedule(world, "mine")).tick).toMatchObject({ decision: "buffered" });
    await world.execute(report);
    expect(await world.tick()).toEqual([]);
    await resumeSchedule(world, "mine");
    expect((await world.tick()).map(({ tick: { kind, decision } }) => [kind, decision])).toEqual([["trigger", "fired"]]);
    await deleteSchedule(world, "mine");
    await expect(triggerSchedule(world, "mine")).rejects.toMatchObject({ code: "SCHEDULE_STATUS", status: "deleted" });
    expect(await world.runsOf(schedule)).toHaveLength(2);
  });

  test("knows every live run where the policy asks them all to end", async () => {
    const { scheduleId } = await world.create(waits, { cron: "0 * * * *", overlapPolicy: "cancel_other" });
    for (let n = 0; n < 3; n++) await triggerSchedule(world, scheduleId, { overlapPolicy: "allow_all" });
    await world.execute(waits);
    expect((await triggerSchedule(world, scheduleId)).tick.decision).toBe("cancelled_other");
    const asked = (await world.backend.listRuns({ scheduleId, limit: 10 })).filter(({ cancellationRequested }) => cancellationRequested);
    expect(asked).toHaveLength(3);
  });
});

describe("backfillSchedule", () => {
  const one = "00:00 backfill completed";
  test.each<{ policy: OverlapPolicy; decided: Readonly<Record<string, number>>; runs: readonly string[] }>([
    { policy: "skip", decided: { fired: 1, skipped: 23 }, runs: [one] },
    { policy: "buffer_one", decided: { fired: 1, buffered: 1, skipped: 22 }, runs: [one, "01:00 backfill completed"] },
    { policy: "buffer_all", decided: { fired: 1, buffered: 23 }, runs: hours.map((hour) => `${hour} backfill completed`) },
    { policy: "cancel_other", decided: { fired: 1, cancelled_other: 23 }, runs: hours.map((hour) => `${hour} backfill ${hour === "23:00" ? "completed" : "cancelled"}`) },
    { policy: "allow_all", decided: { fired: 24 }, runs: hours.map((hour) => `${hour} backfill completed`) },
  ])("a day of an hourly schedule under $policy: the runs that it demands, in order", async ({ policy, decided, runs }) => {
    const schedule = await world.create(report, { cron: "0 * * * *", overlapPolicy: policy });
    const { ticks, runIds, passedOver } = await backfillSchedule(world, schedule.scheduleId, day);
    expect(ticks.map(({ due }) => new Date(due).toISOString().slice(11, 16))).toEqual(hours);
    expect(counted(ticks.map(({ decision }) => decision))).toEqual(decided);
    expect([...runIds].toSorted()).toEqual(runIds);
    expect(passedOver).toBe(0);
    do await world.execute(report);
    while ((await world.tick()).length > 0);
    expect(await world.runsOf(schedule)).toEqual(runs);
    expect(await findSchedule(world, schedule.scheduleId)).toMatchObject({ totalRuns: runs.length, bufferedCount: 0, nextDueAt: schedule.nextDueAt });
  });

  test("the start belongs to it, the end does not; jitter does not apply", async () => {
    const { scheduleId } = await world.create(report, { interval: "15m", startAt: "2026-01-01", jitter: "10m", overlapPolicy: "allow_all" });
    const { ticks } = await backfillSchedule(world, scheduleId, { start: dayStart, end: dayStart + hourMs });
    expect(ticks.map(({ due }) => (due - dayStart) / 60_000)).toEqual([0, 15, 30, 45]);
    expect(ticks.map(({ decidedAt }) => decidedAt)).toEqual([startMs, startMs, startMs, startMs]);
  });

  test("of an interval that began with its schedule, the times before that count too", async () => {
    const { scheduleId } = await world.create(report, { interval: "1h", overlapPolicy: "allow_all" });
    const { ticks } = await backfillSchedule(world, scheduleId, { start: startMs - 3 * hourMs, end: startMs });
    expect(ticks.map(({ due }) => (due - startMs) / hourMs)).toEqual([-3, -2, -1]);
  });

  test("asked for again, it takes up what has come to nothing, and passes over what runs or is buffered", async () => {
    const schedule = await world.create(report, { cron: "0 * * * *", overlapPolicy: "buffer_one" });
    await backfillSchedule(world, schedule.scheduleId, day);
    expect(await planBackfill(world, schedule.scheduleId, day)).toMatchObject({ passedOver: 2, dues: { length: 22 } });
    const again = await backfillSchedule(world, schedule.scheduleId, { ...day, overlapPolicy: "buffer_all" });
    expect([again.ticks.length, again.runIds, again.passedOver]).toEqual([22, [], 2]);
    do await world.execute(report);
    while ((await world.tick()).length > 0);
    expect(await world.runsOf(schedule)).toEqual(hours.map((hour) => `${hour} backfill completed`));
    expect(await backfillSchedule(world, schedule.scheduleId, day)).toMatchObject({ ticks: [], runIds: [], passedOver: 24, schedule: { totalRuns: 24, skippedRuns: 0 } });
  });

  test("two at once start each due time once", async () => {
    const schedule = await world.create(report, { cron: "*/5 * * * *", overlapPolicy: "allow_all" });
    const both = await Promise.all([backfillSchedule(world, schedule.scheduleId, day), backfillSchedule(world, schedule.scheduleId, day)]);
    const runIds = both.flatMap((result) => result.runIds);
    expect([runIds.length, new Set(runIds).size]).toEqual([288, 288]);
    expect(both.map(({ passedOver }) => passedOver).reduce((sum, count) => sum + count)).toBe(288);
    expect(new Set(await world.runsOf(schedule)).size).toBe(288);
  });

  test("goes in parts, and tells how far it is", async () => {
    const { scheduleId } = await world.create(report, { cron: "*/5 * * * *", overlapPolicy: "allow_all" });
    const told: (readonly [number, number])[] = [];
    await backfillSchedule(world, scheduleId, { ...day, onProgress: (done, of) => void told.push([done, of]) });
    expect(told).toEqual([
      [100, 288],
      [200, 288],
      [288, 288],
    ]);
  });

  test("too many, and an end before the start, are refused before anything is written", async () => {
    const { scheduleId } = await world.create(report, { cron: "* * * * * *" });
    const { backfillMax } = defaults.schedule;
    await expect(backfillSchedule(world, scheduleId, { start: dayStart, end: dayStart + (backfillMax + 1) * 1000 })).rejects.toMatchObject({ code: "INVALID_SCHEDULE", option: "end" });
    await expect(backfillSchedule(world, scheduleId, { start: dayStart, end: dayStart })).rejects.toMatchObject({ code: "INVALID_SCHEDULE", option: "end" });
    await deleteSchedule(world, scheduleId);
    await expect(backfillSchedule(world, scheduleId, day)).rejects.toMatchObject({ code: "SCHEDULE_STATUS" });
    expect(await listTicks(world, scheduleId, { kind: "backfill" })).toEqual([]);
    expect(await planBackfill(world, (await world.create(report, { cron: "* * * * * *" })).scheduleId, { start: dayStart, end: dayStart + backfillMax * 1000 })).toMatchObject({ dues: { length: backfillMax } });
  });

  test("of a paused schedule, too; and no due time at all is no error", async () => {
    const schedule = await world.create(report, { cron: "0 * * * *" });
    await pauseSchedule(world, schedule.scheduleId);
    expect(await backfillSchedule(world, schedule.scheduleId, { start: dayStart, end: dayStart + 1 })).toMatchObject({ schedule: { status: "paused", nextDueAt: undefined }, ticks: { length: 1 } });
    expect(await backfillSchedule(world, schedule.scheduleId, { start: dayStart + 1, end: dayStart + 2 })).toMatchObject({ ticks: [], runIds: [], passedOver: 0 });
  });
});

test("a run tells the schedule that started it, and its due time; and can be found by them", async () => {
  const { scheduleId } = await world.create(report, { cron: "0 * * * *" });
  const { runIds } = await backfillSchedule(world, scheduleId, { start: dayStart, end: dayStart + 1 });
  const byHand = await startRun(world.backend, report);
  const project: Project = { backend: world.backend, clock: world.clock, config: {} as Config, locks: processLocksOf({ backend: "memory" }), close: () => world.backend.close() };
  const { card } = await showRun(project, { id: String(runIds[0]) });
  expect(card).toMatchObject({ schedule_id: scheduleId, scheduled_time: new Date(dayStart), schedule_kind: "backfill" });
  expect(runCard({ card, waitsFor: [], unserved: false }, screen)).toContain(`Scheduled: 2026-01-14 00:00:00Z by ${scheduleId} (backfill)`);
  expect((await showRun(project, { id: byHand })).card).toMatchObject({ schedule_id: null, scheduled_time: null, schedule_kind: null });
  expect((await listRuns(project, { scheduleId })).runs.map(({ runId }) => runId)).toEqual(runIds);
});

test("listTicks tells the ledger, newest due time first", async () => {
  await world.create(waits, { cron: "0 * * * *" }, { scheduleId: "mine" });
  const { tick } = await triggerSchedule(world, "mine");
  await world.pass(hourMs / 2);
  await world.tick();
  const ticks = await listTicks(world, "mi");
  expect(ticks.map(tickRow)).toEqual([
    { due: new Date(Date.UTC(2026, 0, 15, 9)), decided_at: new Date(startMs + hourMs / 2), decision: "skipped", reason: `${tick.runId} has not ended (overlap: skip)`, kind: "schedule", run_id: null },
    { due: new Date(startMs), decided_at: new Date(startMs), decision: "fired", reason: "triggered by hand", kind: "trigger", run_id: tick.runId },
  ]);
  expect(await listTicks(world, "mine", { limit: 1 })).toEqual(ticks.slice(0, 1));
  expect(await listTicks(world, "mine", { kind: "trigger" })).toEqual(ticks.slice(1));
  expect(await listTicks(world, "mine", { decision: "buffered" })).toEqual([]);
});

function counted(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
