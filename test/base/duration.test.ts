import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDurationMs, writeDuration } from "../../src/base/duration.js";

test.each([
  ["950ms", 950],
  ["30s", 30_000],
  ["1h30m", 5_400_000],
  ["1w2d3h4m5s6ms", 604_800_000 + 2 * 86_400_000 + 3 * 3_600_000 + 4 * 60_000 + 5006],
  ["1.5h", 5_400_000],
  ["0s", 0],
  [" 5m ", 300_000],
  [0, 0],
  [2.5, 2500],
  [0.0004, 0],
])("%j is %d ms", (written, ms) => {
  expect(parseDurationMs(written)).toBe(ms);
});

test.each(["", " ", "5", "s", "1h garbage", "garbage 1h", "1h 30m", "30m1h", "1h1h", "1s1m", "-5s", "+5s", "1y", "1H", ".5s", "1.s", "1e3s", "9999999999999w", -1, NaN, Infinity, 1e14])(
  "%j is no duration",
  (written) => {
    expect(parseDurationMs(written)).toBeUndefined();
  },
);

test("units in descending order add up, in any other order they are refused", () => {
  const sizes = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const units = fc.uniqueArray(fc.constantFrom("w", "d", "h", "m", "s", "ms"), { minLength: 1 });
  fc.assert(
    fc.property(units, fc.integer({ min: 0, max: 999 }), (order: (keyof typeof sizes)[], count) => {
      const text = order.map((unit) => `${count}${unit}`).join("");
      const descending = order.every((unit, index) => index === 0 || sizes[unit] < sizes[order[index - 1] ?? "w"]);
      const total = order.reduce((sum, unit) => sum + count * sizes[unit], 0);
      expect(parseDurationMs(text)).toBe(descending ? total : undefined);
    }),
  );
});

test.each([
  [0, "0ms"],
  [950, "950ms"],
  [999.4, "999ms"],
  [999.6, "1.0s"],
  [12_345, "12.3s"],
  [59_999, "59.9s"],
  [60_000, "1m 00s"],
  [245_000, "4m 05s"],
  [3_599_999, "59m 59s"],
  [12_000_000, "3h 20m"],
  [86_399_999, "23h 59m"],
  [2 * 86_400_000 + 4 * 3_600_000, "2d 4h"],
])("%d ms reads %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, "0s"],
  [1, "1ms"],
  [1500, "1s500ms"],
  [60_000, "1m"],
  [5_400_000, "1h30m"],
  [86_400_000, "1d"],
  [604_800_000 + 2 * 86_400_000 + 3 * 3_600_000 + 4 * 60_000 + 5006, "9d3h4m5s6ms"],
  [2 * 604_800_000, "2w"],
  [30 * 86_400_000, "30d"],
])("%d ms is written %s", (ms, text) => {
  expect(writeDuration(ms)).toBe(text);
});

test("what is written is read as the same number", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (ms) => {
      expect(parseDurationMs(writeDuration(ms))).toBe(ms);
    }),
  );
});
