import { boolean } from "@oclif/core/flags";
import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";
import type { Project } from "../../services/project.js";
import type { ShownRun } from "../../services/show-run.js";

export default class RunsStatus extends BaseCommand<typeof RunsStatus> {
  static override summary = "Show a run: its status, input, result and steps.";
  static override examples = ["<%= config.bin %> runs status @last", "<%= config.bin %> runs status run_01jz --output json", "<%= config.bin %> runs status @last --watch"];
  static override args = { id: runIdArg };
  static override flags = { watch: boolean({ description: "on a terminal: draw it anew as it changes, until the run has ended; q ends it" }), utc };

  async run(): Promise<void> {
    const [{ showRun }, { runCard }] = await Promise.all([import("../../services/show-run.js"), import("../../cli/views/run-card.js")]);
    const { watch } = this.flags;
    if (watch) this.demandDrawing("--watch", "`pyworkflow runs wait ID` waits for the end, `pyworkflow runs logs ID --follow` tells of each event");
    const run = await this.withProject({ access: "read" }, (project) => (watch ? this.watch(project) : showRun(project, { id: this.args.id })));
    this.show(run.card, { table: (screen) => runCard(run, screen), plain: () => [run.card.run_id] });
  }

  /** The run as it stands at the end of the watch: its last picture, in full. */
  private async watch(project: Project): Promise<ShownRun> {
    const [{ findRun }, { showRun }, { runCard }, { watchText }] = await Promise.all([
      import("../../services/find-run.js"),
      import("../../services/show-run.js"),
      import("../../cli/views/run-card.js"),
      import("../../cli/watch-text.js"),
    ]);
    // Once: `@last` may be another run later.
    const { runId: id } = await findRun(project, this.args.id);
    const isLast = ({ card }: ShownRun): boolean => card.completed_at !== null || card.parked !== null;
    return watchText({ read: () => showRun(project, { id }), draw: runCard, isLast, stays: false, screen: this.screen() });
  }
}
