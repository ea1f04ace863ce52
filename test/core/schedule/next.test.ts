import { describe, expect, test } from "vitest";
import { dueTimes, firesAt, nextDue } from "../../../src/core/schedule/next.js";
import { parseScheduleId, type ScheduleId } from "../../../src/core/ids.js";
import type { CalendarEntry, ScheduleSpec, When } from "../../../src/core/schedule/schedule.js";

const at = (time: string) => Date.parse(time);
const seconds = 1000;
const minutes = 60_000;
const hours = 3_600_000;
const days = 86_400_000;

/** The first `count` due times after a time, in UTC. */
function dues(when: When, after: string, { count = 1, ...more }: Partial<ScheduleSpec> & { count?: number } = {}): readonly string[] {
  const spec = { when, timezone: "UTC", ...more };
  const times: string[] = [];
  for (let due = nextDue(spec, at(after)); due !== undefined && times.length < count; due = nextDue(spec, due)) {
    times.push(new Date(due).toISOString().replace(/:00\.000Z$|\.000Z$/, "Z"));
  }
  return times;
}

const cron = (line: string, after: string, count = 1) => dues({ cron: line }, after, { count });
const calendar = (entry: CalendarEntry | CalendarEntry[], after: string, count = 1) => dues({ calendar: [entry].flat() }, after, { count });

