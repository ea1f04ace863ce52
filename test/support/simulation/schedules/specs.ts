import { encode } from "../../../../src/base/codec.js";
import { catchups, overlapPolicies, type CalendarEntry, type ScheduleDefinition, type ScheduleSpec, type When } from "../../../../src/core/schedule/schedule.js";
import type { Chance } from "../chance.js";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
/** A Monday. */
export const weekBegins = Date.UTC(2025, 2, 24);

// Zones without daylight saving, so that looking at every minute is simple. That of the others is the affair of the tests of the times.
const offsets: Readonly<Record<string, number>> = { UTC: 0, "Asia/Kathmandu": 345 * minute };

export const crons = ["*/20 * * * *", "15 * * * *", "5 */3 * * *", "30 9 * * *", "0 8 * * 1", "45 */2 * * 6"] as const;
const intervals = [10 * minute, 45 * minute, hour, 3 * hour + 7 * minute] as const;
const calendars: readonly (readonly CalendarEntry[])[] = [[{ hour: 9 }, { hour: 17, minute: 30 }], [{ dayOfWeek: 2, hour: 6 }, { minute: 10 }], [{ dayOfMonth: 27, hour: 4 }, { hour: 12, minute: 1 }, { hour: 12 }]];

/** A schedule as somebody could write it: any policy, any catch-up, any kind of times. */
export function randomDefinition(chance: Chance): ScheduleDefinition {
  return {
    spec: randomSpec(chance),
    overlapPolicy: chance.pick(overlapPolicies) ?? "skip",
    catchup: chance.pick(catchups) ?? "latest",
    catchupWindowMs: chance.pick([day, day, 4 * hour, 20 * minute, 0]) ?? day,
    input: encode({}),
    settings: { workflowName: "report", durable: true, tags: [], recoverOnWorkerLoss: chance.happens(0.5), maxRecoveryAttempts: 1 },
  };
}

function randomSpec(chance: Chance): ScheduleSpec {
  return {
    when: randomWhen(chance),
    timezone: chance.pick(Object.keys(offsets)) ?? "UTC",
    ...(chance.happens(0.2) && { startAt: weekBegins + chance.below(2 * day) }),
    ...(chance.happens(0.2) && { endAt: weekBegins + 5 * day + chance.below(2 * day) }),
    ...(chance.happens(0.4) && { jitterMs: chance.pick([5000, 3 * minute, 30 * minute]) ?? 5000 }),
  };
}

function randomWhen(chance: Chance): When {
  const sort = chance.next();
  if (sort < 0.45) return { intervalMs: chance.pick(intervals) ?? hour, anchor: weekBegins - chance.below(3 * hour) };
  if (sort < 0.8) return { cron: chance.pick(crons) ?? crons[0] };
  if (sort < 0.95) return { calendar: chance.pick(calendars) ?? [] };
  return { at: weekBegins + chance.below(6 * day) };
}

/** The due times in [from, before), found by looking at every minute there is: slow, and simple. */
export function scanDues({ when, timezone, startAt = -Infinity, endAt = Infinity }: ScheduleSpec, from: number, before: number): readonly number[] {
  const offset = offsets[timezone] ?? 0;
  const [first, end] = [Math.max(from, startAt), Math.min(before, endAt)];
  const dues: number[] = [];
  const step = "intervalMs" in when ? when.intervalMs : minute;
  const anchor = "intervalMs" in when ? when.anchor : 0;
  for (let time = anchor + Math.ceil((first - anchor) / step) * step; time < end; time += step) {
    if (isDue(when, new Date(time + offset))) dues.push(time);
  }
  if ("at" in when && first <= when.at && when.at < end) dues.push(when.at);
  return dues;
}

/** Whether something is due in the minute that the UTC fields of `wall` show. */
function isDue(when: When, wall: Date): boolean {
  if ("intervalMs" in when) return true;
  if ("cron" in when) return fitsCron(when.cron, wall);
  return "calendar" in when && when.calendar.some((entry) => fitsEntry(entry, wall));
}

// Only what `crons` has: a minute, an hour and a day of the week, each a number, a step or anything.
function fitsCron(cron: string, wall: Date): boolean {
  const [minutes = "*", hours = "*", , , weekday = "*"] = cron.split(" ");
  return fitsField(minutes, wall.getUTCMinutes()) && fitsField(hours, wall.getUTCHours()) && fitsField(weekday, wall.getUTCDay());
}

function fitsField(field: string, value: number): boolean {
  if (field === "*") return true;
  return field.startsWith("*/") ? value % Number(field.slice(2)) === 0 : value === Number(field);
}

function fitsEntry(entry: CalendarEntry, wall: Date): boolean {
  const monday = (wall.getUTCDay() + 6) % 7;
  const { hour: atHour = 0, minute: atMinute = 0, dayOfWeek = monday, dayOfMonth = wall.getUTCDate() } = entry;
  return atHour === wall.getUTCHours() && atMinute === wall.getUTCMinutes() && dayOfWeek === monday && dayOfMonth === wall.getUTCDate();
}
