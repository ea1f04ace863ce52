import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { InvalidScheduleError, openEngine, runContext, step, workflow } from "../../src/index.js";
import type { NewScheduleOptions, Schedules, WorkflowDefinition } from "../../src/index.js";
import { schedulesOf } from "../../src/services/schedules.js";
import { hourMs, ScheduledWorld, startMs } from "../support/scheduled-world.js";

const echo = step("api.echo", async (text: string) => text);
const report = workflow({ name: "api.report", input: z.object({ city: z.string().default("Bern"), days: z.number().default(1) }) }, async ({ city }) => echo(`${city} ${runContext().scheduledTime?.toISOString()}`));
const strict = workflow({ name: "api.strict", input: z.object({ city: z.string() }) }, async ({ city }) => city);

let world: ScheduledWorld;
let schedules: Schedules;

beforeEach(() => {
  world = new ScheduledWorld();
  schedules = schedulesOf({ backend: world.backend, clock: world.clock, config: world.config, findWorkflow: (name) => (name === report.name ? report : undefined) });
});

describe("create", () => {
  test("gives the schedule as a plain value", async () => {
    const schedule = await schedules.create(report, { cron: "0 9 * * *", timezone: "Europe/Berlin", scheduleId: "mine", description: "the report", input: { city: "Basel", days: 2 } });
    expect(schedule).toEqual({
      scheduleId: "mine",
      workflowName: "api.report",
      status: "active",
      options: { cron: "0 9 * * *", timezone: "Europe/Berlin", overlapPolicy: "skip", catchup: "latest", catchupWindow: "1d", description: "the report" },
      input: { city: "Basel", days: 2 },
      nextRunTime: new Date("2026-01-16T08:00:00Z"),
      lastRunAt: undefined,
      lastRunId: undefined,
      totalRuns: 0,
      successfulRuns: 0,
      failedRuns: 0,
      skippedRuns: 0,
      missedRuns: 0,
      bufferedCount: 0,
      createdAt: new Date(startMs),
      updatedAt: new Date(startMs),
    });
    expect(await schedules.get("mine")).toEqual(schedule);
  });

  test("its options make the same schedule again", async () => {
    const first = await schedules.create(report, { calendar: [{ dayOfMonth: 1, hour: 9 }, { dayOfWeek: 4 }], startAt: new Date("2026-02-01T00:00:00Z"), jitter: "90s", overlapPolicy: "buffer_all" });
    const second = await schedules.create(report, first.options);
    expect({ ...second, scheduleId: first.scheduleId }).toEqual(first);
  });

  test("the schema completes an input that is not given", async () => {
    expect((await schedules.create(report, { interval: "1h" })).input).toEqual({ city: "Bern", days: 1 });
    await expect(schedules.create(strict, { interval: "1h" })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  test.each<{ what: string; options: object; code: string }>([
    { what: "an option that there is not", options: { interval: "1h", overlap: "skip" }, code: "INVALID_SCHEDULE" },
    { what: "an id that is none", options: { interval: "1h", scheduleId: "" }, code: "INVALID_SCHEDULE" },
    { what: "an input of another type", options: { interval: "1h", input: { city: 1 } }, code: "INVALID_INPUT" },
  ])("$what is refused, and nothing is recorded", async ({ options, code }) => {
    await expect(schedules.create(report, options as NewScheduleOptions<never>)).rejects.toMatchObject({ code });
    expect(await schedules.list()).toEqual([]);
  });

  test("what is no workflow is refused", async () => {
    await expect(schedules.create(undefined as unknown as WorkflowDefinition, { interval: "1h" })).rejects.toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("schedules.create()") });
  });
});

describe("what TypeScript would refuse", () => {
  type Call = (...args: unknown[]) => Promise<unknown>;

  test.each<[keyof Schedules, readonly unknown[], string, string]>([
    ["create", [report], "options", "write an object"],
    ["create", [report, null], "options", "write an object"],
    ["create", [report, { interval: "1h", overlap: "skip" }], "overlap", "did you mean overlapPolicy?"],
    ["create", [report, { interval: "1h", scheduleId: "-x" }], "scheduleId", "begin with a letter"],
    ["list", [{ status: "foo" }], "status", "did you mean statuses?"],
    ["list", [{ statuses: "paused" }], "statuses", "write a list"],
    ["list", [{ statuses: ["pausd"] }], "statuses", "did you mean paused?"],
    ["list", [{ limit: 1.5 }], "limit", "from 1"],
    ["update", ["mine"], "change", "write an object"],
    ["update", ["mine", { foo: null }], "foo", "cron"],
    ["update", ["mine", { settings: {} }], "settings", "there is no such option"],
    ["trigger", ["mine", null], "options", "write an object"],
    ["trigger", ["mine", { overlap: "skip" }], "overlap", "did you mean overlapPolicy?"],
    ["trigger", ["mine", { overlapPolicy: null }], "overlapPolicy", "null is none of"],
    ["backfill", ["mine"], "range", "write an object"],
    ["backfill", ["mine", { end: "2026-01-02" }], "start", "undefined is no time"],
    ["backfill", ["mine", { start: "2026-01-01", end: "2026-01-02", onProgress: true }], "onProgress", "no function"],
    ["ticks", ["mine", { kind: "foo" }], "kind", "trigger"],
    ["ticks", ["mine", { decision: "fird" }], "decision", "did you mean fired?"],
    ["ticks", ["mine", { limit: -1 }], "limit", "from 1"],
    ["next", [], "schedule", "write an object"],
    ["next", [{ corn: "* * * * *" }], "corn", "did you mean cron?"],
    ["next", ["mine", { count: "3" }], "count", "from 1"],
  ])("%s, case %#: refused with the option, and nothing is changed", async (...[name, args, option, said]) => {
    await schedules.create(report, { interval: "1h", scheduleId: "mine" });
    const before = await schedules.list();
    const error: unknown = await (schedules[name] as Call)(...args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidScheduleError);
    const refused = error as InvalidScheduleError;
    expect([refused.option, `${refused.message}; ${refused.hint}`]).toEqual([option, expect.stringContaining(said)]);
    expect(await schedules.list()).toEqual(before);
    expect(await schedules.ticks("mine")).toEqual([]);
  });
});

describe("whole ids", () => {
  test("the beginning of one names nothing", async () => {
    await schedules.create(report, { interval: "1h", scheduleId: "mine" });
    const unknown = { code: "SCHEDULE_NOT_FOUND", query: "min" };
    expect(await schedules.get("min")).toBeUndefined();
    expect(await schedules.get("@last")).toBeUndefined();
    for (const call of ["pause", "resume", "delete", "trigger", "ticks", "next"] as const) await expect(schedules[call]("min")).rejects.toMatchObject(unknown);
    await expect(schedules.update("min", { description: "x" })).rejects.toMatchObject(unknown);
    await expect(schedules.backfill("min", { start: "2026-01-01", end: "2026-01-02" })).rejects.toMatchObject(unknown);
    expect(await schedules.get("mine")).toMatchObject({ status: "active", totalRuns: 0 });
  });
});

describe("the life of a schedule", () => {
  beforeEach(async () => {
    await schedules.create(report, { cron: "0 * * * *", timezone: "Asia/Tokyo", scheduleId: "mine" });
  });

  test("pause, resume, delete", async () => {
    expect(await schedules.pause("mine")).toMatchObject({ status: "paused", nextRunTime: undefined });
    await world.pass(hourMs);
    expect(await schedules.resume("mine")).toMatchObject({ status: "active", nextRunTime: new Date(startMs + 1.5 * hourMs), updatedAt: new Date(startMs + hourMs) });
    expect(await schedules.delete("mine")).toMatchObject({ status: "deleted" });
    expect(await schedules.list()).toEqual([]);
    expect(await schedules.list({ statuses: ["deleted"], workflowName: "api.report" })).toMatchObject([{ scheduleId: "mine" }]);
    await expect(schedules.trigger("mine")).rejects.toMatchObject({ code: "SCHEDULE_STATUS" });
  });

  test("update, with an input that its workflow takes", async () => {
    expect(await schedules.update("mine", { interval: "2h", timezone: null, input: { city: "Genf", days: 3 } })).toMatchObject({ options: { interval: "2h", timezone: "UTC" }, input: { city: "Genf", days: 3 } });
    await expect(schedules.update("mine", { input: { city: 1 } })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await schedules.create(strict, { interval: "1h", scheduleId: "foreign", input: { city: "Chur" } });
    await expect(schedules.update("foreign", { input: { city: "Thun" } })).rejects.toMatchObject({ code: "WORKFLOW_NOT_FOUND" });
    expect(await schedules.update("foreign", { description: "without the definition" })).toMatchObject({ input: { city: "Chur" } });
    expect((await schedules.pause("foreign")).options).toMatchObject({ description: "without the definition" });
    const bare = await schedules.update("foreign", { description: null });
    expect(bare.options).not.toHaveProperty("description");
    expect(bare).toEqual(await schedules.get("foreign"));
  });

  test("a trigger says what was decided, and the run what it was started for", async () => {
    const tick = await schedules.trigger("mine");
    expect(tick).toEqual({ kind: "trigger", scheduledTime: new Date(startMs), decidedAt: new Date(startMs), decision: "fired", reason: "triggered by hand", runId: expect.stringMatching(/^run_/) });
    expect(await schedules.trigger("mine")).toMatchObject({ decision: "skipped", reason: expect.stringContaining(String(tick.runId)) });
    expect(await schedules.trigger("mine", { overlapPolicy: "buffer_one" })).toMatchObject({ decision: "buffered" });
    await expect(schedules.trigger("mine", { overlapPolicy: "sometimes" as "skip" })).rejects.toMatchObject({ code: "INVALID_SCHEDULE", option: "overlapPolicy" });
    expect(await schedules.ticks("mine", { decision: "fired" })).toEqual([tick]);
    expect((await schedules.ticks("mine")).map(({ decision }) => decision)).toEqual(["buffered", "skipped", "fired"]);
    expect(await schedules.get("mine")).toMatchObject({ totalRuns: 1, skippedRuns: 1, bufferedCount: 1, lastRunId: tick.runId });
  });

  test("a backfill reads times without a zone in the schedule's", async () => {
    const { ticks, runIds, passedOver } = await schedules.backfill("mine", { start: "2026-01-10", end: new Date("2026-01-09T18:00:00Z"), overlapPolicy: "allow_all" });
    expect(ticks.map(({ scheduledTime }) => scheduledTime.toISOString())).toEqual(["2026-01-09T15:00:00.000Z", "2026-01-09T16:00:00.000Z", "2026-01-09T17:00:00.000Z"]);
    expect(ticks.map(({ runId }) => runId)).toEqual(runIds);
    expect(passedOver).toBe(0);
    await expect(schedules.backfill("mine", { start: "soon", end: "2026-01-11" })).rejects.toMatchObject({ code: "INVALID_SCHEDULE", option: "start" });
  });

  test("next tells the times to come, of a schedule or of one that there is not", async () => {
    expect(await schedules.next("mine", { count: 1 })).toEqual([{ scheduledTime: new Date("2026-01-15T09:00:00Z"), local: "2026-01-15T18:00:00+09:00" }]);
    expect(await schedules.next("mine", { count: 1, from: "2026-01-15T12:00" })).toMatchObject([{ scheduledTime: new Date("2026-01-15T03:00:00Z") }]);
    expect(await schedules.next({ interval: "1h" })).toHaveLength(10);
    await expect(schedules.next({ cron: "x" })).rejects.toMatchObject({ code: "INVALID_SCHEDULE" });
  });
});

test("engine.schedules works on the engine's store, and its runs execute there", async () => {
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [report], onNote: () => {} });
  onTestFinished(() => engine.close());
  await engine.schedules.create(report, { cron: "0 9 * * *", timezone: "Europe/Berlin", scheduleId: "mine" });
  const { runId, scheduledTime } = await engine.schedules.trigger("mine");
  expect(await engine.run(String(runId)).result()).toBe(`Bern ${scheduledTime.toISOString()}`);
  expect(await engine.schedules.get("mine")).toMatchObject({ totalRuns: 1, successfulRuns: 1 });
  expect(await engine.schedules.update("mine", { input: { city: "Basel", days: 1 } })).toMatchObject({ input: { city: "Basel", days: 1 } });
});
