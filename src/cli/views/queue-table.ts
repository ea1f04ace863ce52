import type { QueueRow } from "../../services/list-queues.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";

type Count = "pending_runs" | "running_runs" | "suspended_runs" | "interrupted_runs" | "due_runs" | "parked_runs";

export function queueTable(rows: readonly QueueRow[], screen: Screen): string {
  const { paint } = screen;
  const count = (head: string, key: Count, { rank, colour = String }: { readonly rank: number; readonly colour?: (text: string) => string }): Column<QueueRow> => ({
    head,
    rank,
    cell: (row) => String(row[key]),
    paint: (text, row) => (row[key] === 0 ? paint.dim(text) : colour(text)),
  });
  return table<QueueRow>(
    [
      { head: "Workflow", rank: 0, cell: ({ workflow_name }) => workflow_name },
      count("Pending", "pending_runs", { rank: 5 }),
      count("Running", "running_runs", { rank: 4 }),
      count("Suspended", "suspended_runs", { rank: 6 }),
      count("Interrupted", "interrupted_runs", { rank: 7 }),
      count("Due", "due_runs", { rank: 1, colour: paint.cyan }),
      count("Parked", "parked_runs", { rank: 3, colour: paint.red }),
      { head: "Workers", rank: 2, cell: ({ workers }) => (workers === 0 ? "none" : String(workers)), paint: (text, { workers }) => (workers === 0 ? paint.red(text) : text) },
    ],
    rows,
    screen,
  );
}
