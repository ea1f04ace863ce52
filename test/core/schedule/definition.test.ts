import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asEncoded } from "../../../src/base/codec.js";
import { InvalidScheduleError } from "../../../src/core/errors.js";
import { definitionOf, optionsOf, refuseNever } from "../../../src/core/schedule/definition.js";
import type { ScheduleOptions } from "../../../src/core/schedule/options.js";
import type { ScheduleSpec } from "../../../src/core/schedule/schedule.js";
import { specs } from "../../support/schedule/specs.js";

const at = (time: string) => Date.parse(time);
const createdAt = at("2026-01-01T12:00Z");
const settings = { workflowName: "report", durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 };
const parts = { settings, input: asEncoded("j{}"), createdAt };
const define = (options: unknown) => definitionOf(options as ScheduleOptions, parts);

function refusal(fn: () => unknown): InvalidScheduleError {
  try {
    fn();
  } catch (error) {
    if (error instanceof InvalidScheduleError) return error;
    throw error;
  }
  return expect.fail("nothing was refused");
}

describe("what is left out", () => {
  test("UTC, skip, the latest within a day, no bounds, no jitter", () => {
    const { settings: its, input, ...definition } = define({ cron: "0 9 * * *" });
    expect(definition).toEqual({ spec: { when: { cron: "0 9 * * *" }, timezone: "UTC" }, overlapPolicy: "skip", catchup: "latest", catchupWindowMs: 86_400_000 });
    expect({ its, input }).toEqual({ its: settings, input: "j{}" });
  });

  test("what is undefined counts as left out", () => {
    const all = { cron: "0 9 * * *", interval: undefined, timezone: undefined, startAt: undefined, jitter: undefined, catchup: undefined, description: undefined };
    expect(define(all)).toEqual(define({ cron: "0 9 * * *" }));
  });
});

test("everything that can be said", () => {
  const options = {
    calendar: { dayOfMonth: 1, hour: 9 },
    timezone: "Europe/Berlin",
    startAt: new Date("2026-02-01T00:00Z"),
    endAt: "2027-01-01",
    jitter: "5m",
    overlapPolicy: "buffer_all",
    catchup: "all",
    catchupWindow: "2h",
    description: "the monthly report",
  };
  expect(define(options)).toEqual({
    spec: { when: { calendar: [{ dayOfMonth: 1, hour: 9 }] }, timezone: "Europe/Berlin", startAt: at("2026-02-01T00:00Z"), endAt: at("2026-12-31T23:00Z"), jitterMs: 300_000 },
    overlapPolicy: "buffer_all",
    catchup: "all",
    catchupWindowMs: 7_200_000,
    description: "the monthly report",
    input: "j{}",
    settings,
  });
});

test("an interval counts from startAt, or from the creation", () => {
  expect(define({ interval: "90m" }).spec.when).toEqual({ intervalMs: 5_400_000, anchor: createdAt });
  expect(define({ interval: 1.5, startAt: "2026-02-01T00:00Z" }).spec.when).toEqual({ intervalMs: 1500, anchor: at("2026-02-01T00:00Z") });
});

test.each([
  ["2026-07-01", "2026-06-30T22:00Z"],
  ["2026-07-01T09:30", "2026-07-01T07:30Z"],
  ["2026-07-01 09:30:15.25", "2026-07-01T07:30:15.250Z"],
  ["2026-07-01T09:30Z", "2026-07-01T09:30Z"],
  ["2026-07-01T09:30:00.123456+00:00", "2026-07-01T09:30:00.123Z"],
  ["2026-07-01T09:30:00-0500", "2026-07-01T14:30Z"],
  ["2026-03-29T02:30", "2026-03-29T01:00Z"],
  ["2026-10-25T02:30", "2026-10-25T00:30Z"],
])("a text without a zone is read in the schedule's: %s", (text, instant) => {
  expect(define({ at: text, timezone: "Europe/Berlin" }).spec.when).toEqual({ at: at(instant) });
});

test("a cron line is kept as it was written, with one blank between its fields; a macro in small letters", () => {
  expect(define({ cron: "  0   9 * *\tMON-fri " }).spec.when).toEqual({ cron: "0 9 * * MON-fri" });
  expect(define({ cron: "@Daily" }).spec.when).toEqual({ cron: "@daily" });
});

test("a length of jitter of none is none", () => {
  expect(define({ cron: "0 9 * * *", jitter: 0 }).spec).toEqual({ when: { cron: "0 9 * * *" }, timezone: "UTC" });
});