describe("cron", () => {
  test.each([
    ["* * * * *", "2024-01-15T08:00Z", ["2024-01-15T08:01Z", "2024-01-15T08:02Z"]],
    ["0 * * * *", "2024-01-15T08:00Z", ["2024-01-15T09:00Z", "2024-01-15T10:00Z"]],
    ["0 0 * * *", "2024-01-15T08:00Z", ["2024-01-16T00:00Z", "2024-01-17T00:00Z"]],
    ["0 9 * * *", "2024-01-15T08:00Z", ["2024-01-15T09:00Z", "2024-01-16T09:00Z"]],
    ["0 9 * * 1", "2024-01-16T08:00Z", ["2024-01-22T09:00Z", "2024-01-29T09:00Z"]],
    ["0 0 1 * *", "2024-01-15T08:00Z", ["2024-02-01T00:00Z", "2024-03-01T00:00Z"]],
    ["*/5 * * * *", "2024-01-15T08:03Z", ["2024-01-15T08:05Z", "2024-01-15T08:10Z"]],
    ["0 */4 * * *", "2024-01-15T08:03Z", ["2024-01-15T12:00Z", "2024-01-15T16:00Z"]],
    ["0 9-17 * * 1-5", "2024-01-19T16:30Z", ["2024-01-19T17:00Z", "2024-01-22T09:00Z"]],
    ["0 0 1,15 * *", "2024-01-15T00:00Z", ["2024-02-01T00:00Z", "2024-02-15T00:00Z"]],
  ])("%s", (line, after, expected) => {
    expect(cron(line, after, 2)).toEqual(expected);
  });

  test("a due time is later than `after`, by a millisecond at least", () => {
    const spec = { when: { cron: "0 9 * * *" }, timezone: "UTC" };
    expect(nextDue(spec, at("2024-01-15T09:00Z") - 1)).toBe(at("2024-01-15T09:00Z"));
    expect(nextDue(spec, at("2024-01-15T09:00Z"))).toBe(at("2024-01-16T09:00Z"));
    expect(nextDue(spec, at("2024-01-15T09:00Z") + 1)).toBe(at("2024-01-16T09:00Z"));
  });

  test("six fields begin with the second", () => {
    expect(cron("*/20 30 9 * * *", "2024-01-15T09:30:05Z", 4)).toEqual(["2024-01-15T09:30:20Z", "2024-01-15T09:30:40Z", "2024-01-16T09:30Z", "2024-01-16T09:30:20Z"]);
  });

  test("names, ranges of names, and 7 for Sunday", () => {
    expect(cron("0 0 * FEB mon-FRI", "2024-01-01T00:00Z", 2)).toEqual(["2024-02-01T00:00Z", "2024-02-02T00:00Z"]);
    expect(cron("0 0 * * 7", "2024-01-15T00:00Z")).toEqual(cron("0 0 * * SUN", "2024-01-15T00:00Z"));
    expect(cron("0 0 * * 0", "2024-01-15T00:00Z")).toEqual(["2024-01-21T00:00Z"]);
    expect(cron("0 0 * * sat-sun", "2024-01-15T00:00Z", 3)).toEqual(["2024-01-20T00:00Z", "2024-01-21T00:00Z", "2024-01-27T00:00Z"]);
  });

  test("L is the last day of a month, in leap years too", () => {
    expect(cron("0 0 L * *", "2024-01-31T00:00Z", 3)).toEqual(["2024-02-29T00:00Z", "2024-03-31T00:00Z", "2024-04-30T00:00Z"]);
    expect(cron("0 0 L 2 *", "2025-01-01T00:00Z", 2)).toEqual(["2025-02-28T00:00Z", "2026-02-28T00:00Z"]);
    expect(cron("0 0 15,L * *", "2025-02-01T00:00Z", 2)).toEqual(["2025-02-15T00:00Z", "2025-02-28T00:00Z"]);
  });

  test("# is the n-th weekday of a month, and L behind a weekday the last", () => {
    expect(cron("0 9 * * mon#2", "2024-01-01T00:00Z", 2)).toEqual(["2024-01-08T09:00Z", "2024-02-12T09:00Z"]);
    expect(cron("0 9 * * 5#5", "2024-01-01T00:00Z", 2)).toEqual(["2024-03-29T09:00Z", "2024-05-31T09:00Z"]);
    expect(cron("0 9 * * friL", "2024-01-01T00:00Z", 2)).toEqual(["2024-01-26T09:00Z", "2024-02-23T09:00Z"]);
  });

  test("W is the weekday nearest to a day, LW the last of the month", () => {
    expect(cron("0 9 15W * *", "2024-06-01T00:00Z", 2)).toEqual(["2024-06-14T09:00Z", "2024-07-15T09:00Z"]);
    expect(cron("0 9 LW * *", "2024-06-01T00:00Z", 2)).toEqual(["2024-06-28T09:00Z", "2024-07-31T09:00Z"]);
  });

  test("a day of month and a day of week: one of them is enough; + asks for both", () => {
    expect(cron("0 0 13 * fri", "2024-09-01T00:00Z", 3)).toEqual(["2024-09-06T00:00Z", "2024-09-13T00:00Z", "2024-09-20T00:00Z"]);
    expect(cron("0 0 13 * +fri", "2024-09-01T00:00Z", 2)).toEqual(["2024-09-13T00:00Z", "2024-12-13T00:00Z"]);
  });

  test("? is *, and not the moment at which somebody looks", () => {
    expect(cron("0 0 1 * ?", "2024-01-15T00:00Z", 2)).toEqual(["2024-02-01T00:00Z", "2024-03-01T00:00Z"]);
    expect(cron("? ? ? * ?", "2024-01-15T08:00Z", 2)).toEqual(["2024-01-15T08:01Z", "2024-01-15T08:02Z"]);
  });

  test.each([
    ["@yearly", "2025-01-01T00:00Z"],
    ["@monthly", "2024-02-01T00:00Z"],
    ["@weekly", "2024-01-21T00:00Z"],
    ["@daily", "2024-01-16T00:00Z"],
    ["@hourly", "2024-01-15T09:00Z"],
  ])("%s", (macro, expected) => {
    expect(cron(macro, "2024-01-15T08:00Z")).toEqual([expected]);
  });

  test("the 29th of February, over a century that has none", () => {
    expect(cron("0 0 29 2 *", "2024-02-29T00:00Z", 2)).toEqual(["2028-02-29T00:00Z", "2032-02-29T00:00Z"]);
    expect(cron("0 0 29 2 *", "2096-03-01T00:00Z")).toEqual(["2104-02-29T00:00Z"]);
  });

  test("what no calendar has never comes", () => {
    expect(cron("0 0 30 2 *", "2024-01-01T00:00Z")).toEqual([]);
    expect(cron("0 0 31 4,6,9,11 *", "2024-01-01T00:00Z")).toEqual([]);
  });

  test("between 1970 and 2100", () => {
    expect(dues({ cron: "0 9 * * *" }, "1970-01-01T00:00Z", { timezone: "Europe/London" })).toEqual(["1970-01-01T08:00Z"]); // an hour ahead for all of that winter
    expect(dues({ cron: "0 12 * * *" }, "1971-06-01T00:00Z", { timezone: "Africa/Monrovia" })).toEqual(["1971-06-01T12:44:30Z"]);
    expect(dues({ cron: "0 9 * * *" }, "2099-07-01T00:00Z", { timezone: "Europe/Berlin" })).toEqual(["2099-07-01T07:00Z"]);
  });
});

