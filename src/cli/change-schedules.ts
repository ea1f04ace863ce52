import { ScheduleNotFoundError, ScheduleStatusError } from "../core/errors.js";
import type { ScheduleRecord } from "../core/schedule/schedule.js";
import { findAll } from "../services/find-all.js";
import { findSchedule } from "../services/find-schedule.js";
import type { Project } from "../services/project.js";

/** What a command did about schedules, and what it could not do. */
export interface Changes {
  readonly schedules: readonly ScheduleRecord[];
  readonly refused: readonly ScheduleStatusError[];
}

/** The schedules that a person means, each once: all are found before the caller touches the first, so a mistyped word changes nothing. Throws as `findSchedule`, naming every word that no schedule has. */
export async function findSchedules(project: Project, texts: readonly string[]): Promise<readonly ScheduleRecord[]> {
  const schedules = await findAll(texts, (text) => findSchedule(project, text), ScheduleNotFoundError);
  return [...new Map(schedules.map((schedule) => [schedule.scheduleId, schedule])).values()];
}

/** Changes one after the other; a schedule whose status does not fit keeps no other from it. */
export async function changeSchedules(schedules: readonly ScheduleRecord[], change: (scheduleId: string) => Promise<ScheduleRecord>): Promise<Changes> {
  const changed: ScheduleRecord[] = [];
  const refused: ScheduleStatusError[] = [];
  for (const { scheduleId } of schedules) {
    try {
      changed.push(await change(scheduleId));
    } catch (error) {
      if (!(error instanceof ScheduleStatusError)) throw error;
      refused.push(error);
    }
  }
  return { schedules: changed, refused };
}
