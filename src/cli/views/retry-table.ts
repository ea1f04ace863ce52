import type { RetryRow } from "../../services/retry-run.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { paintStatus } from "./status.js";

export function retryTable(rows: readonly RetryRow[], screen: Screen): string {
  return table<RetryRow>(
    [
      { head: "Run ID", rank: 0, cell: ({ run_id }) => run_id },
      { head: "Status", rank: 1, cell: ({ status }) => status, paint: (text, { status }) => paintStatus(screen.paint, status, text) },
      { head: "Executes again", rank: 2, cell: ({ reset }) => reset.join(" ") || "-" },
    ],
    rows,
    screen,
  );
}