describe("refused, with the option and the next step", () => {
  test.each<readonly [unknown, string, string]>([
    // which of the four
    [{}, "schedule", "cron, interval, calendar, at"],
    [{ timezone: "UTC" }, "schedule", "cron, interval, calendar, at"],
    [{ cron: "0 9 * * *", interval: "5m" }, "interval", "cron"],
    [{ interval: "5m", at: "2026-02-01" }, "at", "interval"],
    [undefined, "schedule", "object"],
    ["0 9 * * *", "schedule", "object"],
    [{ corn: "0 9 * * *" }, "corn", "cron"],
    [{ cron: "0 9 * * *", overlap: "skip" }, "overlap", "overlapPolicy"],
    [{ cron: "0 9 * * *", frobnicate: 1 }, "frobnicate", "timezone"],
    // cron: the original's list of what is none, and more
    [{ cron: "" }, "cron", "no fields"],
    [{ cron: "* * *" }, "cron", "3 fields"],
    [{ cron: "* * * * * * *" }, "cron", "7 fields"],
    [{ cron: "60 * * * *" }, "cron", '"60" is no minute'],
    [{ cron: "* 25 * * *" }, "cron", '"25" is no hour'],
    [{ cron: "* * 32 * *" }, "cron", '"32" is no day of month'],
    [{ cron: "* * 0 * *" }, "cron", "15W is the weekday nearest"],
    [{ cron: "* * * 13 *" }, "cron", '"13" is no month'],
    [{ cron: "* * * * 8" }, "cron", '"8" is no day of week'],
    [{ cron: "invalid" }, "cron", "1 field"],
    [{ cron: "61 * * * * *" }, "cron", '"61" is no second'],
    [{ cron: "0 0 * foo *" }, "cron", '"foo" is no month'],
    [{ cron: "0 0 * * monday" }, "cron", '"monday" is no day of week'],
    [{ cron: "0 0 * * mon#6" }, "cron", '"mon#6" is no day of week'],
    [{ cron: "0 22-4 * * *" }, "cron", "low before high"],
    [{ cron: "*/0 * * * *" }, "cron", '"*/0" is no minute'],
    [{ cron: "1,,2 * * * *" }, "cron", '"1,,2" is no minute'],
    [{ cron: "5/5 * * * *" }, "cron", '"5/5" is no minute'],
    [{ cron: "0 0 * * 12:30" }, "cron", '"12:30" is no day of week'],
    [{ cron: "2026-01-01T00:00:00Z" }, "cron", "1 field"],
    [{ cron: "@dayly" }, "cron", "@daily"],
    [{ cron: "@reboot" }, "cron", "@hourly"],
    [{ cron: 5 }, "cron", "5 is no text"],
    // intervals
    [{ interval: "5 minutes" }, "interval", "1h30m"],
    [{ interval: "0s" }, "interval", "1s is the shortest"],
    [{ interval: 0.999 }, "interval", "999ms is too short"],
    [{ interval: -5 }, "interval", "-5"],
    [{ interval: {} }, "interval", "an object"],
    // calendars
    [{ calendar: [] }, "calendar", "no entry"],
    [{ calendar: "day=1" }, "calendar", "dayOfMonth"],
    [{ calendar: null }, "calendar", "null"],
    [{ calendar: { month: 13 } }, "calendar.month", "1 to 12"],
    [{ calendar: { month: 0 } }, "calendar.month", "1 to 12"],
    [{ calendar: [{}, { dayOfWeek: 7 }] }, "calendar[1].dayOfWeek", "6 is Sunday"],
    [{ calendar: [{ dayOfMonth: 32 }] }, "calendar[0].dayOfMonth", "1 to 31"],
    [{ calendar: { hour: 24 } }, "calendar.hour", "0 to 23"],
    [{ calendar: { minute: 1.5 } }, "calendar.minute", "whole number"],
    [{ calendar: { second: "5" } }, "calendar.second", '"5"'],
    [{ calendar: [{}, {}, { weekday: 1 }] }, "calendar[2].weekday", "dayOfWeek"],
    [{ calendar: [7] }, "calendar[0]", "7 is no object"],
    // times
    [{ at: "tomorrow" }, "at", "2026-03-01"],
    [{ at: "2026-02-30" }, "at", "2026-02-30"],
    [{ at: "2026-02-01T25:00" }, "at", "2026-02-01T25:00"],
    [{ at: "2026-02-01T09:00+99:00" }, "at", "+99:00"],
    [{ at: new Date(Number.NaN) }, "at", "invalid Date"],
    [{ at: new Date(8e15) }, "at", "is no time"],
    [{ at: 1_800_000_000_000 }, "at", "1800000000000"],
    [{ cron: "0 9 * * *", startAt: "soon" }, "startAt", "soon"],
    [{ cron: "0 9 * * *", endAt: true }, "endAt", "true"],
    [{ cron: "0 9 * * *", startAt: "2026-02-01", endAt: "2026-02-01" }, "endAt", "startAt"],
    // the rest
    [{ cron: "0 9 * * *", timezone: "Europe/Berln" }, "timezone", "Europe/Berlin?"],
    [{ cron: "0 9 * * *", timezone: "new york" }, "timezone", "America/New_York?"],
    [{ cron: "0 9 * * *", timezone: "" }, "timezone", "IANA"],
    [{ cron: "0 9 * * *", timezone: "+01:00" }, "timezone", "+01:00"],
    [{ cron: "0 9 * * *", timezone: null }, "timezone", "null is no text"],
    [{ cron: "0 9 * * *", timezone: 1 }, "timezone", "1 is no text"],
    [{ cron: "0 9 * * *", jitter: "a bit" }, "jitter", "a bit"],
    [{ cron: "0 9 * * *", overlapPolicy: "buffer-one" }, "overlapPolicy", "buffer_one?"],
    [{ cron: "0 9 * * *", overlapPolicy: null }, "overlapPolicy", "null"],
    [{ cron: "0 9 * * *", catchup: "lates" }, "catchup", "latest?"],
    [{ cron: "0 9 * * *", catchupWindow: "1y" }, "catchupWindow", "1y"],
    [{ cron: "0 9 * * *", description: 5 }, "description", "5 is no text"],
  ])("%j", (options, option, said) => {
    const error = refusal(() => define(options));
    expect(error.option).toBe(option);
    expect(error.message.startsWith(`${option}: `)).toBe(true);
    expect(`${error.message} (${error.hint})`).toContain(said);
  });
});

