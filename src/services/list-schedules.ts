import type { ScheduleId } from "../core/ids.js";
import type { ScheduleRecord } from "../core/schedule/schedule.js";
import type { ScheduleFilter } from "../storage/backend.js";
import { upTo } from "./pages.js";
import type { Project } from "./project.js";

export interface ListSchedulesOptions extends Omit<ScheduleFilter, "limit"> {
  /** At most so many schedules; all of them where it is absent. */
  readonly limit?: number;
}

export interface SchedulePage {
  readonly schedules: readonly ScheduleRecord[];
  /** Names the next page; absent where there is none. */
  readonly cursor?: ScheduleId;
}

/** Schedules that fit the filter, newest first. Deleted ones only where `statuses` names them. */
export async function listSchedules({ backend }: Pick<Project, "backend">, options: ListSchedulesOptions = {}): Promise<SchedulePage> {
  const { limit = Infinity, before, statuses = ["active", "paused"], ...filter } = options;
  const { found, more } = await upTo<ScheduleRecord>(limit, (last, size) => {
    const cursor = last?.scheduleId ?? before;
    return backend.listSchedules({ ...filter, statuses, ...(cursor && { before: cursor }), limit: size });
  });
  const last = found.at(-1);
  return { schedules: found, ...(more && last && { cursor: last.scheduleId }) };
}
