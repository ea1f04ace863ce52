import type { TickRow } from "../../services/list-ticks.js";
import type { DecidedRow } from "../../services/run-scheduler.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";
import { formatPrecise, formatTime } from "../times.js";
import { foldTicks, type FoldedTick } from "./folded-ticks.js";
import { paintDecision } from "./status.js";

/** Of one schedule. On a terminal, what came to nothing time after time is one row; a script gets them all. */
export function tickTable(ticks: readonly TickRow[], screen: Screen): string {
  const rows = screen.terminal ? foldTicks(ticks) : ticks.map((tick) => ({ tick, last: tick, count: 1 }));
  return table<FoldedTick>(columnsOf(screen), rows, screen);
}

/** Of several schedules, folded in a pipe too: after a rest of days nobody reads thousands of lines. */
export function decidedTable(ticks: readonly DecidedRow[], screen: Screen): string {
  const rows = foldTicks(ticks, ({ schedule_id }) => schedule_id);
  return table<FoldedTick<DecidedRow>>([{ head: "Schedule", rank: 0, cell: ({ tick }) => tick.schedule_id }, ...columnsOf(screen)], rows, screen);
}

function columnsOf(screen: Screen): readonly Column<FoldedTick>[] {
  return [
    { head: "Due", rank: 1, least: Infinity, cell: ({ tick }) => formatTime(tick.due, screen) },
    { head: "Decided", rank: 6, least: Infinity, cell: ({ tick }) => formatPrecise(tick.decided_at, screen) },
    { head: "Decision", rank: 2, least: Infinity, cell: ({ tick, count }) => (count === 1 ? tick.decision : `${tick.decision} ${count}`), paint: (text, { tick }) => paintDecision(screen.paint, tick.decision, text) },
    { head: "Kind", rank: 5, least: Infinity, cell: ({ tick }) => tick.kind },
    { head: "Run", rank: 4, least: 18, cell: ({ tick }) => tick.run_id ?? "-" },
    { head: "Reason", rank: 3, least: 20, cell: ({ tick, last, count }) => (count === 1 ? tick.reason : `to ${formatTime(last.due, screen)}: ${tick.reason}`) },
  ];
}
