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

/** The ledger of a schedule, newest due time first; 50 ticks, unless `limit` says otherwise. Throws as {@link findSchedule}. */
export async function listTicks({ backend }: Pick<Project, "backend">, text: string, { limit = limitDefault, ...filter }: ListTicksOptions = {}): Promise<readonly Tick[]> {
  const { scheduleId } = await findSchedule({ backend }, text);
  return backend.listTicks({ scheduleId, ...filter, limit });
}

/** A tick under the names that JSON shows. */
export function tickRow({ due, decidedAt, decision, reason, kind, runId }: Tick): TickRow {
  return { due: new Date(due), decided_at: new Date(decidedAt), decision, reason, kind, run_id: runId ?? null };
}
