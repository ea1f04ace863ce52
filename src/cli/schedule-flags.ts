import type { Interfaces } from "@oclif/core";
import { custom, string } from "@oclif/core/flags";
import { InvalidScheduleError } from "../core/errors.js";
import { whenOptions, type ScheduleOptions, type ScheduleTimes } from "../core/schedule/options.js";
import { catchups, overlapPolicies, type CalendarEntry, type Catchup, type OverlapPolicy } from "../core/schedule/schedule.js";
import { parseTime } from "../core/schedule/times.js";
import type { ScheduleChange } from "../services/change-schedule.js";
import { calendarKeyOf, parseCalendarEntry } from "./calendar.js";
import { defined } from "./defined.js";
import { duration, filled, oneOf, refuseEmpty } from "./flags.js";
import { UsageError } from "./usage-error.js";

const none = "none";

/** A time as it was typed: only the schedule knows the zone in which it is read. */
const time = custom({ helpValue: "TIME", parse: async (input) => parsedTime(input) });
const bound = custom({ helpValue: "TIME|none", parse: async (input) => (input === none ? none : parsedTime(input)) });

function parsedTime(input: string): string {
  if (parseTime(refuseEmpty(input), "UTC") !== undefined) return input;
  throw new UsageError(`${input} is no time`, "write 2025-01-15, 2025-01-15T10:30 (in the schedule's zone), or 2025-01-15T10:30:00Z");
}

/** When a schedule is due. */
export const timesFlags = {
  cron: filled({ helpValue: "EXPR", description: "minute, hour, day of month, month and day of week, or six fields with seconds first" }),
  interval: duration({ description: "time between two due times, from --start-at or the creation on: 90s, 5m, 1d" }),
  calendar: custom<CalendarEntry>({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "key=value,…",
    description: "second, minute, hour, day, month, weekday (0 or mon); what is left out fits always, but second, minute and hour are then 0; repeatable",
    parse: async (input) => parseCalendarEntry(input),
  })(),
  at: time({ description: "once: 2025-01-15T10:30, in the schedule's zone, or with one of its own" }),
  timezone: filled({ helpValue: "ZONE", description: "zone of --cron, --calendar and of times without one: Europe/Berlin; UTC unless told" }),
  "start-at": bound({ description: "nothing is due before" }),
  "end-at": bound({ description: "nothing is due from then on" }),
};

const policy = { ...oneOf(overlapPolicies), helpValue: "POLICY", description: `while a run has not ended: ${overlapPolicies.join(", ")}` };

/** In the place of the schedule's own policy. */
export const overlap = custom<OverlapPolicy>(policy)();

/** All that a person decides about a schedule. */
export const scheduleFlags = {
  ...timesFlags,
  jitter: duration({ description: "each run starts up to this long after its due time; 0s for none" }),
  overlap: custom<OverlapPolicy>({ ...policy, description: `${policy.description}; skip unless told` })(),
  catchup: custom<Catchup>({ ...oneOf(catchups), description: "which of the times that were due while nobody looked still start a run, latest unless told" })(),
  "catchup-window": duration({ description: "how late a due time can be caught up, 1d unless told" }),
  description: string({ helpValue: "TEXT", description: "for people who look at it" }),
  arg: string({ multiple: true, multipleNonGreedy: true, default: [], helpValue: "key=value", description: "a field of each run's input: JSON, else text; repeatable" }),
  "args-json": string({ helpValue: "JSON|@file|-", description: "the input of each run as JSON, from a file, or from stdin" }),
};

export type TimesFlags = Interfaces.InferredFlags<typeof timesFlags>;
type ScheduleFlags = Interfaces.InferredFlags<typeof scheduleFlags>;

/** Throws UsageError where the flags say twice when it is due. */
export function timesOf(flags: TimesFlags): ScheduleTimes {
  const [flag, other] = whenOptions.filter((each) => flags[each] !== undefined);
  if (other !== undefined) throw new UsageError(`--${flag} and --${other} were given together`, "leave out one of them: a schedule is due by the one or the other");
  const { cron, interval, calendar, at, timezone, "start-at": startAt, "end-at": endAt } = flags;
  return defined({ cron, interval: secondsOf(interval), calendar, at, timezone, startAt: unless(none, startAt), endAt: unless(none, endAt) });
}

/** Throws as {@link timesOf}. */
export function scheduleOptionsOf(flags: ScheduleFlags): ScheduleOptions {
  const { jitter, overlap: overlapPolicy, catchup, "catchup-window": window, description } = flags;
  return { ...timesOf(flags), ...defined({ jitter: secondsOf(jitter), overlapPolicy, catchup, catchupWindow: secondsOf(window), description }) };
}

/** The same for a schedule that there is: `none` and an empty text take off what it has. */
export function scheduleChangeOf(flags: ScheduleFlags): ScheduleChange {
  return {
    ...scheduleOptionsOf(flags),
    ...(flags["start-at"] === none && { startAt: null }),
    ...(flags["end-at"] === none && { endAt: null }),
    ...(flags.description === "" && { description: null }),
  };
}

function unless(off: string, value: string | undefined): string | undefined {
  return value === off ? undefined : value;
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

/** Lets what is refused bear the names of the flags, instead of those of the options of the library. */
export async function namingFlags<T>(use: () => Promise<T> | T): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!(error instanceof InvalidScheduleError)) throw error;
    const { option, message, hint } = error;
    throw new InvalidScheduleError(flagOf(option), inFlags(message.slice(`${option}: `.length)), inFlags(hint));
  }
}

// `calendar[1].dayOfMonth` was typed as --calendar day=…
function flagOf(option: string): string {
  const [, field] = /^calendar(?:\[\d+\])?\.(\w+)$/.exec(option) ?? [];
  if (field !== undefined) return `--calendar ${calendarKeyOf(field)}`;
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function inFlags(text: string): string {
  return text.replaceAll(/\b(?:startAt|endAt|scheduleId)\b/g, flagOf);
}
