import type { RunId } from "../core/ids.js";
import type { Tick, TickDecision } from "../core/schedule/schedule.js";
import type { TickKind } from "../core/schedule/tick-kind.js";
import type { TickFilter } from "../storage/backend.js";
import { findSchedule } from "./find-schedule.js";
import type { Project } from "./project.js";

/** A row of a schedule's ledger, under the names that JSON shows. */
export interface TickRow {
  readonly due: Date;
  readonly decided_at: Date;
  readonly decision: TickDecision;
  /** For people. */
  readonly reason: string;
  readonly kind: TickKind;
  /** The run that it started. */
  readonly run_id: RunId | null;
}

export interface ListTicksOptions extends Partial<Pick<TickFilter, "kind" | "decision" | "limit">> {}

const limitDefault = 50;

/** What was decided about a schedule's due times, newest due time first; 50 of them, unless `limit` says otherwise. Throws as {@link findSchedule}. */
export async function listTicks({ backend }: Pick<Project, "backend">, text: string, { limit = limitDefault, ...filter }: ListTicksOptions = {}): Promise<readonly TickRow[]> {
  const { scheduleId } = await findSchedule({ backend }, text);
  return (await backend.listTicks({ scheduleId, ...filter, limit })).map(tickRow);
}

/** A tick under the names that JSON shows. */
export function tickRow({ due, decidedAt, decision, reason, kind, runId }: Tick): TickRow {
  return { due: new Date(due), decided_at: new Date(decidedAt), decision, reason, kind, run_id: runId ?? null };
}
