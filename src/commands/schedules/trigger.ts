import { scheduleIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { overlap } from "../../cli/schedule-flags.js";
import { TickSkippedError } from "../../core/errors.js";
import type { Project } from "../../services/project.js";
import type { Triggered } from "../../services/trigger-schedule.js";

export default class SchedulesTrigger extends BaseCommand<typeof SchedulesTrigger> {
  static override summary = "Start a run of a schedule now; its own times go on as before.";
  static override description =
    "What happens while a run has not ended is as the schedule says, or --overlap. A paused schedule can be triggered too. " +
    "Exit code 0: a run was started, or waits for the end of another. 4: there is no such schedule. 5: the overlap policy let nothing start, or the schedule was deleted.";
  static override examples = ["<%= config.bin %> schedules trigger auto_process_order", "<%= config.bin %> schedules trigger @last --overlap allow_all --output json"];
  static override args = { id: scheduleIdArg };
  static override flags = { overlap };

  async run(): Promise<void> {
    const { triggerSchedule } = await import("../../services/trigger-schedule.js");
    await this.withProject({ access: "change" }, async (project) => {
      const triggered = await triggerSchedule(project, this.args.id, defined({ overlapPolicy: this.flags.overlap }));
      const { schedule, tick } = triggered;
      const { decision, reason, runId } = tick;
      const row = { schedule_id: schedule.scheduleId, workflow_name: schedule.settings.workflowName, triggered: decision !== "skipped", decision, reason, run_id: runId ?? null };
      this.show(row, { table: () => [row.schedule_id, decision, runId ?? "-", reason].join("\t"), plain: () => (runId === undefined ? [] : [runId]) });
      if (decision === "skipped") throw new TickSkippedError(row.schedule_id, reason);
      await this.tellWhatComes(project, triggered);
    });
  }

  private async tellWhatComes(project: Project, { schedule, tick: { runId } }: Triggered): Promise<void> {
    const { scheduleId, status, settings } = schedule;
    if (runId === undefined && status === "paused") return this.note(`${scheduleId} is paused: what is buffered starts when it is resumed.`);
    const { waitsForWorker } = await import("../../cli/waits-for-worker.js");
    for (const line of await waitsForWorker(project, [{ workflowName: settings.workflowName, ...defined({ runId }) }])) this.note(line);
    this.hint(runId === undefined ? `pyworkflow schedules ticks ${scheduleId} --kind trigger` : `pyworkflow runs wait ${runId}`);
  }
}
