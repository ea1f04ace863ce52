import type { ScheduleId } from "../ids.js";
import { nextFit, patternsOf } from "./pattern.js";
import type { ScheduleSpec, When } from "./schedule.js";
import { instantOf, latestWallTime } from "./zone.js";

/** No due time is as late: the year 10000. */
export const horizon = 253_402_300_800_000;

/** The first due time later than `after`, in milliseconds since the epoch; undefined where there is none. */
export function nextDue({ when, timezone, startAt = -Infinity, endAt = horizon }: ScheduleSpec, after: number): number | undefined {
  const due = nextOf(when, timezone, Math.max(after, startAt - 1));
  return due !== undefined && due < endAt ? due : undefined;
}

/**
 * All due times of a stretch of time, without jitter.
 * @yields {number} the due times in [from, before), in their order
 */
export function* dueTimes(spec: ScheduleSpec, from: number, before: number): Generator<number, void> {
  for (let due = nextDue(spec, from - 1); due !== undefined && due < before; due = nextDue(spec, due)) yield due;
}

function nextOf(when: When, timezone: string, after: number): number | undefined {
  if ("at" in when) return when.at > after ? when.at : undefined;
  if ("intervalMs" in when) return when.anchor + (Math.floor((after - when.anchor) / when.intervalMs) + 1) * when.intervalMs;
  const passed = latestWallTime(timezone, after);
  const wallTimes = patternsOf(when).map((pattern) => nextFit(pattern, passed) ?? Infinity);
  const next = Math.min(...wallTimes);
  return next === Infinity ? undefined : instantOf(timezone, next);
}

/**
 * When the tick of a due time fires: the due time and its share of the jitter, the same whoever asks. Always before the next due time, so that
 * ticks fire in the order of their due times.
 */
export function firesAt(scheduleId: ScheduleId, spec: ScheduleSpec, due: number): number {
  if (spec.jitterMs === undefined) return due;
  const roomMs = Math.min(spec.jitterMs, (nextDue(spec, due) ?? Infinity) - due);
  return due + Math.floor(roomMs * shareOf(`${scheduleId} ${due}`));
}

/** A number in [0, 1) that follows from the text, and looks like chance. */
function shareOf(text: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  // Neighbouring due times differ in few bits: the finalizer of MurmurHash3 carries them to all.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
