import { writeDuration } from "../../base/duration.js";
import { didYouMean, nearest } from "../../base/nearest.js";
import { unreachable } from "../../base/unreachable.js";
import { defaults } from "../defaults.js";
import { InvalidScheduleError } from "../errors/schedules.js";
import { checkCalendar } from "./calendar.js";
import { checkDuration, checkText, shown } from "./check.js";
import { checkCron } from "./cron.js";
import { horizon } from "./next.js";
import { whenOptions, type ScheduleTimes } from "./options.js";
import type { ScheduleSpec, When } from "./schedule.js";
import { parseTime } from "./times.js";
import { isZone } from "./zone.js";

const timeLeast = -62_167_219_200_000; // the year 0: what ISO 8601 writes with four digits

/** The spec that times describe. `createdAt` (milliseconds since the epoch): an interval without `startAt` counts from it. Throws InvalidScheduleError. */
export function specOf(times: ScheduleTimes, createdAt: number): ScheduleSpec {
  const timezone = times.timezone === undefined ? defaults.schedule.timezone : checkZone(times.timezone);
  const startAt = timeOf("startAt", times.startAt, timezone);
  const endAt = timeOf("endAt", times.endAt, timezone);
  const jitterMs = times.jitter === undefined ? 0 : checkDuration("jitter", times.jitter);
  if (startAt !== undefined && endAt !== undefined && startAt >= endAt) {
    throw new InvalidScheduleError("endAt", `${shown(times.endAt)} is not later than startAt, ${shown(times.startAt)}`, "nothing is due before startAt, nor from endAt on");
  }
  return {
    when: whenOf(times, timezone, startAt ?? createdAt),
    timezone,
    ...(startAt !== undefined && { startAt }),
    ...(endAt !== undefined && { endAt }),
    ...(jitterMs > 0 && { jitterMs }),
  };
}

/** The times that describe a spec: what `specOf` makes of them is the same again. */
export function timesOf({ when, timezone, startAt, endAt, jitterMs }: ScheduleSpec): ScheduleTimes {
  return {
    ...writtenWhen(when),
    timezone,
    ...(startAt !== undefined && { startAt: writeTime(startAt) }),
    ...(endAt !== undefined && { endAt: writeTime(endAt) }),
    ...(jitterMs !== undefined && { jitter: writeDuration(jitterMs) }),
  };
}

function writtenWhen(when: When): ScheduleTimes {
  if ("intervalMs" in when) return { interval: writeDuration(when.intervalMs) };
  return "at" in when ? { at: writeTime(when.at) } : when;
}

function writeTime(instant: number): string {
  return new Date(instant).toISOString();
}

function checkZone(value: unknown): string {
  const zone = checkText("timezone", value);
  if (isZone(zone)) return zone;
  const zones = Intl.supportedValuesOf("timeZone");
  const city = zones.find((known) => known.toLowerCase().endsWith(`/${zone.toLowerCase().replaceAll(" ", "_")}`));
  const meant = city ?? nearest(zone, zones);
  throw new InvalidScheduleError("timezone", `${shown(zone)} is not known`, didYouMean(meant, "write an IANA name such as Europe/Berlin, or UTC"));
}

function timeOf(option: string, value: unknown, zone: string): number | undefined {
  return value === undefined ? undefined : checkTime(option, value, zone);
}

/** A time as people write it, in milliseconds since the epoch; a text without a zone is read in `zone`. Throws InvalidScheduleError. */
export function checkTime(option: string, value: unknown, zone: string): number {
  const time = value instanceof Date ? value.getTime() : typeof value === "string" ? parseTime(value, zone) : undefined;
  if (time !== undefined && time >= timeLeast && time < horizon) return time;
  throw new InvalidScheduleError(option, `${shown(value)} is no time`, "write a Date, 2026-03-01, 2026-03-01T09:00 (in the time zone of the schedule), or 2026-03-01T09:00:00Z");
}

function whenOf(times: ScheduleTimes, zone: string, anchor: number): When {
  const [option, other] = whenOptions.filter((known) => times[known] !== undefined);
  if (option === undefined) throw new InvalidScheduleError("schedule", "nothing says when it is due", `give one of ${whenOptions.join(", ")}`);
  if (other !== undefined) throw new InvalidScheduleError(other, `${option} says already when it is due`, `give one of ${whenOptions.join(", ")}`);
  switch (option) {
    case "cron":
      return { cron: checkCron(times.cron) };
    case "interval":
      return { intervalMs: checkInterval(times.interval), anchor };
    case "calendar":
      return { calendar: checkCalendar(times.calendar) };
    case "at":
      return { at: checkTime("at", times.at, zone) };
    default:
      return unreachable(option);
  }
}

function checkInterval(value: unknown): number {
  const ms = checkDuration("interval", value);
  const leastMs = defaults.schedule.intervalLeastMs;
  if (ms >= leastMs) return ms;
  throw new InvalidScheduleError("interval", `${writeDuration(ms)} is too short`, `${writeDuration(leastMs)} is the shortest`);
}
