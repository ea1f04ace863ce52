import { counted } from "../base/plural.js";
import type { RunRecord } from "../core/run.js";
import { runsToCancel, type CancelFilter } from "../services/cancel-run.js";
import { findRuns } from "../services/find-run.js";
import type { Project } from "../services/project.js";
import { confirm, demandTerminal } from "./prompts.js";
import { UsageError } from "./usage-error.js";

/** The words that name the runs to cancel: ids or filters. */
export interface AskedRuns {
  readonly ids: readonly string[];
  readonly filter: CancelFilter;
  readonly yes: boolean;
}

/** The runs that those words name. */
export interface Selection {
  readonly runs: readonly RunRecord[];
  /** By their ids, and not by filters. */
  readonly named: boolean;
}

/** Throws UsageError where the words name no runs, or a yes is needed that nobody can give. */
export function demandSelection({ ids, filter, yes }: AskedRuns): void {
  const filters = Object.keys(filter).length;
  if (ids.length > 0 && filters > 0) throw new UsageError("runs are named by ids and by filters at once", "give ids, or --status, --workflow and --query");
  if (ids.length === 0 && filters === 0) throw new UsageError("IDS is missing", "name runs by their ids, or by --status, --workflow and --query");
  if (filters > 0 && !yes) demandTerminal("--yes cancels what the filters find, --dry-run shows it");
}

/** The runs that are meant. Throws as `findRuns`. */
export async function select(project: Project, { ids, filter }: AskedRuns): Promise<Selection> {
  if (ids.length === 0) return { runs: await runsToCancel(project, filter), named: false };
  return { runs: await findRuns(project, ids), named: true };
}

/** Whether the runs are to be cancelled: those that filters found are counted, and asked about. */
export async function agreed({ runs, named }: Selection, { yes }: AskedRuns): Promise<boolean> {
  if (named || yes || runs.length === 0) return true;
  return confirm(`Cancel ${counted(runs.length, "run")} (${countsOf(runs)})?`);
}

function countsOf(runs: readonly RunRecord[]): string {
  const counts = new Map<string, number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}
