import * as fc from "fast-check";
import type { CalendarEntry, ScheduleSpec } from "../../../src/core/schedule/schedule.js";

// Random specs, each with what it means, said without the language of cron: the oracle reads no pattern.

/** Two years of each zone. Apia's have the day that it left out; all others have a leap day. */
export const zones: Readonly<Record<string, string>> = {
  "Europe/Berlin": "2023-07-01",
  "America/New_York": "2023-07-01",
  "America/Santiago": "2023-07-01",
  "Australia/Lord_Howe": "2023-07-01",
  "Asia/Kathmandu": "2023-07-01",
  "Africa/Casablanca": "2023-07-01",
  "Pacific/Apia": "2011-07-01",
  "Pacific/Chatham": "2023-07-01",
  "Antarctica/Troll": "2023-07-01",
  "Europe/Dublin": "2023-07-01",
};

/** One day of a wall calendar. `lastOfMonth`: the days in its month. */
export interface Day {
  readonly month: number;
  readonly dayOfMonth: number;
  readonly daysInMonth: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** Wall times, or an interval. */
export type Meaning = { readonly sets: readonly WallTimes[] } | { readonly intervalMs: number; readonly anchor: number };

export interface WallTimes {
  isDay(day: Day): boolean;
  readonly hours: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  /** In their order. */
  readonly seconds: readonly number[];
}

export interface SpecAndMeaning {
  readonly spec: ScheduleSpec;
  readonly meaning: Meaning;
}

interface Field {
  readonly text: string;
  readonly values: readonly number[];
}

function span(least: number, most: number, step = 1): number[] {
  const values: number[] = [];
  for (let value = least; value <= most; value += step) values.push(value);
  return values;
}

interface Limits {
  readonly least: number;
  readonly most: number;
  readonly write?: (value: number) => string;
}

function items({ least, most, write = String }: Limits): fc.Arbitrary<Field> {
  const value = fc.integer({ min: least, max: most });
  const ordered = fc.tuple(value, value).map((both) => both.toSorted((left, right) => left - right) as [number, number]);
  const pair = ordered.filter(([, high]) => !(high === 0 && write !== String)); // sun-sun is the whole week to croner: 0-7
  const step = fc.integer({ min: 1, max: Math.min(30, most - least) });
  return fc.oneof(
    value.map((one) => ({ text: write(one), values: [one] })),
    pair.map(([low, high]) => ({ text: `${write(low)}-${write(high)}`, values: span(low, high) })),
    fc.tuple(pair, step).map(([[low, high], by]) => ({ text: `${write(low)}-${write(high)}/${by}`, values: span(low, high, by) })),
    step.map((by) => ({ text: `*/${by}`, values: span(least, most, by) })),
  );
}

const isAny = (text: string) => text === "*" || text === "?";

function field(limits: Limits, anyWeight = 2): fc.Arbitrary<Field> {
  const any = fc.constantFrom("*", "?").map((text) => ({ text, values: span(limits.least, limits.most) }));
  const list = fc.array(items(limits), { minLength: 1, maxLength: 3 }).map(joined);
  return fc.oneof({ arbitrary: any, weight: anyWeight }, { arbitrary: list, weight: 3 });
}

function joined(parts: readonly Field[]): Field {
  return { text: parts.map(({ text }) => text).join(","), values: parts.flatMap(({ values }) => values) };
}

const months = ["JAN", "feb", "Mar", "apr", "MAY", "jun", "jul", "Aug", "sep", "OCT", "nov", "dec"];
const weekdays = ["SUN", "mon", "Tue", "wed", "THU", "fri", "sat"];
const month = fc.boolean().chain((named) => field({ least: 1, most: 12, ...(named && { write: (value) => months[value - 1] ?? "" }) }, 6));

interface DayField {
  readonly text: string;
  isDay(day: Day): boolean;
}

const dayOfMonth: fc.Arbitrary<DayField> = fc.tuple(field({ least: 1, most: 31 }, 5), fc.nat(5)).map(([{ text, values }, last]) => ({
  text: last > 0 ? text : isAny(text) ? "L" : `${text},L`,
  isDay: (day) => (last === 0 && day.dayOfMonth === day.daysInMonth) || (!(last === 0 && isAny(text)) && values.includes(day.dayOfMonth)),
}));

const nthWeekday: fc.Arbitrary<DayField> = fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 }), fc.boolean()).map(([weekday, nth, named]) => {
  const written = named ? (weekdays[weekday] ?? "") : String(weekday);
  if (nth === 6) return { text: `${written}L`, isDay: (day) => day.weekday === weekday && day.dayOfMonth + 7 > day.daysInMonth };
  return { text: `${written}#${nth}`, isDay: (day) => day.weekday === weekday && Math.ceil(day.dayOfMonth / 7) === nth };
});

