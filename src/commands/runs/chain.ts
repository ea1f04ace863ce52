import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class RunsChain extends BaseCommand<typeof RunsChain> {
  static override summary = "List the runs that continued each other as new, oldest first.";
  static override description = "Any of them names the chain; a run that never continued is a chain of one. Runs between the first and the last may have been pruned while the chain goes on.";
  static override examples = ["<%= config.bin %> runs chain @last"];
  static override args = { id: runIdArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ chainRows, showChain }, { runTable }] = await Promise.all([import("../../services/show-chain.js"), import("../../cli/views/run-table.js")]);
    const runs = await this.withProject({ access: "read" }, (project) => showChain(project, { id: this.args.id }));
    const rows = chainRows(runs);
    this.show(rows, { table: (screen) => runTable(runs, screen), plain: () => runs.map(({ runId }) => runId) });
    for (const { run_id, gap_before } of rows) if (gap_before) this.note(`Runs right before ${run_id} were pruned.`);
  }
}
