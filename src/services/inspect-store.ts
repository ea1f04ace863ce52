import { checkStore, type CheckOptions } from "./check-store.js";
import type { Project } from "./project.js";

/** What is wrong with a store, under the names that JSON shows: one row for each finding. */
export interface FindingRow {
  /** I1 to I10 of docs/architecture.md; below them `file` (it is damaged), `row` (it belongs to nobody, is missing, or can't be read) and `value` (it can't be decoded). */
  readonly invariant: string;
  readonly run_id: string | null;
  readonly schedule_id: string | null;
  /** Of the event that breaks it, where it is one event. */
  readonly sequence: number | null;
  /** Due time of the tick that breaks it, where it is one tick. */
  readonly due: Date | null;
  readonly message: string;
}

export interface StoreInspection {
  readonly runs: number;
  readonly events: number;
  readonly findings: readonly FindingRow[];
}

/** The file first: where that itself is damaged, nothing else is looked at. */
export async function inspectStore(project: Project, options: CheckOptions): Promise<StoreInspection> {
  const faults = await project.backend.findFaults();
  const below = faults.map(({ kind, ...fault }) => row({ invariant: kind, ...fault }));
  if (faults.some(({ kind }) => kind === "file")) return { runs: 0, events: 0, findings: below };
  const { runs, events, findings } = await checkStore(project, options);
  return { runs, events, findings: [...below, ...findings.map(row)] };
}

interface Found {
  readonly invariant: string;
  readonly message: string;
  readonly runId?: string;
  readonly scheduleId?: string;
  readonly sequence?: number;
  readonly due?: number;
}

function row({ invariant, message, runId, scheduleId, sequence, due }: Found): FindingRow {
  return { invariant, run_id: runId ?? null, schedule_id: scheduleId ?? null, sequence: sequence ?? null, due: due === undefined ? null : new Date(due), message };
}
