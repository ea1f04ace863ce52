import { writeDuration } from "../base/duration.js";
import { nextDue } from "../core/schedule/next.js";
import type { ScheduleRecord, ScheduleSpec } from "../core/schedule/schedule.js";
import { writeWallTime } from "../core/schedule/times.js";
import { offsetMsAt, wallTimeAt } from "../core/schedule/zone.js";

export interface NextTime {
  /** Milliseconds since the epoch. */
  readonly due: number;
  /** What the clocks of the schedule's zone show then, with their offset from UTC: `2026-03-29T03:00:00+02:00`. */
  readonly local: string;
  /** What the zone's change of the clocks has to do with it. */
  readonly note?: string;
}

/** Where the coming due times of a schedule begin: now, or behind what is decided already, where the clock was ahead once. */
export function comingFrom({ decidedUpTo = -Infinity }: Pick<ScheduleRecord, "decidedUpTo">, now: number): number {
  return Math.max(now, decidedUpTo + 1);
}

/** The first `count` due times later than `from`, without jitter; fewer where there are no more. */
export function nextTimes(spec: ScheduleSpec, { from, count }: { readonly from: number; readonly count: number }): readonly NextTime[] {
  const times: NextTime[] = [];
  let before = from;
  for (let due = nextDue(spec, from); due !== undefined && times.length < count; due = nextDue(spec, due)) {
    const note = noteOf(spec, before, due);
    times.push({ due, local: localTime(spec.timezone, due), ...(note !== undefined && { note }) });
    before = due;
  }
  return times;
}

function noteOf(spec: ScheduleSpec, before: number, due: number): string | undefined {
  const notes = [moved(spec, due), shifted(spec.timezone, before, due)].filter((note) => note !== undefined);
  return notes.length === 0 ? undefined : notes.join("; ");
}

/** Whether a time that the schedule names lies in the gap that ends with `due`. */
function moved({ when, timezone }: ScheduleSpec, due: number): string | undefined {
  if ("at" in when || "intervalMs" in when) return undefined;
  const gapStart = wallTimeAt(timezone, due - 1) + 1;
  const gapEnd = wallTimeAt(timezone, due);
  if (gapStart >= gapEnd) return undefined;
  const wanted = nextDue({ when, timezone: "UTC" }, gapStart - 1) ?? Infinity; // wall times are those of UTC
  return wanted < gapEnd ? `${writeWallTime(wanted)} does not exist` : undefined;
}

/** How the clock was changed after `before`, and not later than `due`. */
function shifted(zone: string, before: number, due: number): string | undefined {
  const byMs = offsetMsAt(zone, due) - offsetMsAt(zone, before);
  return byMs === 0 ? undefined : `clock goes ${byMs > 0 ? "forward" : "back"} ${writeDuration(Math.abs(byMs))}`;
}

/** What the clocks of a zone show at an instant, with their offset from UTC. */
export function localTime(zone: string, instant: number): string {
  const offset = offsetMsAt(zone, instant);
  const minutes = Math.abs(Math.trunc(offset / 60_000));
  const clock = new Date(instant + offset).toISOString().replace(/(?:\.000)?Z$/, "");
  return `${clock}${offset < 0 ? "-" : "+"}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
