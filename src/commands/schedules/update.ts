import { scheduleIdArg } from "../../cli/args.js";
import { defined } from "../../cli/defined.js";
import { utc } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import { ScheduleCommand } from "../../cli/schedule-command.js";
import { namingFlags, scheduleChangeOf, scheduleFlags } from "../../cli/schedule-flags.js";
import { UsageError } from "../../cli/usage-error.js";
import type { ScheduleRecord } from "../../core/schedule/schedule.js";

export default class SchedulesUpdate extends ScheduleCommand<typeof SchedulesUpdate> {
  static override summary = "Change a schedule: what is named takes the place of what was, all else stays.";
  static override description =
    "One of --cron, --interval, --calendar and --at takes the place of whichever there was. --start-at none, --end-at none, --jitter 0s and an empty --description take them off. " +
    "--arg replaces fields of the input, --args-json all of it. A schedule that the code declares stays as it is changed here until that declaration is changed. " +
    "Exit code 2: the times or the input are not valid, or never come. 4: there is no such schedule. 5: it was deleted.";
  static override examples = [
    "<%= config.bin %> schedules update auto_process_order --cron '*/30 9-17 * * *' --timezone Europe/Berlin",
    "<%= config.bin %> schedules update @last --overlap buffer_one --end-at none",
  ];
  static override args = { id: scheduleIdArg };
  static override flags = { ...scheduleFlags, utc };

  async run(): Promise<void> {
    const [{ updateSchedule }, { findSchedule }] = await Promise.all([import("../../services/change-schedule.js"), import("../../services/find-schedule.js")]);
    const changesInput = this.flags.arg.length > 0 || this.flags["args-json"] !== undefined;
    const change = scheduleChangeOf(this.flags);
    if (!changesInput && Object.keys(change).length === 0) throw new UsageError("nothing says what is to be changed", "give at least one of the flags: -h shows them");
    const inputOf = changesInput ? await this.changedInput() : undefined;
    await this.withProject({ access: "change" }, async (project) => {
      const found = await findSchedule(project, this.args.id);
      const input = await inputOf?.(found);
      const schedule = await namingFlags(() => updateSchedule(project, found.scheduleId, { ...change, ...defined({ input }) }));
      await this.showSchedule(schedule);
      await this.noteUnserved(project, [schedule]);
      if (schedule.declared !== undefined) this.note(`${schedule.scheduleId} comes from the code of its workflow: what was changed here holds until its declaration is changed there.`);
    });
  }

  // Only another input needs the workflow's schema, and with it the modules.
  private async changedInput() {
    const { arg, "args-json": argsJson } = this.flags;
    const [{ changedInput }, { limits }] = await Promise.all([import("../../cli/changed-input.js"), loadWorkflows(this.whereabouts())]);
    return ({ input, settings }: ScheduleRecord) => changedInput({ input, workflowName: settings.workflowName }, { arg, argsJson }, limits);
  }
}
