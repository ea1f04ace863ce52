import { assert, expect, test } from "vitest";
import { newSchedule } from "../../src/core/schedule/due.js";
import type { OverlapPolicy } from "../../src/core/schedule/schedule.js";
import { triggerSchedule } from "../../src/services/trigger-schedule.js";
import { eachStore } from "../support/each-store.js";
import { ManualClock } from "../support/manual-clock.js";
import { scheduleWith } from "../support/schedule.js";

test.for(eachStore)("triggers of one millisecond are as many ticks, and none takes the row of one that is buffered, on %s", async ([, open]) => {
  const [backend, clock] = [await open(), new ManualClock()];
  const { scheduleId, createdAt, spec, overlapPolicy, catchup, catchupWindowMs, input, settings } = scheduleWith({});
  const schedule = { scheduleId, createdAt, spec, overlapPolicy, catchup, catchupWindowMs, input, settings };
  await backend.createSchedule(newSchedule(schedule));
  const policies: readonly OverlapPolicy[] = ["skip", "buffer_one", "buffer_one", "allow_all", "skip", "buffer_all"];
  const seen: string[] = [];
  for (const policy of policies) {
    const { tick } = await triggerSchedule({ backend, clock }, scheduleId, { overlapPolicy: policy });
    seen.push(`${tick.due - clock.now()} ${tick.decision}`);
  }
  expect(seen).toEqual(["0 fired", "1 buffered", "2 skipped", "3 fired", "4 skipped", "5 buffered"]);
  const loaded = await backend.loadSchedule(scheduleId, "skip");
  assert(loaded !== undefined);
  expect(loaded.buffered.map(({ due }) => due - clock.now())).toEqual([1, 5]);
  expect(loaded.schedule).toMatchObject({ bufferedCount: 2, totalRuns: 2, skippedRuns: 2 });
});
