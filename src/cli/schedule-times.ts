import { systemClock } from "../base/clock.js";
import { parseDurationMs } from "../base/duration.js";
import { refuseNever } from "../core/schedule/definition.js";
import { whenOptions } from "../core/schedule/options.js";
import type { ScheduleSpec } from "../core/schedule/schedule.js";
import { specOf } from "../core/schedule/spec.js";
import { parseTime } from "../core/schedule/times.js";
import { namingFlags, timesOf, type TimesFlags } from "./schedule-flags.js";
import { UsageError } from "./usage-error.js";

/** The spec of a schedule that would be created now. Throws UsageError, and InvalidScheduleError with the flag, also where nothing is due from `from` on. */
export async function specOfFlags(flags: TimesFlags, from?: string): Promise<ScheduleSpec> {
  const times = timesOf(flags);
  if (whenOptions.every((option) => times[option] === undefined)) throw new UsageError("nothing says when it is due", "give one of --cron, --interval, --calendar and --at");
  return namingFlags(() => {
    const spec = specOf(times, systemClock.now());
    refuseNever(spec, momentIn(spec.timezone, "--from", from) - 1);
    return spec;
  });
}

/**
 * A point in time as people type it, in milliseconds since the epoch: `2h` is two hours ago, a time that bears no zone is read in `zone`; the present, where
 * nothing was typed. Throws UsageError with the flag.
 */
export function momentIn(zone: string, flag: string, text = "0s"): number {
  const agoMs = parseDurationMs(text);
  const moment = agoMs === undefined ? parseTime(text, zone) : systemClock.now() - agoMs;
  if (moment === undefined) throw new UsageError(`${flag}: ${text} is no time`, "write 1h or 2d (ago), 2025-01-15, 2025-01-15T10:30 (in the schedule's zone), or 2025-01-15T10:30:00Z");
  return moment;
}
