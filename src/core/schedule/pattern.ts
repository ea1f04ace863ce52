import { Cron } from "croner";
import type { CalendarEntry, When } from "./schedule.js";

/** A cron line that is looked up on a calendar without a zone: decision 0008. */
export interface Pattern {
  /** Of the day of month and the day of week, both have to fit and not only one. */
  readonly bothDays: boolean;
  readonly line: string;
}

export function patternsOf(when: When): readonly Pattern[] {
  if ("cron" in when) return [{ line: when.cron.replaceAll("?", "*"), bothDays: false }];
  return "calendar" in when ? when.calendar.map((entry) => ({ line: lineOf(entry), bothDays: true })) : [];
}

function lineOf({ second = 0, minute = 0, hour = 0, dayOfMonth, month, dayOfWeek }: CalendarEntry): string {
  const weekday = dayOfWeek === undefined ? "*" : (dayOfWeek + 1) % 7; // cron counts from Sunday
  return [second, minute, hour, dayOfMonth ?? "*", month ?? "*", weekday].join(" ");
}

/** The first wall time later than `wallTime` that fits; undefined where none does in 400 years. */
export function nextFit(pattern: Pattern, wallTime: number): number | undefined {
  return cronOf(pattern).nextRun(new Date(wallTime))?.getTime();
}

/** Whether a text is a cron line of five or six fields, or a macro. */
export function isCron(text: string): boolean {
  if (text.includes(":")) return false; // croner would take it for a date
  try {
    for (const pattern of patternsOf({ cron: text })) parse(pattern);
    return true;
  } catch {
    return false;
  }
}

function parse({ line, bothDays }: Pattern): Cron {
  return new Cron(line, { mode: "5-or-6-parts", utcOffset: 0, domAndDow: bothDays });
}

const cronsMax = 100; // each has a table of 80 KB
const crons = new Map<string, Cron>();

function cronOf(pattern: Pattern): Cron {
  const key = `${pattern.bothDays ? "both" : "either"} ${pattern.line}`;
  const known = crons.get(key);
  if (known !== undefined) return known;
  const [oldest] = crons.keys();
  if (crons.size >= cronsMax && oldest !== undefined) crons.delete(oldest);
  const cron = parse(pattern);
  crons.set(key, cron);
  return cron;
}
