import { boolean } from "@oclif/core/flags";
import { scheduleIdsArg } from "../../cli/args.js";
import { ScheduleCommand } from "../../cli/schedule-command.js";
import type { ScheduleRecord } from "../../core/schedule/schedule.js";

export default class SchedulesDelete extends ScheduleCommand<typeof SchedulesDelete> {
  static override summary = "Delete schedules: nothing is due any more, and what is buffered is skipped.";
  static override description =
    "Runs that were started go on. The ledger stays, and schedules resume brings a schedule back. The JSON of one id is an object, that of several a list. " +
    "Exit code 4: there is no such schedule, and nothing was changed. 5: one was deleted before.";
  static override examples = ["<%= config.bin %> schedules delete cleanup --yes"];
  static override args = { ids: scheduleIdsArg };
  // --force is how the original spells it.
  static override flags = { yes: boolean({ char: "y", aliases: ["force"], description: "don't ask" }) };

  async run(): Promise<void> {
    const [{ changeSchedules, findSchedules }, { deleteSchedule }, { confirm, demandTerminal }] = await Promise.all([
      import("../../cli/change-schedules.js"),
      import("../../services/change-schedule.js"),
      import("../../cli/prompts.js"),
    ]);
    const { ids } = this.args;
    const { yes } = this.flags;
    if (!yes) demandTerminal("--yes deletes without a question");
    await this.withProject({ access: "change" }, async (project) => {
      const schedules = await findSchedules(project, ids);
      if (!yes && !(await confirm(question(schedules)))) return this.declined();
      await this.showChanges(await changeSchedules(schedules, (id) => deleteSchedule(project, id)), ids.length === 1);
    });
  }
}

function question([first, ...rest]: readonly ScheduleRecord[]): string {
  if (first === undefined || rest.length > 0) return `Delete ${rest.length + 1} schedules?`;
  return `Delete the schedule ${first.scheduleId} of the workflow ${first.settings.workflowName}?`;
}
