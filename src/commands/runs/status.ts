import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class RunsStatus extends BaseCommand<typeof RunsStatus> {
  static override summary = "Show a run: its status, input, result and steps.";
  static override examples = ["<%= config.bin %> runs status @last", "<%= config.bin %> runs status run_01jz --output json"];
  static override args = { id: runIdArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ showRun }, { runCard }] = await Promise.all([import("../../services/show-run.js"), import("../../cli/views/run-card.js")]);
    const run = await this.withProject({ readOnly: true }, (project) => showRun(project, { id: this.args.id }));
    this.show(run.card, { table: (screen) => runCard(run, screen), plain: () => [run.card.run_id] });
  }
}
