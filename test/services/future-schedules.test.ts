import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { declaredScheduleId } from "../../src/core/ids.js";
import { definitionOf } from "../../src/core/schedule/definition.js";
import { awaiting, newSchedule } from "../../src/core/schedule/due.js";
import type { ScheduleRecord } from "../../src/core/schedule/schedule.js";
import { futureSchedules } from "../../src/services/doctor-store.js";

const now = Date.UTC(2026, 2, 1, 12);
const settings = { workflowName: "nightly", durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 };

/** A schedule of every minute whose times were decided up to then. */
function decidedUpTo(name: string, at: number): ScheduleRecord {
  const schedule = { scheduleId: declaredScheduleId(name), declared: name, ...definitionOf({ cron: "* * * * *" }, { settings, input: encode(undefined), createdAt: now }) };
  const fresh = newSchedule({ ...schedule, createdAt: now });
  return { ...fresh, ...awaiting(schedule, fresh, at), version: 1 };
}

test("a schedule whose next time is further away than its rule says was decided by a clock that was ahead", () => {
  expect(futureSchedules([decidedUpTo("well", now), decidedUpTo("late", now - 3_600_000)], now)).toEqual([]);
  const [finding, ...more] = futureSchedules([decidedUpTo("well", now), decidedUpTo("ahead", now + 2 * 86_400_000), decidedUpTo("too", now + 60_000)], now);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ check: "clock", status: "warning", message: expect.stringMatching(/^schedule auto_ahead, and 1 other like it: its times of the next 2d .*clock was ahead$/), fix: expect.stringContaining("schedules trigger auto_ahead") });
});
