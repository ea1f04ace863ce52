import { instantOf } from "./zone.js";

const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A time in ISO 8601 as milliseconds since the epoch, or undefined where the text is none. Without an offset of its own it is read in `zone`; a date
 * alone is its midnight.
 */
export function parseTime(text: string, zone: string): number | undefined {
  const [, date, time = "00:00", offset] = pattern.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const wallTime = Date.parse(`${date}T${time}Z`);
  // Date takes the 30th of February for the 1st of March.
  if (Number.isNaN(wallTime) || !new Date(wallTime).toISOString().startsWith(date)) return undefined;
  if (offset === undefined) return instantOf(zone, wallTime);
  const instant = Date.parse(`${date}T${time}${offset.toUpperCase().replace(/(\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(instant) ? undefined : instant;
}

/** A wall time, to the second where it is one: `2026-03-01 09:00:00`. */
export function writeWallTime(wallTime: number): string {
  return new Date(wallTime).toISOString().replace("T", " ").replace(/(?:\.000)?Z$/, "");
}
