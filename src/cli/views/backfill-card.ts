import type { BackfillRow } from "../../services/backfill-schedule.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";

export function backfillCard(row: BackfillRow, screen: Screen): string {
  const lines = [
    ["Schedule ID", row.schedule_id],
    ["Start", formatTime(row.start_time, screen)],
    ["End", formatTime(row.end_time, screen)],
    ["Runs Created", String(row.runs_created)],
    ["Buffered", String(row.buffered_runs)],
    ["Skipped", String(row.skipped_runs)],
    ["Passed Over", String(row.passed_over_runs)],
  ] as const;
  return cardLines(lines, screen).join("\n");
}
