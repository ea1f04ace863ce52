import { decode } from "../base/codec.js";
import { unreachable } from "../base/unreachable.js";
import type { RunId, ScheduleId } from "../core/ids.js";
import type { CalendarEntry, Catchup, OverlapPolicy, ScheduleRecord, ScheduleSpec, ScheduleStatus, When } from "../core/schedule/schedule.js";
import { dateOf } from "./list-runs.js";

/** A schedule under the names that JSON shows. Lengths of time are in seconds. */
export interface ScheduleRow {
  readonly schedule_id: ScheduleId;
  readonly workflow_name: string;
  readonly status: ScheduleStatus;
  readonly spec: SpecRow;
  readonly description: string | null;
  /** Of each of its runs; null where they have none. */
  readonly input: unknown;
  readonly overlap_policy: OverlapPolicy;
  readonly catchup: Catchup;
  readonly catchup_window: number;
  /** The next due time, without its jitter. */
  readonly next_run_time: Date | null;
  readonly last_run_at: Date | null;
  readonly last_run_id: RunId | null;
  readonly total_runs: number;
  readonly successful_runs: number;
  readonly failed_runs: number;
  readonly skipped_runs: number;
  readonly missed_runs: number;
  readonly buffered_count: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** One of the first four is not null. */
export interface SpecRow {
  readonly cron: string | null;
  readonly interval: number | null;
  readonly calendar: readonly CalendarRow[] | null;
  readonly at: Date | null;
  readonly timezone: string;
  readonly start_at: Date | null;
  readonly end_at: Date | null;
  readonly jitter: number | null;
}

/** Null: any. */
export interface CalendarRow {
  readonly second: number;
  readonly minute: number;
  readonly hour: number;
  readonly day_of_month: number | null;
  readonly month: number | null;
  /** 0 is Monday. */
  readonly day_of_week: number | null;
}

export function scheduleRow(schedule: ScheduleRecord): ScheduleRow {
  return {
    schedule_id: schedule.scheduleId,
    workflow_name: schedule.settings.workflowName,
    status: schedule.status,
    spec: specRow(schedule.spec),
    description: schedule.description ?? null,
    input: decode(schedule.input) ?? null,
    overlap_policy: schedule.overlapPolicy,
    catchup: schedule.catchup,
    catchup_window: schedule.catchupWindowMs / 1000,
    next_run_time: dateOf(schedule.nextDueAt),
    last_run_at: dateOf(schedule.lastRunAt),
    last_run_id: schedule.lastRunId ?? null,
    total_runs: schedule.totalRuns,
    successful_runs: schedule.successfulRuns,
    failed_runs: schedule.failedRuns,
    skipped_runs: schedule.skippedRuns,
    missed_runs: schedule.missedRuns,
    buffered_count: schedule.bufferedCount,
    created_at: new Date(schedule.createdAt),
    updated_at: new Date(schedule.updatedAt),
  };
}

function specRow({ when, timezone, startAt, endAt, jitterMs }: ScheduleSpec): SpecRow {
  const jitter = jitterMs === undefined ? null : jitterMs / 1000;
  return { ...whenRow(when), timezone, start_at: dateOf(startAt), end_at: dateOf(endAt), jitter };
}

function whenRow(when: When): Pick<SpecRow, "cron" | "interval" | "calendar" | "at"> {
  const none = { cron: null, interval: null, calendar: null, at: null };
  if ("cron" in when) return { ...none, cron: when.cron };
  if ("intervalMs" in when) return { ...none, interval: when.intervalMs / 1000 };
  if ("calendar" in when) return { ...none, calendar: when.calendar.map(calendarRow) };
  if ("at" in when) return { ...none, at: new Date(when.at) };
  return unreachable(when);
}

function calendarRow({ second = 0, minute = 0, hour = 0, dayOfMonth, month, dayOfWeek }: CalendarEntry): CalendarRow {
  return { second, minute, hour, day_of_month: dayOfMonth ?? null, month: month ?? null, day_of_week: dayOfWeek ?? null };
}
