import type { QueueRow } from "../../services/list-queues.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";

type Count = "pending" | "running" | "suspended" | "interrupted" | "due" | "parked";

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
      { head: "Queue", rank: 8, cell: ({ queue }) => queue },
      { head: "Workflow", rank: 0, cell: ({ workflow_name }) => workflow_name },
      count("Pending", "pending", { rank: 5 }),
      count("Running", "running", { rank: 4 }),
      count("Suspended", "suspended", { rank: 6 }),
      count("Interrupted", "interrupted", { rank: 7 }),
      count("Due", "due", { rank: 1, colour: paint.cyan }),
      count("Parked", "parked", { rank: 3, colour: paint.red }),
      { head: "Workers", rank: 2, cell: ({ workers }) => (workers === 0 ? "none" : String(workers)), paint: (text, { workers }) => (workers === 0 ? paint.red(text) : text) },
    ],
    rows,
    screen,
  );
}