describe("intervals", () => {
  const anchor = at("2024-01-15T07:55Z");

  test("the anchor is due itself: the first run starts at once", () => {
    expect(dues({ intervalMs: 10 * minutes, anchor }, "2024-01-15T07:54:59.999Z", { count: 3 })).toEqual(["2024-01-15T07:55Z", "2024-01-15T08:05Z", "2024-01-15T08:15Z"]);
  });

  test("an exact multiple is not left out, as it was in the original", () => {
    const hour = { intervalMs: 10 * minutes, anchor: at("2024-01-15T00:00Z") };
    expect(dues(hour, "2024-01-15T00:29:59.999Z")).toEqual(["2024-01-15T00:30Z"]);
    expect(dues(hour, "2024-01-15T00:30Z")).toEqual(["2024-01-15T00:40Z"]);
  });

  test.each([
    ["30s", 30 * seconds],
    ["15m", 15 * minutes],
    ["2h", 2 * hours],
    ["1d", days],
    ["1.001s", 1001],
  ])("%s: a million intervals later nothing has drifted", (_, intervalMs) => {
    const spec = { when: { intervalMs, anchor }, timezone: "UTC" };
    const late = anchor + 1_000_000 * intervalMs;
    expect(nextDue(spec, late - 1)).toBe(late);
    expect(nextDue(spec, late)).toBe(late + intervalMs);
  });

  test("it counts the time that passes, whatever the clocks show", () => {
    const spec = { when: { intervalMs: days, anchor: at("2026-03-28T12:00Z") }, timezone: "Europe/Berlin" };
    expect([...dueTimes(spec, at("2026-03-29T00:00Z"), at("2026-03-31T00:00Z"))]).toEqual([at("2026-03-29T12:00Z"), at("2026-03-30T12:00Z")]);
  });

  test("a backfill may ask for multiples before the anchor, where nothing says when it starts", () => {
    const when = { intervalMs: hours, anchor };
    expect(dues(when, "2024-01-15T01:00Z")).toEqual(["2024-01-15T01:55Z"]);
    expect(dues(when, "2024-01-15T01:00Z", { startAt: anchor })).toEqual(["2024-01-15T07:55Z"]);
  });

  test("one so long that it leaves the calendar is due no more", () => {
    const spec = { when: { intervalMs: 8_000_000_000_000_000, anchor }, timezone: "UTC" };
    expect(nextDue(spec, anchor)).toBeUndefined();
  });
});

describe("calendars", () => {
  test("the first of the month, at midnight", () => {
    expect(calendar({ dayOfMonth: 1 }, "2024-01-15T08:00Z", 2)).toEqual(["2024-02-01T00:00Z", "2024-03-01T00:00Z"]);
  });

  test("an entry without fields is every midnight", () => {
    expect(calendar({}, "2024-01-15T08:00Z", 2)).toEqual(["2024-01-16T00:00Z", "2024-01-17T00:00Z"]);
  });

  test("0 is Monday and 6 is Sunday, unlike in cron", () => {
    expect(calendar({ dayOfWeek: 0, hour: 9 }, "2024-01-16T00:00Z")).toEqual(["2024-01-22T09:00Z"]);
    expect(calendar({ dayOfWeek: 6, hour: 9, minute: 30, second: 15 }, "2024-01-16T00:00Z")).toEqual(["2024-01-21T09:30:15Z"]);
  });

  test("all fields have to fit, unlike in cron", () => {
    expect(calendar({ dayOfMonth: 13, dayOfWeek: 4 }, "2024-09-14T00:00Z", 2)).toEqual(["2024-12-13T00:00Z", "2025-06-13T00:00Z"]);
  });

  test("several entries add up, and one time is due once", () => {
    const entries = [{ dayOfMonth: 1 }, { dayOfWeek: 0 }, { month: 1, dayOfMonth: 1 }];
    expect(calendar(entries, "2023-12-26T00:00Z", 3)).toEqual(["2024-01-01T00:00Z", "2024-01-08T00:00Z", "2024-01-15T00:00Z"]);
  });

  test("a 29th of February that is a Monday is found, decades away", () => {
    expect(calendar({ month: 2, dayOfMonth: 29, dayOfWeek: 0 }, "2024-03-01T00:00Z", 2)).toEqual(["2044-02-29T00:00Z", "2072-02-29T00:00Z"]);
  });

  test("an entry that never comes does not hide the others", () => {
    expect(calendar([{ month: 2, dayOfMonth: 30 }, { dayOfMonth: 31 }], "2024-02-01T00:00Z", 2)).toEqual(["2024-03-31T00:00Z", "2024-05-31T00:00Z"]);
    expect(calendar({ month: 2, dayOfMonth: 30 }, "2024-02-01T00:00Z")).toEqual([]);
  });
});

test("once is once", () => {
  const when = { at: at("2024-01-15T09:00Z") };
  expect(dues(when, "2024-01-15T08:59:59.999Z", { count: 3 })).toEqual(["2024-01-15T09:00Z"]);
  expect(dues(when, "2024-01-15T09:00Z")).toEqual([]);
});

