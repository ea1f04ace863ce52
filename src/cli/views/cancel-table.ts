import type { CancelRow } from "../../services/cancel-run.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { paintStatus } from "./status.js";

export function cancelTable(rows: readonly CancelRow[], screen: Screen): string {
  return table<CancelRow>(
    [
      { head: "Run ID", rank: 0, cell: ({ run_id }) => run_id },
      { head: "Status", rank: 1, cell: ({ status }) => status, paint: (text, { status }) => paintStatus(screen.paint, status, text) },
      { head: "Request", rank: 2, cell: requestOf },
    ],
    rows,
    screen,
  );
}

function requestOf({ cancelled, status, dry_run: isDry }: CancelRow): string {
  if (isDry) return cancelled ? "would be asked to end" : "nothing would change";
  if (!cancelled) return "nothing changed";
  return status === "cancelled" ? "has ended" : "asked to end";
}
