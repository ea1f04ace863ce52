import { boolean } from "@oclif/core/flags";
import { scheduleIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { filled, utc } from "../../cli/flags.js";
import { namingFlags, overlap } from "../../cli/schedule-flags.js";
import type { BackfillPlan } from "../../services/backfill-schedule.js";
import type { Project } from "../../services/project.js";

const unaskedMax = 100;

export default class SchedulesBackfill extends BaseCommand<typeof SchedulesBackfill> {
  static override summary = "Start the runs that a schedule would have started in a span of time.";
  static override description =
    "Each due time in [start, end) is decided at once, in order, as if it were due now: by the schedule's overlap policy, or --overlap. A due time that a backfill has brought to a run already is passed over, " +
    `so it may be repeated. It asks before more than ${unaskedMax}. Exit code 2: the times are not valid, or too many. 4: there is no such schedule. 5: it was deleted.`;
  static override examples = [
    "<%= config.bin %> schedules backfill auto_process_order --start 2026-03-01 --end 2026-04-01 --dry-run",
    "<%= config.bin %> schedules backfill @last --start 7d --end 1d --overlap buffer_all",
  ];
  static override args = { id: scheduleIdArg };
  static override flags = {
    start: filled({ required: true, helpValue: "TIME", description: "due times from then on: 7d (ago), or a time in the schedule's zone" }),
    end: filled({ required: true, helpValue: "TIME", description: "due times before then" }),
    overlap,
    "dry-run": boolean({ description: "list the due times, and start nothing" }),
    yes: boolean({ char: "y", description: `don't ask before more than ${unaskedMax}` }),
    utc,
  };

  async run(): Promise<void> {
    const [{ planBackfill }, { momentIn }, { findSchedule }] = await Promise.all([
      import("../../services/backfill-schedule.js"),
      import("../../cli/schedule-times.js"),
      import("../../services/find-schedule.js"),
    ]);
    const { start, end, "dry-run": dry } = this.flags;
    await this.withProject({ access: dry ? "read" : "change" }, async (project) => {
      const { spec } = await findSchedule(project, this.args.id);
      const range = { start: momentIn(spec.timezone, "--start", start), end: momentIn(spec.timezone, "--end", end) };
      const plan = await namingFlags(() => planBackfill(project, this.args.id, range));
      if (plan.dues.length === 0) this.note(plan.passedOver === 0 ? "No due time lies between --start and --end." : "Each due time has a run already, or is buffered.");
      if (dry) return this.list(plan);
      await ((await this.agreed(plan)) ? this.backfill(project, plan) : this.declined());
    });
  }

  private async list(plan: BackfillPlan): Promise<void> {
    const [{ backfillRow }, { nextTable }] = await Promise.all([import("../../services/backfill-schedule.js"), import("../../cli/views/next-table.js")]);
    const row = backfillRow(plan);
    const { due_times: times } = row;
    this.show(row, { table: (screen) => nextTable(times, screen), plain: () => times.map(({ due }) => due.toISOString()) });
    const { passedOver } = plan;
    if (times.length > 0 && passedOver > 0) this.note(`${passedOver} more would be passed over: they have a run of a backfill already, or are buffered for one.`);
  }

  private async backfill(project: Project, plan: BackfillPlan): Promise<void> {
    const [{ backfillRow, backfillSchedule }, { backfillCard }] = await Promise.all([import("../../services/backfill-schedule.js"), import("../../cli/views/backfill-card.js")]);
    const { schedule, start, end } = plan;
    const options = { start, end, ...defined({ overlapPolicy: this.flags.overlap }) };
    const result = await this.withProgress("due times decided", (onProgress) => backfillSchedule(project, schedule.scheduleId, { ...options, onProgress }));
    const row = backfillRow(plan, result);
    this.show(row, { table: (screen) => backfillCard(row, screen), plain: () => row.run_ids });
    const [buffered, skipped] = [row.buffered_runs ?? 0, row.skipped_runs ?? 0];
    if (skipped > 0 && this.flags.overlap === undefined) this.hint(`--overlap allow_all starts a run for each of the ${skipped} that were skipped, buffer_all one after the other`);
    if (row.run_ids.length + buffered === 0) return;
    const { waitsForWorker } = await import("../../cli/waits-for-worker.js");
    for (const line of await waitsForWorker(project, [schedule.settings])) this.note(line);
    if (buffered > 0 && schedule.status === "paused") this.note(`${schedule.scheduleId} is paused: what is buffered starts when it is resumed.`);
    this.hint(`pyworkflow schedules ticks ${schedule.scheduleId} --kind backfill`);
  }

  private async agreed({ dues, schedule }: BackfillPlan): Promise<boolean> {
    if (dues.length <= unaskedMax || this.flags.yes) return true;
    const { confirm, demandTerminal } = await import("../../cli/prompts.js");
    demandTerminal(`--yes starts what ${dues.length} due times demand, --dry-run lists them`);
    return confirm(`Decide ${dues.length} due times of ${schedule.scheduleId} now?`);
  }
}
