import { scheduleIdArg } from "../../cli/args.js";
import { utc } from "../../cli/flags.js";
import { ScheduleCommand } from "../../cli/schedule-command.js";

export default class SchedulesShow extends ScheduleCommand<typeof SchedulesShow> {
  static override summary = "Show a schedule: when it is due, what it starts, and what became of its runs.";
  static override examples = ["<%= config.bin %> schedules show @last", "<%= config.bin %> schedules show auto_process_order --output json"];
  static override args = { id: scheduleIdArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const { findSchedule } = await import("../../services/find-schedule.js");
    const schedule = await this.withProject({ access: "read" }, (project) => findSchedule(project, this.args.id));
    await this.showSchedule(schedule);
  }
}
