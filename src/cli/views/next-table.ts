import type { NextTime } from "../../services/next-times.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { formatTime } from "../times.js";

type NextRow = Omit<NextTime, "due"> & { readonly due: Date };

/** Due times as instants, and as the clock of the schedule's zone shows them. */
export function nextTable(times: readonly NextRow[], screen: Screen): string {
  return table<NextRow>(
    [
      { head: "Due", rank: 1, cell: ({ due }) => (screen.terminal ? formatTime(due, { utc: true }) : due.toISOString().replace(".000", "")) },
      { head: "Local", rank: 0, cell: ({ local }) => local },
      { head: "Note", rank: 2, cell: ({ note }) => note ?? "-" },
    ],
    times,
    screen,
  );
}
