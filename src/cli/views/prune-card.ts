import { counted } from "../../base/plural.js";
import type { PruneRow } from "../../services/prune-runs.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";

export function pruneCard(row: PruneRow, screen: Screen): string {
  const lines = [
    [row.dry_run ? "Would Be Pruned" : "Pruned", `${counted(row.runs, "run")}${row.events === null ? "" : ` with ${row.events} events`}`],
    ["Ended Before", formatTime(row.ended_before, screen)],
    ["Statuses", row.statuses.join(", ")],
    ["Workflow", row.workflow_name ?? undefined],
  ] as const;
  return cardLines(lines, screen).join("\n");
}
