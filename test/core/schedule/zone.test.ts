import { describe, expect, test } from "vitest";
import { dueTimes, nextDue } from "../../../src/core/schedule/next.js";
import { instantOf, isZone, latestWallTime, offsetMsAt, wallTimeAt } from "../../../src/core/schedule/zone.js";

const at = (time: string) => Date.parse(time);
const wall = (time: string) => Date.parse(`${time}Z`);
const hourMs = 3_600_000;

interface Shifts {
  readonly zone: string;
  /** A wall time in the gap, and the instant at its end. */
  readonly missing: readonly [string, string];
  /** A wall time that shows twice, and when. */
  readonly twice: readonly [string, string, string];
}

const shifts: readonly Shifts[] = [
  { zone: "Europe/Berlin", missing: ["2026-03-29T02:30", "2026-03-29T01:00Z"], twice: ["2026-10-25T02:30", "2026-10-25T00:30Z", "2026-10-25T01:30Z"] },
  { zone: "America/New_York", missing: ["2026-03-08T02:15", "2026-03-08T07:00Z"], twice: ["2026-11-01T01:15", "2026-11-01T05:15Z", "2026-11-01T06:15Z"] },
  { zone: "Australia/Lord_Howe", missing: ["2026-10-04T02:10", "2026-10-03T15:30Z"], twice: ["2026-04-05T01:40", "2026-04-04T14:40Z", "2026-04-04T15:10Z"] }, // half an hour
  { zone: "America/Santiago", missing: ["2026-09-06T00:00", "2026-09-06T04:00Z"], twice: ["2026-04-04T23:30", "2026-04-05T02:30Z", "2026-04-05T03:30Z"] }, // over midnight
  { zone: "Antarctica/Troll", missing: ["2026-03-29T02:59", "2026-03-29T01:00Z"], twice: ["2026-10-25T01:01", "2026-10-24T23:01Z", "2026-10-25T01:01Z"] }, // two hours
  { zone: "Europe/Dublin", missing: ["2026-03-29T01:30", "2026-03-29T01:00Z"], twice: ["2026-10-25T01:30", "2026-10-25T00:30Z", "2026-10-25T01:30Z"] }, // by law the winter is put back
  { zone: "Africa/Casablanca", missing: ["2026-03-22T02:30", "2026-03-22T02:00Z"], twice: ["2026-02-15T02:30", "2026-02-15T01:30Z", "2026-02-15T02:30Z"] }, // back for Ramadan
  { zone: "Pacific/Chatham", missing: ["2026-09-27T03:00", "2026-09-26T14:00Z"], twice: ["2026-04-05T03:00", "2026-04-04T13:15Z", "2026-04-04T14:15Z"] }, // at a quarter to
];

describe.each(shifts)("$zone", ({ zone, missing: [missing, end], twice: [twice, first, second] }) => {
  test("a wall time that does not exist is due at the end of the gap", () => {
    expect(instantOf(zone, wall(missing))).toBe(at(end));
    expect(nextDue({ when: { cron: daily(missing) }, timezone: zone }, at(end) - 6 * hourMs)).toBe(at(end));
    expect(nextDue({ when: { calendar: [entry(missing)] }, timezone: zone }, at(end) - 6 * hourMs)).toBe(at(end));
  });

  test("a wall time that exists twice is due once, at the first", () => {
    expect(wallTimeAt(zone, at(first))).toBe(wall(twice));
    expect(wallTimeAt(zone, at(second))).toBe(wall(twice));
    expect(instantOf(zone, wall(twice))).toBe(at(first));
    expect([...dueTimes({ when: { cron: daily(twice) }, timezone: zone }, at(first) - 6 * hourMs, at(second) + 6 * hourMs)]).toEqual([at(first)]);
    expect([...dueTimes({ when: { calendar: [entry(twice)] }, timezone: zone }, at(second) - 1, at(second) + 6 * hourMs)]).toEqual([]);
  });

  test("every minute: all that the clocks show, each once, and one due time for the whole gap", () => {
    const spec = { when: { cron: "* * * * *" }, timezone: zone };
    const aroundGap = [...dueTimes(spec, at(end) - 4 * hourMs, at(end) + 4 * hourMs)];
    expect(aroundGap).toHaveLength(8 * 60);
    expect(new Set(aroundGap).size).toBe(8 * 60);
    const aroundOverlap = [...dueTimes(spec, at(first) - 4 * hourMs, at(second) + 4 * hourMs)];
    expect(aroundOverlap).toHaveLength(8 * 60);
    expect(new Set(aroundOverlap.map((due) => wallTimeAt(zone, due))).size).toBe(8 * 60);
  });
});

