import { scheduleIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class SchedulesShow extends BaseCommand<typeof SchedulesShow> {
  static override summary = "Show a schedule: when it is due, what it starts, and what became of its runs.";
  static override examples = ["<%= config.bin %> schedules show @last", "<%= config.bin %> schedules show auto_process_order --output json"];
  static override args = { id: scheduleIdArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ findSchedule }, { scheduleRow }, { scheduleCard }] = await Promise.all([
      import("../../services/find-schedule.js"),
      import("../../services/schedule-row.js"),
      import("../../cli/views/schedule-card.js"),
    ]);
    const schedule = await this.withProject({ readOnly: true }, (project) => findSchedule(project, this.args.id));
    this.show(scheduleRow(schedule), { table: (screen) => scheduleCard(schedule, screen), plain: () => [schedule.scheduleId] });
  }
}
