import { writeDuration } from "../../base/duration.js";
import type { CalendarEntry, ScheduleSpec, When } from "./schedule.js";
import { writeWallTime } from "./times.js";
import { wallTimeAt } from "./zone.js";

/** When a schedule is due, for people: `Cron: 0 9 * * * (Europe/Berlin)`, `Every 5m (UTC)`, `Calendar: Mon at 09:00:00 (UTC)`, `Once: 2026-03-01 09:00:00 (UTC)`. */
export function specWords({ when, timezone }: Pick<ScheduleSpec, "when" | "timezone">): string {
  return `${whenWords(when, timezone)} (${timezone})`;
}

function whenWords(when: When, timezone: string): string {
  if ("cron" in when) return `Cron: ${when.cron}`;
  if ("intervalMs" in when) return `Every ${writeDuration(when.intervalMs)}`;
  if ("at" in when) return `Once: ${writeWallTime(wallTimeAt(timezone, when.at))}`;
  return `Calendar: ${when.calendar.map(entryWords).join(", ")}`;
}

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

function entryWords(entry: CalendarEntry): string {
  const { second = 0, minute = 0, hour = 0 } = entry;
  const time = [hour, minute, second].map((field) => String(field).padStart(2, "0")).join(":");
  const days = dayWords(entry);
  return days === "" ? time : `${days} at ${time}`;
}

function dayWords({ dayOfMonth, month, dayOfWeek }: CalendarEntry): string {
  const weekday = dayOfWeek === undefined ? [] : [String(weekdays[dayOfWeek])];
  const day = dayOfMonth === undefined ? [] : [`${weekday.length === 0 ? "Day" : "day"} ${dayOfMonth}`];
  const days = [...weekday, ...day].join(" ");
  return month === undefined ? days : `${days === "" ? "Every day" : days} in ${months[month - 1]}`;
}
