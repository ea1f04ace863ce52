import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { counted, plural } from "../../cli/text.js";
import { isTerminal } from "../../core/run.js";

export default class RunsExport extends BaseCommand<typeof RunsExport> {
  static override summary = "Write runs with their whole histories as one JSON document, for runs import.";
  static override description = "The document is the same whatever --output says. A run that has not ended goes on here; to import it somewhere else takes --live there. Exit code 5: a run is transient and keeps no history.";
  static override examples = [
    "<%= config.bin %> runs export @last > bundle.json",
    { description: "With children, and what went on in the place of any of them", command: "<%= config.bin %> runs export @last --tree > bundle.json" },
    { description: "What failed today", command: "<%= config.bin %> runs export $(<%= config.bin %> runs list --status failed --since 1d --output plain) > failed.json" },
  ];
  static override args = { ids: string({ multiple: true, required: true, ignoreStdin: true, description: "run ids, unique prefixes, or @last" }) };
  static override flags = { tree: boolean({ description: "their descendants too, and the whole chain of each" }) };

  async run(): Promise<void> {
    const [{ bundleText, selectForExport }, { pourData }] = await Promise.all([import("../../services/export-runs.js"), import("../../cli/streams.js")]);
    const { version } = this.config;
    await this.withProject({ access: "read" }, async (project) => {
      const { runs, leftOut } = await selectForExport(project, { ids: this.args.ids, tree: this.flags.tree });
      await this.withProgress("runs exported", (onProgress) => pourData(bundleText(project, runs, { version, onProgress })));
      const live = runs.filter(({ status }) => !isTerminal(status)).length;
      if (live > 0) this.note(`${live} of ${counted(runs.length, "run")} ${plural(live, "has", "have")} not ended: what follows here is not in the bundle, and runs import asks for --live.`);
      if (leftOut.length > 0) this.note(`Left out, being transient: ${leftOut.join(", ")}`);
    });
  }
}