function daily(wallTime: string): string {
  return `${Number(wallTime.slice(14, 16))} ${Number(wallTime.slice(11, 13))} * * *`;
}

function entry(wallTime: string): { readonly hour: number; readonly minute: number } {
  return { hour: Number(wallTime.slice(11, 13)), minute: Number(wallTime.slice(14, 16)) };
}

test("several wall times of a gap, and the one at its end, are one due time", () => {
  const spec = { when: { cron: "0,15,30,45 2,3 * * *" }, timezone: "Europe/Berlin" };
  const due = ["2026-03-29T01:00Z", "2026-03-29T01:15Z", "2026-03-29T01:30Z", "2026-03-29T01:45Z"].map(at);
  expect([...dueTimes(spec, at("2026-03-28T12:00Z"), at("2026-03-29T12:00Z"))]).toEqual(due);
});

test("the day that Samoa left out is due once, at its end", () => {
  const spec = { when: { cron: "0 */6 * * *" }, timezone: "Pacific/Apia" };
  const due = ["2011-12-30T04:00Z", "2011-12-30T10:00Z", "2011-12-30T16:00Z"].map(at); // 18:00 on the 29th, 0:00 and 6:00 on the 31st
  expect([...dueTimes(spec, at("2011-12-30T00:00Z"), at("2011-12-30T20:00Z"))]).toEqual(due);
  expect(nextDue({ when: { cron: "30 12 30 12 *" }, timezone: "Pacific/Apia" }, at("2011-12-01T00:00Z"))).toBe(at("2011-12-30T10:00Z"));
});

test("a zone without shifts has each wall time once", () => {
  const spec = { when: { cron: "15 2 * * *" }, timezone: "Asia/Kathmandu" };
  const due = [...dueTimes(spec, at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"))];
  expect(due).toHaveLength(365);
  expect(new Set(due.map((time) => new Date(time).toISOString().slice(11)))).toEqual(new Set(["20:30:00.000Z"]));
});

test("from within the hour that shows again, the first second after it is found in one step", () => {
  const spec = { when: { cron: "* * * * * *" }, timezone: "Europe/Berlin" };
  expect(nextDue(spec, at("2026-10-25T01:00:00Z") - 1001)).toBe(at("2026-10-25T00:59:59Z"));
  for (const after of ["2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00.5Z", "2026-10-25T01:59:59.999Z"]) expect(nextDue(spec, at(after))).toBe(at("2026-10-25T02:00:00Z"));
  expect(latestWallTime("Europe/Berlin", at("2026-10-25T01:30:00Z"))).toBe(wall("2026-10-25T03:00") - 1);
});

test("offsets are exact to the second", () => {
  expect(offsetMsAt("UTC", 0)).toBe(0);
  expect(offsetMsAt("Etc/GMT", 0)).toBe(0);
  expect(offsetMsAt("Asia/Kathmandu", at("2026-01-01T00:00Z"))).toBe(5.75 * hourMs);
  expect(offsetMsAt("America/St_Johns", at("2026-01-01T00:00Z"))).toBe(-3.5 * hourMs);
  expect(offsetMsAt("Africa/Monrovia", 0)).toBe(-(44 * 60 + 30) * 1000);
});

test.each(["UTC", "Europe/Berlin", "Asia/Kolkata", "Etc/GMT+5", "america/new_york"])("%s is a zone", (name) => {
  expect(isZone(name)).toBe(true);
});

test.each(["", " UTC", "Berlin", "Mars/Olympus", "+01:00", "GMT+1"])("%j is none", (name) => {
  expect(isZone(name)).toBe(false);
});
