import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";

export default class SchedulerTick extends BaseCommand<typeof SchedulerTick> {
  static override summary = "Start what is due by schedules, once, and exit: for cron.";
  static override description =
    "Shows what was decided about each due time, also where that is to start nothing (exit 0). Schedules that the modules declare are stored first. The runs wait for a worker.";
  static override examples = [
    "<%= config.bin %> scheduler tick",
    { description: "Every minute from cron, with what executes the runs", command: "<%= config.bin %> scheduler tick --quiet && <%= config.bin %> worker run --drain --no-scheduler" },
  ];
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ tickHere }, { decidedTable }] = await Promise.all([import("../../cli/keep-scheduling.js"), import("../../cli/views/tick-table.js")]);
    const { verbose, quiet } = this.flags;
    const { modules } = await loadWorkflows(this.whereabouts());
    if (modules.length === 0) this.note("No module is named: what is stored is scheduled, and nothing that modules declare.");
    const ticks = await this.withProject({ access: "create" }, (project) => tickHere(project, { level: verbose ? "debug" : quiet ? "error" : "warn", format: this.logFormat }));
    this.show(ticks, { table: (screen) => decidedTable(ticks, screen), plain: () => ticks.flatMap(({ run_id }) => run_id ?? []) });
    if (ticks.length === 0) this.hint("Nothing is due.");
  }
}
