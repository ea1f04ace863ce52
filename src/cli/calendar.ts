import type { CalendarEntry } from "../core/schedule/schedule.js";
import { suggest, UsageError } from "./usage-error.js";

const fields = { second: "second", minute: "minute", hour: "hour", day: "dayOfMonth", month: "month", weekday: "dayOfWeek" } as const satisfies Record<string, keyof CalendarEntry>;
type Key = keyof typeof fields;
const keys = Object.keys(fields);

// The number of a name is its place; months begin at 1.
const names: Partial<Record<Key, readonly string[]>> = {
  month: ["-", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  weekday: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
};

/** An entry of a calendar as people type it, `weekday=mon,hour=9`. Whether a number fits its field is for the schedule to say. Throws UsageError. */
export function parseCalendarEntry(text: string): CalendarEntry {
  const entry: Partial<Record<keyof CalendarEntry, number>> = {};
  for (const part of text.split(",")) {
    const [key = "", value = "", ...rest] = part.split("=").map((word) => word.trim());
    if (value === "" || rest.length > 0) throw new UsageError(`${part.trim() || "an empty entry"} is no key=value`, "write --calendar 'day=1,hour=9' or --calendar weekday=mon,hour=9");
    if (!isKey(key)) throw new UsageError(`an entry has no ${key}`, suggest(key, keys, `its keys are ${keys.join(", ")}`));
    if (entry[fields[key]] !== undefined) throw new UsageError(`${key} is given twice`, "another --calendar adds another entry");
    entry[fields[key]] = numberOf(key, value);
  }
  return entry;
}

/** What the command line calls a field of an entry. */
export function calendarKeyOf(field: string): string {
  return keys.find((key) => isKey(key) && fields[key] === field) ?? field;
}

function isKey(key: string): key is Key {
  return keys.includes(key);
}

function numberOf(key: Key, value: string): number {
  const named = names[key] ?? [];
  const number = /^\d+$/.test(value) ? Number(value) : named.indexOf(value.toLowerCase());
  if (number >= 0 && value !== "-") return number;
  const words = named.filter((name) => name !== "-");
  throw new UsageError(`${key}: ${value} is no number`, words.length === 0 ? `write ${key}=1, for example` : suggest(value, words, `write a number, or one of ${words.join(", ")}`));
}
