import type { RerunRow } from "../../services/rerun-run.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { paintStatus } from "./status.js";

/** The new run, if there is one, and what of the old one it executes again. */
export function rerunCard(run: RerunRow, screen: Screen): string {
  const lines = [
    ["Run ID", run.run_id ?? undefined],
    ["Workflow", run.workflow_name],
    ["Status", run.dry_run ? undefined : paintStatus(screen.paint, run.status)],
    ["Rerun of", run.rerun_of],
    ["Executes again", run.executes_again.length === 0 ? "nothing that is known yet" : ""],
  ] as const;
  return [...cardLines(lines, screen).map((line) => line.trimEnd()), ...run.executes_again.map((id) => `  ${id}`)].join("\n");
}
