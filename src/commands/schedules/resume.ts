import { scheduleIdsArg } from "../../cli/args.js";
import { utc } from "../../cli/flags.js";
import { ScheduleCommand } from "../../cli/schedule-command.js";

export default class SchedulesResume extends ScheduleCommand<typeof SchedulesResume> {
  static override summary = "Let paused or deleted schedules go on from now.";
  static override description =
    "What was due meanwhile is not caught up: schedules backfill starts it. The JSON of one id is an object, that of several a list. " +
    "Exit code 4: there is no such schedule, and nothing was changed. 5: one is active.";
  static override examples = ["<%= config.bin %> schedules resume auto_process_order"];
  static override args = { ids: scheduleIdsArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ changeSchedules, findSchedules }, { resumeSchedule }] = await Promise.all([import("../../cli/change-schedules.js"), import("../../services/change-schedule.js")]);
    const { ids } = this.args;
    await this.withProject({ access: "change" }, async (project) => {
      const schedules = await findSchedules(project, ids);
      const changes = await changeSchedules(schedules, (id) => resumeSchedule(project, id));
      for (const { scheduleId } of changes.schedules.filter(({ nextDueAt }) => nextDueAt === undefined)) this.note(`${scheduleId} has no due time left: schedules update gives it others.`);
      await this.noteUnserved(project, changes.schedules);
      await this.showChanges(changes, ids.length === 1);
    });
  }
}
