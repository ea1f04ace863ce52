import type { Command } from "@oclif/core/command";
import type { ScheduleRecord } from "../core/schedule/schedule.js";
import type { Project } from "../services/project.js";
import { BaseCommand } from "./base-command.js";
import type { Changes } from "./change-schedules.js";

/** What the commands on schedules say alike. */
export abstract class ScheduleCommand<T extends typeof Command> extends BaseCommand<T> {
  /** A schedule as it stands now. */
  protected async showSchedule(schedule: ScheduleRecord): Promise<void> {
    const [{ scheduleRow }, { scheduleCard }] = await Promise.all([import("../services/schedule-row.js"), import("./views/schedule-card.js")]);
    this.show(scheduleRow(schedule), { table: (screen) => scheduleCard(schedule, screen), plain: () => [schedule.scheduleId] });
  }

  /** Schedules that were paused, resumed or deleted: one that was named alone as an object. Throws what was refused first. */
  protected async showChanges({ schedules, refused }: Changes, isOne: boolean): Promise<void> {
    const { changeTable } = await import("./views/schedule-table.js");
    const rows = schedules.map(changeRow);
    const [first] = rows;
    if (first !== undefined) this.show(isOne ? first : rows, { table: (screen) => changeTable(schedules, screen), plain: () => schedules.map(({ scheduleId }) => scheduleId) });
    for (const { message } of refused.slice(1)) this.note(message);
    if (refused[0] !== undefined) throw refused[0];
  }

  /** Notes where nobody executes what active ones start. */
  protected async noteUnserved(project: Project, schedules: readonly ScheduleRecord[]): Promise<void> {
    const { scheduleWaitsForWorker } = await import("./waits-for-worker.js");
    for (const line of await scheduleWaitsForWorker(project, schedules)) this.note(line);
  }
}

function changeRow({ scheduleId, status, nextDueAt }: ScheduleRecord) {
  return {
    schedule_id: scheduleId,
    status,
    next_run_time: nextDueAt === undefined ? null : new Date(nextDueAt),
    ...(status === "deleted" && { deleted: true }),
  };
}
