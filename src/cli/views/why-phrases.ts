import { formatDuration } from "../../base/duration.js";
import { shortPath } from "../../base/short-path.js";
import type { OpenOperation, RunWhy } from "../../services/why-run.js";
import { oneLine, shorten } from "../text.js";
import { formatTime } from "../times.js";

/** How times and places are said. */
export interface Saying {
  readonly utc: boolean;
  /** Paths are relative to it. */
  readonly folder: string;
}

export type Worker = RunWhy["serving"]["alive"][number];

const errorLengthMax = 160;

/** In one line, and no longer than a sentence bears. */
export function shortError(text: string): string {
  return shorten(oneLine(text).replace(/\.$/, ""), errorLengthMax);
}

/** `2 of 4`, as far as that is known. */
export function ofMax(attempt: number, { attemptsMax }: OpenOperation): string {
  // An attempt that was lost with its worker is not counted against the step: there may be more than that.
  return attemptsMax === undefined || attempt > attemptsMax ? String(attempt) : `${attempt} of ${attemptsMax}`;
}

export function workerText({ workerId, pid, hostname }: Worker): string {
  return `${workerId} (pid ${pid} on ${hostname})`;
}

export function placeClause(place: string | undefined, { folder }: Saying): string {
  return place === undefined ? "" : ` at ${shortPlace(place, folder)}`;
}

/** `file:line:column` as people like to read it. */
function shortPlace(place: string, folder: string): string {
  const [, file = place, position = ""] = /^(.*?)((?::\d+)*)$/.exec(place) ?? [];
  return `${shortPath(file, folder)}${position}`;
}

export function ahead(at: number, now: number, say: Saying): string {
  return at <= now ? "now" : `in ${formatDuration(at - now)}, at ${clock(at, say)}`;
}

export function clock(ms: number, say: Saying): string {
  return formatTime(new Date(ms), say);
}
