import type { ImportRow } from "../../services/import-runs.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { paintStatus } from "./status.js";

export function importTable(rows: readonly ImportRow[], screen: Screen): string {
  return table<ImportRow>(
    [
      { head: "Run ID", rank: 0, cell: ({ run_id }) => run_id },
      { head: "Workflow", rank: 2, cell: ({ workflow_name }) => workflow_name },
      { head: "Status", rank: 1, cell: ({ status }) => status, paint: (text, { status }) => paintStatus(screen.paint, status, text) },
      { head: "Import", rank: 3, cell: ({ action }) => action },
    ],
    rows,
    screen,
  );
}
