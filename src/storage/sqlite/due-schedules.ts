import type { RunId, ScheduleId } from "../../core/ids.js";
import { liveRunsNeeded, type LiveRun, type LoadedSchedule, type OverlapPolicy, type ScheduleRecord } from "../../core/schedule/schedule.js";
import type { DueSchedules } from "../backend.js";
import type { Connection } from "./connection.js";
import { recordOfSchedule, scheduleColumns, scheduleRow, type ScheduleRow } from "./schedules.js";
import { bufferedTicks } from "./ticks.js";

// Said so that the condition of the index is seen to hold.
const awaited = "FROM schedules INDEXED BY schedules_due WHERE status = 'active' AND wake_at IS NOT NULL";
const selectDue = `SELECT ${scheduleColumns} ${awaited} AND wake_at <= ? ORDER BY wake_at, key LIMIT ?`;
const selectNextWake = `SELECT min(wake_at) AS wake_at ${awaited} AND wake_at > ?`;
const selectLive = `
  SELECT run_id, cancellation_requested FROM runs INDEXED BY runs_live_of_schedule
  WHERE schedule = ? AND completed_at IS NULL ORDER BY created_at, key LIMIT ?`;

export function loadSchedule(connection: Connection, scheduleId: ScheduleId, policy: OverlapPolicy): LoadedSchedule | undefined {
  const row = scheduleRow(connection, scheduleId);
  return row && loaded(connection, row, () => policy);
}

export function dueSchedules(connection: Connection, now: number, limit: number): DueSchedules {
  const rows = connection.sql<ScheduleRow>(selectDue).all(now, limit + 1);
  const due = rows.slice(0, limit).map((row) => loaded(connection, row, ({ overlapPolicy }) => overlapPolicy));
  if (rows.length > limit) return { due };
  const nextWakeAt = connection.sql<{ wake_at: number | null }>(selectNextWake).get(now)?.wake_at ?? undefined;
  return { due, ...(nextWakeAt !== undefined && { nextWakeAt }) };
}

// The row has been read before the runs and ticks: who changes those raises the version, and a decision on what was read here is refused.
function loaded(connection: Connection, row: ScheduleRow, policyFor: (schedule: ScheduleRecord) => OverlapPolicy): LoadedSchedule {
  const schedule = recordOfSchedule(row);
  const live = liveRuns(connection, row.schedule_id, liveRunsNeeded(policyFor(schedule)));
  return { schedule, live, buffered: bufferedTicks(connection, row.key) };
}

interface LiveRow {
  readonly run_id: RunId;
  readonly cancellation_requested: number | null;
}

function liveRuns(connection: Connection, scheduleId: ScheduleId, limit: number): readonly LiveRun[] {
  const rows = connection.sql<LiveRow>(selectLive).all(scheduleId, Math.min(limit, Number.MAX_SAFE_INTEGER));
  return rows.map(({ run_id, cancellation_requested }) => ({ runId: run_id, cancellationRequested: cancellation_requested !== null }));
}
