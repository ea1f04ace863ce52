import type { FindingRow } from "../../services/inspect-store.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";

export function findingTable(rows: readonly FindingRow[], screen: Screen): string {
  return table(
    [
      { head: "Broken", rank: 1, least: Infinity, cell: ({ invariant }) => invariant, paint: (text) => screen.paint.red(text) },
      { head: "Where", rank: 0, cell: ({ run_id, schedule_id, sequence }) => `${run_id ?? schedule_id ?? "-"}${sequence === null ? "" : ` event ${sequence}`}` },
      { head: "What", rank: 2, least: 20, cell: ({ message }) => message },
    ],
    rows,
    screen,
  );
}
