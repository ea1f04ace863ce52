import { string } from "@oclif/core/args";
import { demandKept } from "../../cli/demand-kept.js";
import { defined } from "../../cli/defined.js";
import { filled, utc } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import { ScheduleCommand } from "../../cli/schedule-command.js";
import { namingFlags, scheduleFlags, scheduleOptionsOf } from "../../cli/schedule-flags.js";

export default class SchedulesCreate extends ScheduleCommand<typeof SchedulesCreate> {
  static override summary = "Create a schedule: from then on a workflow starts by itself.";
  static override description =
    "One of --cron, --interval, --calendar and --at says when. Without --arg and --args-json each field of the input is asked for on a terminal. " +
    "Exit code 2: the times or the input are not valid, or never come. 4: there is no such workflow. 5: there is a schedule of that id already.";
  static override examples = [
    "<%= config.bin %> schedules create process_order --cron '0 9 * * mon-fri' --timezone Europe/Berlin --arg orderId=ORD-1",
    "<%= config.bin %> schedules create cleanup --interval 15m --overlap buffer_one --schedule-id cleanup",
    { description: "On the first of each month, and every Friday", command: "<%= config.bin %> schedules create report --calendar day=1,hour=9 --calendar weekday=fri,hour=17" },
  ];
  static override args = { workflow: string({ required: true, ignoreStdin: true, description: "name of the workflow" }) };
  static override flags = { ...scheduleFlags, "schedule-id": filled({ helpValue: "ID", description: "an id to remember; else a new one" }), utc };

  async run(): Promise<void> {
    const [{ createSchedule }, { findWorkflow }, { runInput }, { specOfFlags }] = await Promise.all([
      import("../../services/create-schedule.js"),
      import("../../services/list-workflows.js"),
      import("../../cli/run-input.js"),
      import("../../cli/schedule-times.js"),
    ]);
    const { limits } = await loadWorkflows(this.whereabouts());
    const workflow = findWorkflow(this.args.workflow);
    const { arg, "args-json": argsJson, "schedule-id": scheduleId } = this.flags;
    // Before the store is opened: where the times or the input are refused, nothing is made.
    await specOfFlags(this.flags);
    const input = await runInput(workflow, { arg, argsJson }, { limits, note: (line) => this.note(line) });
    const options = scheduleOptionsOf(this.flags);
    await this.withProject({ access: "create" }, async (project) => {
      demandKept(project);
      const schedule = await namingFlags(() => createSchedule(project, { workflow, options, input, ...defined({ scheduleId }) }));
      await this.showSchedule(schedule);
      await this.noteUnserved(project, [schedule]);
    });
  }
}
