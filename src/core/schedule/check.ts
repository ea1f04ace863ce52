import { parseDurationMs } from "../../base/duration.js";
import { didYouMean, nearest } from "../../base/nearest.js";
import { InvalidScheduleError } from "../errors/schedules.js";

// Whatever a person wrote, who may not use TypeScript: each of these gives it back typed, or refuses it with the name of the option.

export function checkText(option: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new InvalidScheduleError(option, `${shown(value)} is no text`, "write a string");
}

export function checkWord<Word extends string>(option: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  throw new InvalidScheduleError(option, `${shown(value)} is none of ${words.join(", ")}`, `did you mean ${nearest(String(value), words) ?? words[0]}?`);
}

/** In milliseconds. */
export function checkDuration(option: string, value: unknown): number {
  const ms = parseDurationMs(value);
  if (ms !== undefined) return ms;
  throw new InvalidScheduleError(option, `${shown(value)} is no length of time`, 'write "1h30m" (units w d h m s ms, in this order) or a number of seconds');
}

/** How many: at least one. */
export function checkCount(option: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new InvalidScheduleError(option, `${shown(value)} is no number of things`, "write a whole number from 1");
}

/** An object without keys that nobody reads. */
export function checkKeys<Key extends string>(path: string, value: unknown, keys: readonly Key[]): Partial<Record<Key, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidScheduleError(path, `${shown(value)} is no object`, `write an object with some of ${keys.join(", ")}`);
  }
  for (const [key, held] of Object.entries(value)) {
    if (held === undefined || keys.some((known) => known === key)) continue;
    const meant = nearest(key, keys) ?? keys.find((known) => known.startsWith(key));
    const option = path.startsWith("calendar") ? `${path}.${key}` : key;
    throw new InvalidScheduleError(option, "there is no such option", didYouMean(meant, `it takes ${keys.join(", ")}`));
  }
  return value;
}

/** A value as it is shown to who wrote it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : value.toISOString();
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
