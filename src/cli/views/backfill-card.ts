import type { Backfilled, BackfillPlan } from "../../services/backfill-schedule.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";

/** What came of a backfill, under the names that JSON shows. */
export function backfillRow({ schedule, start, end }: BackfillPlan, { ticks, runIds, passedOver }: Omit<Backfilled, "schedule">) {
  return {
    schedule_id: schedule.scheduleId,
    start_time: new Date(start),
    end_time: new Date(end),
    runs_created: runIds.length,
    run_ids: runIds,
    buffered: ticks.filter(({ decision }) => decision === "buffered").length,
    skipped: ticks.filter(({ decision }) => decision === "skipped").length,
    passed_over: passedOver,
  };
}

export function backfillCard(row: ReturnType<typeof backfillRow>, screen: Screen): string {
  const lines = [
    ["Schedule ID", row.schedule_id],
    ["Start", formatTime(row.start_time, screen)],
    ["End", formatTime(row.end_time, screen)],
    ["Runs Created", String(row.runs_created)],
    ["Buffered", String(row.buffered)],
    ["Skipped", String(row.skipped)],
    ["Passed Over", String(row.passed_over)],
  ] as const;
  return cardLines(lines, screen).join("\n");
}
