import { expect, test } from "vitest";
import type { When } from "../../../src/core/schedule/schedule.js";
import { specWords } from "../../../src/core/schedule/words.js";

test.each<readonly [When, string]>([
  [{ cron: "0 9 * * 1-5" }, "Cron: 0 9 * * 1-5 (Europe/Berlin)"],
  [{ intervalMs: 300_000, anchor: 0 }, "Every 5m (Europe/Berlin)"],
  [{ intervalMs: 5_400_000, anchor: 0 }, "Every 1h30m (Europe/Berlin)"],
  [{ at: Date.parse("2026-07-01T09:00Z") }, "Once: 2026-07-01 11:00:00 (Europe/Berlin)"],
  [{ at: Date.parse("2026-07-01T09:00:00.250Z") }, "Once: 2026-07-01 11:00:00.250 (Europe/Berlin)"],
  [{ calendar: [{ dayOfMonth: 1 }, { dayOfWeek: 0, hour: 9 }] }, "Calendar: Day 1 at 00:00:00, Mon at 09:00:00 (Europe/Berlin)"],
  [{ calendar: [{ hour: 23, minute: 5, second: 7 }] }, "Calendar: 23:05:07 (Europe/Berlin)"],
  [{ calendar: [{ dayOfWeek: 6, dayOfMonth: 13 }] }, "Calendar: Sun day 13 at 00:00:00 (Europe/Berlin)"],
  [{ calendar: [{ month: 12, dayOfMonth: 24, hour: 18 }] }, "Calendar: Day 24 in Dec at 18:00:00 (Europe/Berlin)"],
  [{ calendar: [{ month: 3 }] }, "Calendar: Every day in Mar at 00:00:00 (Europe/Berlin)"],
])("%j", (when, words) => {
  expect(specWords({ when, timezone: "Europe/Berlin" })).toBe(words);
});
