import { expect, test } from "vitest";
import { specOf } from "../../src/core/schedule/spec.js";
import { nextTimes } from "../../src/services/next-times.js";

interface Asked {
  readonly zone?: string;
  readonly from: string;
  readonly count?: number;
}

function localTimes(cron: string, { zone = "Europe/Berlin", from, count = 3 }: Asked) {
  return nextTimes(specOf({ cron, timezone: zone }, 0), { from: Date.parse(from), count }).map(({ local, note }) => (note === undefined ? local : `${local} (${note})`));
}

test("a due time is told as an instant, and as the clocks of its zone show it", () => {
  const spec = specOf({ cron: "0 9 * * *", timezone: "America/New_York" }, 0);
  expect(nextTimes(spec, { from: Date.UTC(2026, 0, 15), count: 1 })).toEqual([{ due: Date.UTC(2026, 0, 15, 14), local: "2026-01-15T09:00:00-05:00" }]);
});

test("zones may be half hours away, and times have seconds", () => {
  expect(localTimes("30 0 9 * * *", { zone: "Asia/Kolkata", from: "2026-01-15T00:00:00Z", count: 1 })).toEqual(["2026-01-15T09:00:30+05:30"]);
  expect(localTimes("0 9 * * *", { zone: "UTC", from: "2026-01-15T00:00:00Z", count: 1 })).toEqual(["2026-01-15T09:00:00+00:00"]);
});

test("a time that does not exist is said to be moved to the end of the gap", () => {
  expect(localTimes("30 2 * * *", { from: "2026-03-28T00:00:00Z" })).toEqual([
    "2026-03-28T02:30:00+01:00",
    "2026-03-29T03:00:00+02:00 (2026-03-29 02:30:00 does not exist; clock goes forward 1h)",
    "2026-03-30T02:30:00+02:00",
  ]);
});

test("one that is due at the end of the gap by itself was not moved", () => {
  expect(localTimes("0 3 * * *", { from: "2026-03-28T12:00:00Z", count: 2 })).toEqual(["2026-03-29T03:00:00+02:00 (clock goes forward 1h)", "2026-03-30T03:00:00+02:00"]);
});

test("a time that exists twice is due once, and the shift is told with the next one", () => {
  expect(localTimes("30 2 * * *", { from: "2026-10-24T12:00:00Z", count: 2 })).toEqual(["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00 (clock goes back 1h)"]);
  expect(localTimes("0 0 * * *", { zone: "Australia/Lord_Howe", from: "2026-04-04T00:00:00Z", count: 2 })).toEqual(["2026-04-05T00:00:00+11:00", "2026-04-06T00:00:00+10:30 (clock goes back 30m)"]);
});

test("an interval is not moved, but the clock beside it shifts", () => {
  const spec = specOf({ interval: "1h", startAt: "2026-03-29T00:00:00Z", timezone: "Europe/Berlin" }, 0);
  expect(nextTimes(spec, { from: Date.UTC(2026, 2, 29, 0), count: 2 }).map(({ local, note }) => [local, note])).toEqual([
    ["2026-03-29T03:00:00+02:00", "clock goes forward 1h"],
    ["2026-03-29T04:00:00+02:00", undefined],
  ]);
});

test("there may be fewer, or none", () => {
  const once = specOf({ at: "2026-01-01T00:00:00Z" }, 0);
  expect(nextTimes(once, { from: 0, count: 5 })).toHaveLength(1);
  expect(nextTimes(once, { from: Date.UTC(2026, 0, 1), count: 5 })).toEqual([]);
});
