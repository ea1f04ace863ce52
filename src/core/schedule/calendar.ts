import { InvalidScheduleError } from "../errors/schedules.js";
import { checkKeys, shown } from "./check.js";
import type { CalendarEntry } from "./schedule.js";

const fields = [
  { name: "second", least: 0, most: 59 },
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "dayOfMonth", least: 1, most: 31 },
  { name: "month", least: 1, most: 12 },
  { name: "dayOfWeek", least: 0, most: 6, hint: "0 is Monday and 6 is Sunday" },
] as const satisfies readonly Field[];

const names = fields.map(({ name }) => name);

interface Field {
  readonly name: keyof CalendarEntry;
  readonly least: number;
  readonly most: number;
  readonly hint?: string;
}

/** One entry or several, as a list. */
export function checkCalendar(value: unknown): readonly CalendarEntry[] {
  if (!Array.isArray(value)) return [checkEntry("calendar", value)];
  if (value.length === 0) throw new InvalidScheduleError("calendar", "it has no entry", "write e.g. { dayOfWeek: 0, hour: 9 }: Mondays at nine");
  return value.map((entry, index) => checkEntry(`calendar[${index}]`, entry));
}

function checkEntry(path: string, value: unknown): CalendarEntry {
  const given = checkKeys(path, value, names);
  const entry: { -readonly [Name in keyof CalendarEntry]: number } = {};
  for (const field of fields) {
    const held = given[field.name];
    if (held !== undefined) entry[field.name] = checkField(path, held, field);
  }
  return entry;
}

function checkField(path: string, value: unknown, { name, least, most, hint = "write a whole number" }: Field): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidScheduleError(`${path}.${name}`, `${shown(value)} is not from ${least} to ${most}`, hint);
}
