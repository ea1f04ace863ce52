import { formatDuration, parseDurationMs } from "../base/duration.js";
import type { Screen } from "./screen.js";
import { UsageError } from "./usage-error.js";

const moment = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * A point in time as people type it, in milliseconds since the epoch: `2h` is two hours ago, `2025-01-15` and `2025-01-15 10:30` are local
 * times, `2025-01-15T10:30:00Z` bears its zone.
 */
export function parseMoment(text: string, nowMs: number): number {
  const agoMs = parseDurationMs(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const ms = moment.test(text) ? new Date(text.length === 10 ? `${text}T00:00` : text.replace(" ", "T")).getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw new UsageError(`${text} is no time`, "write 1h or 2d (ago), 2025-01-15, or 2025-01-15T10:30:00Z");
  return ms;
}

/** `2025-01-15 10:30:00`, local, or in UTC with a Z. */
export function formatTime(time: Date, { utc }: Pick<Screen, "utc">): string {
  return formatPrecise(time, { utc }).replace(/\.\d+/, "");
}

/** The same with milliseconds. */
export function formatPrecise(time: Date, { utc }: Pick<Screen, "utc">): string {
  const shown = utc ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  const text = shown.toISOString().replace("T", " ");
  return utc ? text : text.slice(0, -1);
}

/** For lists: `3m ago` or `in 2h` where a person looks, the time itself in a pipe and with --utc. */
export function formatListTime(time: Date, screen: Screen): string {
  if (!screen.terminal || screen.utc) return formatTime(time, screen);
  const ms = screen.nowMs - time.getTime();
  return ms < 0 ? `in ${coarse(-ms)}` : `${coarse(ms)} ago`;
}

/** The greatest unit is enough to find a run again. */
export function coarse(ms: number): string {
  return ms < 1000 ? "0s" : (formatDuration(ms).split(" ")[0] ?? "").replace(/\.\d/, "");
}

/** Seconds as people write them; `-` where there are none. */
export function formatSeconds(seconds: number | null): string {
  return seconds === null ? "-" : formatDuration(seconds * 1000);
}
