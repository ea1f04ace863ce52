import type { RunRecord } from "../../core/run.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { runColumns } from "./run-table.js";

/** Runs as in their list, with their depth behind the status; on a terminal the deeper ones stand further in. */
export function childTable(runs: readonly RunRecord[], screen: Screen): string {
  const [id, workflow, status, ...rest] = runColumns(screen);
  const top = Math.min(...runs.map(({ nestingDepth }) => nestingDepth));
  const indented = { ...id, cell: (run: RunRecord) => `${screen.terminal ? "  ".repeat(run.nestingDepth - top) : ""}${run.runId}` };
  const depth = { head: "Depth", rank: 6, cell: (run: RunRecord) => String(run.nestingDepth) };
  return table<RunRecord>([indented, workflow, status, depth, ...rest], runs, screen);
}
