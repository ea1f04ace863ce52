import type { TickRow } from "../../services/list-ticks.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { formatPrecise, formatTime } from "../times.js";
import { paintDecision } from "./status.js";

export function tickTable(ticks: readonly TickRow[], screen: Screen): string {
  return table<TickRow>(
    [
      { head: "Due", rank: 1, cell: ({ due }) => formatTime(due, screen) },
      { head: "Decided", rank: 6, cell: ({ decided_at }) => formatPrecise(decided_at, screen) },
      { head: "Decision", rank: 2, cell: ({ decision }) => decision, paint: (text, { decision }) => paintDecision(screen.paint, decision, text) },
      { head: "Kind", rank: 5, cell: ({ kind }) => kind },
      { head: "Run", rank: 3, cell: ({ run_id }) => run_id ?? "-" },
      { head: "Reason", rank: 4, cell: ({ reason }) => reason },
    ],
    ticks,
    screen,
  );
}
