import type { Encoded } from "../../base/codec.js";
import type { RunId, ScheduleId } from "../ids.js";
import type { RunRecord, RunSettings } from "../run.js";
import type { TickKind } from "./tick-kind.js";

export const overlapPolicies = ["skip", "buffer_one", "buffer_all", "cancel_other", "allow_all"] as const;
/**
 * What a tick does while a run of its schedule has not ended. `skip`: nothing. `buffer_one`: it waits for the end, unless one waits already.
 * `buffer_all`: it waits in line. `cancel_other`: it asks those runs to end, and starts its own at once. `allow_all`: it starts its own.
 */
export type OverlapPolicy = (typeof overlapPolicies)[number];

export const catchups = ["none", "latest", "all"] as const;
/** Which of the ticks that were due while nobody looked still start a run: none, the latest, or all. */
export type Catchup = (typeof catchups)[number];

export const scheduleStatuses = ["active", "paused", "deleted"] as const;
/** A paused or deleted schedule has no ticks of its own, and starts nothing that is buffered. */
export type ScheduleStatus = (typeof scheduleStatuses)[number];

export const tickDecisions = ["fired", "skipped", "buffered", "cancelled_other", "caught_up", "missed"] as const;
export type TickDecision = (typeof tickDecisions)[number];

/** One entry of a calendar: a field that is left out takes any value, but second, minute and hour, which are then 0. */
export interface CalendarEntry {
  readonly second?: number;
  readonly minute?: number;
  readonly hour?: number;
  readonly dayOfMonth?: number;
  /** From 1. */
  readonly month?: number;
  /** 0 is Monday, 6 is Sunday. */
  readonly dayOfWeek?: number;
}

/** The times of a schedule, by their kind. Times and lengths in milliseconds. */
export type When =
  | { readonly cron: string }
  /** Due at the anchor and at every multiple from there; also before it (a backfill may ask for that), where there is no `startAt`. */
  | { readonly intervalMs: number; readonly anchor: number }
  | { readonly calendar: readonly CalendarEntry[] }
  | { readonly at: number };

/** When a schedule is due. Times in milliseconds since the epoch. */
export interface ScheduleSpec {
  readonly when: When;
  /** IANA name: where cron, calendar and times without a zone are read. */
  readonly timezone: string;
  /** No due time is earlier. */
  readonly startAt?: number;
  /** No due time is as late. */
  readonly endAt?: number;
  /** A tick fires up to this long after its due time, and before the next: how long follows from schedule and due time alone. */
  readonly jitterMs?: number;
}

/** What a person decides about a schedule. */
export interface ScheduleDefinition {
  readonly spec: ScheduleSpec;
  readonly overlapPolicy: OverlapPolicy;
  readonly catchup: Catchup;
  /** Ticks that are later than this are missed, whatever `catchup` says. */
  readonly catchupWindowMs: number;
  readonly description?: string;
  /** Of every run. */
  readonly input: Encoded;
  /** Of every run: those of its workflow, as it was last seen. */
  readonly settings: RunSettings;
}

export interface NewSchedule extends ScheduleDefinition {
  readonly scheduleId: ScheduleId;
  readonly createdAt: number;
  /** The definition as the code declares it, as text: tells a change of the code from a change by hand. Absent for one that was made by hand. */
  readonly declared?: string;
}

/** What moves while a schedule lives; written as a whole by whoever has seen its version. Times in milliseconds since the epoch. */
export interface ScheduleState {
  readonly status: ScheduleStatus;
  /** The status that it had when the code no longer declared it, which deleted it: it comes back with its declaration. */
  readonly withdrawnFrom?: "active" | "paused" | undefined;
  /** The first due time that is not decided; absent where there is none, or the schedule is not active. */
  readonly nextDueAt?: number | undefined;
  /** When a scheduler has something to decide: the next due time with its jitter, or at once where a buffered tick may start. */
  readonly wakeAt?: number | undefined;
  /** The newest due time that was decided: none is decided twice, also where the clock was set back (I8). */
  readonly decidedUpTo?: number | undefined;
  readonly totalRuns: number;
  readonly successfulRuns: number;
  readonly failedRuns: number;
  readonly skippedRuns: number;
  readonly missedRuns: number;
  /** Ticks that wait for the end of a run. */
  readonly bufferedCount: number;
  readonly lastRunAt?: number | undefined;
  readonly lastRunId?: RunId | undefined;
  readonly updatedAt: number;
}

/** A schedule as a store keeps it. */
export interface ScheduleRecord extends NewSchedule, ScheduleState {
  /** Raised by every change, and by the end of each of its runs: a decision on what has changed meanwhile is refused. */
  readonly version: number;
}

/** One due time of a schedule, and what was decided: a row of the ledger. One of each kind for a due time (I8). */
export interface Tick {
  readonly kind: TickKind;
  readonly due: number;
  readonly decidedAt: number;
  readonly decision: TickDecision;
  /** For people. */
  readonly reason: string;
  /** The run that it started. */
  readonly runId?: RunId;
}

/** A run of a schedule that has not ended. */
export type LiveRun = Pick<RunRecord, "runId"> & { readonly cancellationRequested: boolean };

/** A schedule with all that a decision about it rests on. The version was read first. */
export interface LoadedSchedule {
  readonly schedule: ScheduleRecord;
  /** Oldest first; as many as were asked for. */
  readonly live: readonly LiveRun[];
  /** In the order in which they came; at most `defaults.schedule.ticksMax`. */
  readonly buffered: readonly Tick[];
}

/** How many of its live runs a decision about a schedule has to know. */
export function liveRunsNeeded(policy: OverlapPolicy): number {
  return policy === "cancel_other" ? Infinity : 1;
}

/** Whether a row of the ledger may take the place of another: a buffered tick is decided in the end, a backfill may ask again for what started nothing (I8). */
export function mayReplace(before: Tick, after: Tick): boolean {
  if (before.decision === "buffered") return after.decision !== "buffered";
  return before.kind === "backfill" && before.runId === undefined;
}