describe("bounds", () => {
  const daily = { cron: "0 9 * * *" };

  test("nothing is due before startAt; a time that is startAt is", () => {
    expect(dues(daily, "2024-01-01T00:00Z", { startAt: at("2024-02-01T00:00Z") })).toEqual(["2024-02-01T09:00Z"]);
    expect(dues(daily, "2024-01-01T00:00Z", { startAt: at("2024-02-01T09:00Z") })).toEqual(["2024-02-01T09:00Z"]);
    expect(dues({ at: at("2024-01-05T00:00Z") }, "2024-01-01T00:00Z", { startAt: at("2024-02-01T00:00Z") })).toEqual([]);
  });

  test("nothing is due from endAt on", () => {
    expect(dues(daily, "2024-01-01T10:00Z", { endAt: at("2024-01-03T09:00Z"), count: 5 })).toEqual(["2024-01-02T09:00Z"]);
    expect(dues(daily, "2024-01-03T10:00Z", { endAt: at("2024-01-03T09:00Z") })).toEqual([]);
  });
});

describe("the due times of a backfill", () => {
  const count = (line: string, from: string, before: string) => [...dueTimes({ when: { cron: line }, timezone: "UTC" }, at(from), at(before))].length;

  test("start is in, which it was not in the original, and end is not", () => {
    expect(count("0 9 * * *", "2024-01-01T00:00Z", "2024-01-05T00:00Z")).toBe(4);
    expect(count("0 9 * * *", "2024-01-01T09:00Z", "2024-01-05T09:00Z")).toBe(4);
    expect(count("0 * * * *", "2024-01-01T00:00Z", "2024-01-01T05:00Z")).toBe(5);
    expect(count("0 * * * *", "2024-01-01T00:00Z", "2024-01-02T00:00Z")).toBe(24);
  });

  test("a stretch without a fitting time, or that ends before it begins, has none", () => {
    expect(count("0 9 * * *", "2024-01-01T10:00Z", "2024-01-01T12:00Z")).toBe(0);
    expect(count("0 9 * * *", "2024-01-05T00:00Z", "2024-01-01T00:00Z")).toBe(0);
  });

  test("jitter moves none of them", () => {
    const spec = { when: { cron: "0 * * * *" }, timezone: "UTC", jitterMs: 30 * minutes };
    expect([...dueTimes(spec, at("2024-01-01T00:00Z"), at("2024-01-01T02:00Z"))]).toEqual([at("2024-01-01T00:00Z"), at("2024-01-01T01:00Z")]);
  });
});

describe("jitter", () => {
  const ids = Array.from({ length: 50 }, (_, index) => parseScheduleId(`sched_${index}`) as ScheduleId);
  const daily = { when: { cron: "0 9 * * *" }, timezone: "UTC", jitterMs: 10 * minutes };
  const nineOClocks = [...dueTimes(daily, at("2024-01-01T00:00Z"), at("2024-04-10T00:00Z"))];

  test("without it a tick fires when it is due", () => {
    expect(firesAt(ids[0] as ScheduleId, { when: { cron: "0 9 * * *" }, timezone: "UTC" }, 42)).toBe(42);
  });

  test("it spreads ticks evenly over its length, whole milliseconds and never beyond", () => {
    const offsets = ids.flatMap((id) => nineOClocks.map((due) => firesAt(id, daily, due) - due));
    expect(offsets).toHaveLength(5000);
    expect(offsets.every((offset) => Number.isInteger(offset) && offset >= 0 && offset < 10 * minutes)).toBe(true);
    const tenths = Array.from({ length: 10 }, (_, tenth) => offsets.filter((offset) => Math.floor(offset / minutes) === tenth).length);
    expect(Math.min(...tenths)).toBeGreaterThan(400); // 500 each, by chance
    expect(Math.max(...tenths)).toBeLessThan(600);
    expect(new Set(offsets).size).toBeGreaterThan(4900);
  });

  test("it depends on the schedule, and on the due time", () => {
    const [one, other] = ids as [ScheduleId, ScheduleId];
    const [monday, tuesday] = nineOClocks as [number, number];
    const share = (id: ScheduleId, due: number) => firesAt(id, daily, due) - due;
    expect(share(one, monday)).not.toBe(share(other, monday));
    expect(share(one, monday)).not.toBe(share(one, tuesday));
    expect(share(one, monday)).toBe(share(one, monday));
  });

  test("ticks fire in the order of their due times, also where the jitter is longer than the time between them", () => {
    const spec = { when: { cron: "* * * * *" }, timezone: "UTC", jitterMs: hours };
    const times = [...dueTimes(spec, at("2024-01-01T00:00Z"), at("2024-01-01T05:00Z"))].map((due) => [due, firesAt(ids[0] as ScheduleId, spec, due)] as const);
    for (const [due, fires] of times) expect(fires - due).toBeLessThan(minutes);
    expect(times.some(([due, fires]) => fires - due > 50 * seconds)).toBe(true);
  });
});