const someWeekdays: fc.Arbitrary<DayField> = fc
  .boolean()
  .chain((named) => field(named ? { least: 0, most: 6, write: (value) => weekdays[value] ?? "" } : { least: 0, most: 7 }, 5))
  .map(({ text, values }) => ({ text, isDay: (day) => values.some((value) => value % 7 === day.weekday) }));

const dayOfWeek = fc.oneof(
  { arbitrary: someWeekdays, weight: 3 },
  { arbitrary: fc.array(nthWeekday, { minLength: 1, maxLength: 2 }).map((parts) => ({ text: parts.map(({ text }) => text).join(","), isDay: (day: Day) => parts.some((part) => part.isDay(day)) })), weight: 1 },
);

const second = fc.option(field({ least: 0, most: 59 }, 1), { freq: 1 });

const cron = fc.record({ second, minute: field({ least: 0, most: 59 }), hour: field({ least: 0, most: 23 }), dayOfMonth, month, dayOfWeek }).map((fields) => {
  const line = [fields.second, fields.minute, fields.hour, fields.dayOfMonth, fields.month, fields.dayOfWeek].flatMap((part) => (part === null ? [] : [part.text]));
  const both = !isAny(fields.dayOfMonth.text) && !isAny(fields.dayOfWeek.text);
  const isDay = (day: Day) =>
    fields.month.values.includes(day.month) &&
    (both ? fields.dayOfMonth.isDay(day) || fields.dayOfWeek.isDay(day) : fields.dayOfMonth.isDay(day) && fields.dayOfWeek.isDay(day));
  const seconds = [...new Set(fields.second?.values ?? [0])].toSorted((left, right) => left - right);
  return { when: { cron: line.join(" ") }, meaning: { sets: [{ isDay, hours: new Set(fields.hour.values), minutes: new Set(fields.minute.values), seconds }] } };
});

const some = (least: number, most: number) => fc.option(fc.integer({ min: least, max: most }), { nil: undefined });
const entry = fc
  .record({ second: some(0, 59), minute: some(0, 59), hour: some(0, 23), dayOfMonth: some(1, 31), month: some(1, 12), dayOfWeek: some(0, 6) })
  .map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as CalendarEntry);

const calendar = fc.array(entry, { minLength: 1, maxLength: 3 }).map((entries) => ({ when: { calendar: entries }, meaning: { sets: entries.map(meaningOf) } }));

function meaningOf(fields: CalendarEntry): WallTimes {
  const fits = (asked: number | undefined, value: number) => asked === undefined || asked === value;
  return {
    isDay: (day) => fits(fields.month, day.month) && fits(fields.dayOfMonth, day.dayOfMonth) && fits(fields.dayOfWeek, (day.weekday + 6) % 7),
    hours: new Set([fields.hour ?? 0]),
    minutes: new Set([fields.minute ?? 0]),
    seconds: [fields.second ?? 0],
  };
}

const interval = fc.record({ intervalMs: fc.integer({ min: 1000, max: 400_000_000 }), anchor: fc.integer({ min: 1_300_000_000_000, max: 1_800_000_000_000 }) }).map((when) => ({ when, meaning: when }));

/** Bounds as shares of the two years. */
const bounds = fc.record({ start: fc.option(fc.double({ min: -0.1, max: 0.9, noNaN: true }), { freq: 2 }), end: fc.option(fc.double({ min: 0.1, max: 1.1, noNaN: true }), { freq: 2 }) });

/** A spec for a zone, and what it means. */
export const specs: fc.Arbitrary<SpecAndMeaning> = fc
  .tuple(fc.constantFrom(...Object.keys(zones)), fc.oneof({ arbitrary: cron, weight: 7 }, { arbitrary: calendar, weight: 2 }, { arbitrary: interval, weight: 1 }), bounds)
  .map(([timezone, { when, meaning }, { start, end }]) => {
    const from = Date.parse(`${zones[timezone]}T00:00Z`);
    const at = (share: number) => from + Math.floor(share * 731 * 86_400_000);
    return { spec: { when, timezone, ...(start !== null && { startAt: at(start) }), ...(end !== null && { endAt: at(end) }) }, meaning };
  });
