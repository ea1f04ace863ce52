import type { TickRow } from "../../services/list-ticks.js";
import type { DecidedRow } from "../../services/run-scheduler.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";
import { formatPrecise, formatTime } from "../times.js";
import { paintDecision } from "./status.js";

export function tickTable(ticks: readonly TickRow[], screen: Screen): string {
  return table<TickRow>(columnsOf(screen), ticks, screen);
}

/** Of several schedules. */
export function decidedTable(ticks: readonly DecidedRow[], screen: Screen): string {
  return table<DecidedRow>([{ head: "Schedule", rank: 0, cell: ({ schedule_id }) => schedule_id }, ...columnsOf(screen)], ticks, screen);
}

function columnsOf(screen: Screen): readonly Column<TickRow>[] {
  return [
    { head: "Due", rank: 1, least: Infinity, cell: ({ due }) => formatTime(due, screen) },
    { head: "Decided", rank: 6, least: Infinity, cell: ({ decided_at }) => formatPrecise(decided_at, screen) },
    { head: "Decision", rank: 2, least: Infinity, cell: ({ decision }) => decision, paint: (text, { decision }) => paintDecision(screen.paint, decision, text) },
    { head: "Kind", rank: 5, least: Infinity, cell: ({ kind }) => kind },
    { head: "Run", rank: 4, least: 18, cell: ({ run_id }) => run_id ?? "-" },
    { head: "Reason", rank: 3, least: 20, cell: ({ reason }) => reason },
  ];
}
