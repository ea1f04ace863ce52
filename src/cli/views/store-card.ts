import { formatBytes } from "../../base/bytes.js";
import { counted } from "../../base/plural.js";
import type { BackupRow } from "../../services/back-up.js";
import type { StoreCard } from "../../services/show-store.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";

export function storeCard(store: StoreCard, screen: Screen): string {
  const { path, runs, file_bytes: size, log_bytes: log, free_bytes: free, format, newest_format: newest, oldest_run_at: oldest, pruned_runs: runsGone, pruned_ticks: ticksGone } = store;
  const statuses = Object.entries(store.runs_by_status).filter(([, count]) => count > 0);
  const of = statuses.map(([status, count]) => `${count} ${status}`).join(", ");
  const lines = [
    ["Store", path ?? (store.backend === "memory" ? "in memory" : "none yet")],
    ["Format", format === null ? undefined : `${format}${format === newest ? "" : ` of ${newest}: pyworkflow storage migrate`}`],
    ["Size", size === null ? undefined : `${formatBytes(size)}, ${formatBytes(free ?? 0)} of it free`],
    ["Log", log === null ? undefined : formatBytes(log)],
    ["Runs", runs === 0 ? "0" : `${runs} (${of})`],
    ["Events", String(store.events)],
    ["Hooks", String(store.hooks)],
    ["Schedules", `${store.schedules}, with ${counted(store.ticks, "tick")}`],
    ["Oldest Run", oldest ? formatTime(oldest, screen) : undefined],
    ["Pruned", runsGone + ticksGone > 0 ? `${runsGone} runs, ${ticksGone} ticks so far` : undefined],
  ] as const;
  return cardLines(lines, screen).join("\n");
}

export function backupCard({ path, file_bytes: size }: BackupRow, screen: Screen): string {
  return cardLines([["Backup", path], ["Size", formatBytes(size)]], screen).join("\n");
}
