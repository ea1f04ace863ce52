import { nearest } from "../base/nearest.js";
import { defaults } from "../core/defaults.js";
import { AmbiguousScheduleError, ScheduleNotFoundError } from "../core/errors.js";
import { parseScheduleId, type ScheduleId } from "../core/ids.js";
import type { ScheduleRecord } from "../core/schedule/schedule.js";
import type { Backend } from "../storage/backend.js";
import type { Project } from "./project.js";

const candidatesMax = 5;

/**
 * The schedule that a person means: a whole id, a prefix that only one id has, with or without its `sched_`, or `@last`, the newest that is not deleted.
 * Throws ScheduleNotFoundError with the nearest id, or AmbiguousScheduleError with the newest candidates.
 */
export async function findSchedule({ backend }: Pick<Project, "backend">, text: string): Promise<ScheduleRecord> {
  // An id may be the beginning of another: whole ones come first.
  const named = parseScheduleId(text);
  const schedule = (named && (await backend.getSchedule(named))) ?? (await backend.getSchedule(await onlyScheduleId(backend, text)));
  if (schedule === undefined) throw new ScheduleNotFoundError(text);
  return schedule;
}

async function onlyScheduleId(backend: Backend, text: string): Promise<ScheduleId> {
  if (text === "") throw new ScheduleNotFoundError('""');
  const found = text === "@last" ? await newest(backend) : await beginningWith(backend, text);
  const [first, second] = found;
  if (first === undefined) throw await notFound(backend, text);
  if (second === undefined) return first;
  const shown: string[] = found.slice(0, candidatesMax);
  throw new AmbiguousScheduleError(text, found.length > candidatesMax ? [...shown, "…"] : shown);
}

async function beginningWith(backend: Backend, text: string): Promise<readonly ScheduleId[]> {
  const found = await backend.findScheduleIds(text, candidatesMax + 1);
  return found.length > 0 ? found : backend.findScheduleIds(`sched_${text}`, candidatesMax + 1);
}

async function newest(backend: Backend): Promise<readonly ScheduleId[]> {
  return (await backend.listSchedules({ statuses: ["active", "paused"], limit: 1 })).map(({ scheduleId }) => scheduleId);
}

async function notFound(backend: Backend, text: string): Promise<ScheduleNotFoundError> {
  return new ScheduleNotFoundError(text, { meant: nearest(text, await backend.findScheduleIds("", defaults.neighboursMax)) });
}
