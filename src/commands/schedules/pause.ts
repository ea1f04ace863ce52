import { scheduleIdsArg } from "../../cli/args.js";
import { utc } from "../../cli/flags.js";
import { ScheduleCommand } from "../../cli/schedule-command.js";

export default class SchedulesPause extends ScheduleCommand<typeof SchedulesPause> {
  static override summary = "Pause schedules: until they are resumed nothing is due, and nothing that is buffered starts.";
  static override description = "Runs that were started go on. The JSON of one id is an object, that of several a list. Exit code 4: there is no such schedule, and nothing was changed. 5: one is not active.";
  static override examples = ["<%= config.bin %> schedules pause auto_process_order", "<%= config.bin %> schedules pause @last --output json"];
  static override args = { ids: scheduleIdsArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ changeSchedules, findSchedules }, { pauseSchedule }] = await Promise.all([import("../../cli/change-schedules.js"), import("../../services/change-schedule.js")]);
    const { ids } = this.args;
    await this.withProject({ access: "change" }, async (project) => {
      const schedules = await findSchedules(project, ids);
      await this.showChanges(await changeSchedules(schedules, (id) => pauseSchedule(project, id)), ids.length === 1);
    });
  }
}
