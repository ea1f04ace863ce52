import { formatBytes } from "../../base/bytes.js";
import { cardLines } from "../card.js";
import type { RestoreRow } from "../restore-here.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";

export function restoreCard(row: RestoreRow, screen: Screen): string {
  const { newest_run_at: newest, dry_run: dry, put_aside: aside } = row;
  const lines = [
    [dry ? "Store" : "Restored", row.path],
    ["Backup", row.backup],
    ["Size", formatBytes(row.file_bytes)],
    ["Runs", String(row.runs)],
    ["Newest Run", newest === null ? undefined : formatTime(newest, screen)],
    ["Put Aside", aside ?? undefined],
  ] as const;
  return cardLines(lines, screen).join("\n");
}