test("the options of a definition define the same again, by way of JSON too", () => {
  const rest = fc.record(
    {
      jitter: fc.nat({ max: 10_000_000_000 }).map((ms) => ms / 1000),
      overlapPolicy: fc.constantFrom("skip", "buffer_one", "buffer_all", "cancel_other", "allow_all"),
      catchup: fc.constantFrom("none", "latest", "all"),
      catchupWindow: fc.nat({ max: 10_000_000_000 }).map((ms) => ms / 1000),
      description: fc.string(),
    },
    { requiredKeys: [] },
  );
  const times: fc.Arbitrary<ScheduleOptions> = fc.oneof(
    specs.map(({ spec }) => optionsFor(spec)),
    fc.date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }).map((once) => ({ at: once, timezone: "America/Santiago" })),
  );
  fc.assert(
    fc.property(times, rest, (when, more) => {
      fc.pre(!(when.startAt !== undefined && when.endAt !== undefined && when.startAt >= when.endAt));
      const definition = define({ ...when, ...more });
      expect(define(optionsOf(definition))).toEqual(definition);
      expect(define(JSON.parse(JSON.stringify(optionsOf(definition))))).toEqual(definition);
    }),
    { numRuns: 500 },
  );
});

function optionsFor({ when, timezone, startAt, endAt }: ScheduleSpec): ScheduleOptions {
  const times = "intervalMs" in when ? { interval: when.intervalMs / 1000 } : "at" in when ? { at: new Date(when.at) } : when;
  return { ...times, timezone, ...(startAt !== undefined && { startAt: new Date(startAt) }), ...(endAt !== undefined && { endAt: new Date(endAt) }) };
}

describe("what never comes", () => {
  const now = at("2026-06-01T00:00Z");
  const never = (options: ScheduleOptions) => refusal(() => refuseNever(define(options).spec, now));

  test.each<readonly [ScheduleOptions, string, string]>([
    [{ cron: "0 0 30 2 *" }, "cron", "cron: 0 0 30 2 * (UTC) never comes"],
    [{ cron: "0 0 31 4,6 *", endAt: "2030-01-01" }, "cron", "cron: 0 0 31 4,6 * (UTC) never comes"],
    [{ calendar: { month: 2, dayOfMonth: 30 } }, "calendar", "calendar: Day 30 in Feb at 00:00:00 (UTC) never comes"],
    [{ at: "2026-05-31T23:59" }, "at", "at: its only due time, 2026-05-31 23:59:00 (UTC), has passed"],
    [{ cron: "0 9 * * *", endAt: "2026-05-01" }, "endAt", "nothing is due"],
    [{ cron: "0 9 1 1 *", startAt: "2026-02-01", endAt: "2026-12-31" }, "endAt", "nothing is due"],
    [{ at: "2026-07-01", startAt: "2026-08-01" }, "startAt", "nothing is due"],
  ])("%j", (options, option, said) => {
    const error = never(options);
    expect(error.option).toBe(option);
    expect(error.message).toContain(said);
  });

  test("what comes in the end is none of that", () => {
    for (const options of [{ cron: "0 0 29 2 *" }, { calendar: { month: 2, dayOfMonth: 29, dayOfWeek: 0 } }, { interval: "5m" }, { at: "2026-06-01T00:00:00.001Z" }, { cron: "0 9 * * *", endAt: "2026-06-02" }]) {
      expect(() => refuseNever(define(options).spec, now)).not.toThrow();
    }
  });
});
