import type { ReplayRow } from "../../services/replay-runs.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";

export function replayTable(rows: readonly ReplayRow[], screen: Screen): string {
  const { paint } = screen;
  return table<ReplayRow>(
    [
      { head: "Run ID", rank: 0, cell: ({ run_id }) => run_id },
      { head: "Workflow", rank: 4, cell: ({ workflow_name }) => workflow_name },
      { head: "Fits", rank: 1, cell: ({ fits }) => (fits ? "yes" : "no"), paint: (text, { fits }) => (fits ? paint.green(text) : paint.red(text)) },
      { head: "Operation", rank: 2, cell: ({ operation_id }) => operation_id ?? "-" },
      { head: "At", rank: 3, cell: ({ at }) => at ?? "-" },
      { head: "Reason", rank: 5, cell: ({ reason }) => reason ?? "-" },
    ],
    rows,
    screen,
  );
}
