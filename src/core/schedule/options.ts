import type { Duration } from "../../base/duration.js";
import type { CalendarEntry, Catchup, OverlapPolicy } from "./schedule.js";

/** Each says when a schedule is due; one of them has to be given. */
export const whenOptions = ["cron", "interval", "calendar", "at"] as const satisfies readonly (keyof ScheduleTimes)[];

/** When a schedule is due, as people write it: one of `cron`, `interval`, `calendar` and `at`, and what limits them. */
export interface ScheduleTimes {
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first; names, lists, ranges, steps, `L`, `W` and `#`; or `@daily` and its like. */
  readonly cron?: string;
  /** Time between two due times, counted from `startAt` (or the creation), however long a run takes and the clocks shift. At least a second. */
  readonly interval?: Duration;
  /** Times of the clock on days that fit; several entries add up. */
  readonly calendar?: CalendarEntry | readonly CalendarEntry[];
  /** Once, at this time. */
  readonly at?: Date | string;
  /** IANA name, e.g. `Europe/Berlin`: where cron, calendar and texts without a zone are read. Default `UTC`. */
  readonly timezone?: string;
  /** Nothing is due before. */
  readonly startAt?: Date | string;
  /** Nothing is due from then on. */
  readonly endAt?: Date | string;
  /** Each tick fires up to this long after its due time, and before the next one; always the same for the same due time. Spreads the load of many schedules. Default none. */
  readonly jitter?: Duration;
}

/** A schedule as people write it. */
export interface ScheduleOptions extends ScheduleTimes {
  /** What happens at a due time while a run of this schedule has not ended. Default `"skip"`. */
  readonly overlapPolicy?: OverlapPolicy;
  /** What becomes of due times that passed while nobody looked. Default `"latest"`. */
  readonly catchup?: Catchup;
  /** How long a due time can be caught up at all. Default one day. */
  readonly catchupWindow?: Duration;
  /** For people who look at it. */
  readonly description?: string;
}
