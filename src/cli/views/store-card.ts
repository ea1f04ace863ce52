import { formatBytes } from "../../base/bytes.js";
import { counted } from "../../base/plural.js";
import type { BackupRow } from "../../services/back-up.js";
import type { StoreCard } from "../../services/show-store.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";

export function storeCard(store: StoreCard, screen: Screen): string {
  const { path, bytes, format, newest_format: newest, oldest_run_at: oldest, pruned } = store;
  const runs = Object.entries(store.runs).filter(([, count]) => count > 0);
  const sum = runs.reduce((total, [, count]) => total + count, 0);
  const of = runs.map(([status, count]) => `${count} ${status}`).join(", ");
  const lines = [
    ["Store", path ?? (store.backend === "memory" ? "in memory" : "none yet")],
    ["Format", format === null ? undefined : `${format}${format === newest ? "" : ` of ${newest}: pyworkflow storage migrate`}`],
    ["Size", bytes ? `${formatBytes(bytes.file)}, ${formatBytes(bytes.free)} of it free` : undefined],
    ["Log", bytes ? formatBytes(bytes.log) : undefined],
    ["Runs", sum === 0 ? "0" : `${sum} (${of})`],
    ["Events", String(store.events)],
    ["Hooks", String(store.hooks)],
    ["Schedules", `${store.schedules}, with ${counted(store.ticks, "tick")}`],
    ["Oldest Run", oldest ? formatTime(oldest, screen) : undefined],
    ["Pruned", pruned.runs + pruned.ticks > 0 ? `${pruned.runs} runs, ${pruned.ticks} ticks so far` : undefined],
  ] as const;
  return cardLines(lines, screen).join("\n");
}

export function backupCard({ path, bytes }: BackupRow, screen: Screen): string {
  return cardLines([["Backup", path], ["Size", formatBytes(bytes)]], screen).join("\n");
}
