import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { demandKept } from "../../cli/demand-kept.js";

export default class RunsImport extends BaseCommand<typeof RunsImport> {
  static override summary = "Take runs that runs export wrote into this store, with their ids, times and histories.";
  static override description =
    "All of them or none: what is wrong is named by its place in the document. A run that is here already with the same history is left as it is, also where it has gone on since. " +
    "Exit code 2: no sound bundle. 5: a run is here with another history, its idempotency key or schedule is another's, or it has not ended and --live is missing.";
  static override examples = [
    "<%= config.bin %> runs import bundle.json",
    { description: "Move a run that waits, for good", command: "<%= config.bin %> runs export @last --tree --storage-path old.db | <%= config.bin %> runs import - --live" },
  ];
  static override args = { file: string({ required: true, ignoreStdin: true, description: "a file that runs export wrote; - reads stdin" }) };
  static override flags = { live: boolean({ description: "also take runs that have not ended; stop them in the old store first" }) };

  async run(): Promise<void> {
    const [{ importRuns }, { importTable }, { jsonFile, jsonOf }] = await Promise.all([
      import("../../services/import-runs.js"),
      import("../../cli/views/import-table.js"),
      import("../../cli/input.js"),
    ]);
    const { file } = this.args;
    const source = { name: "runs import", example: "pyworkflow runs export @last > bundle.json" };
    const bundle = file === "-" ? await jsonOf(source, file) : await jsonFile(source, file);
    const rows = await this.withProject({ access: "create" }, async (project) => {
      demandKept(project);
      return importRuns(project, { bundle, live: this.flags.live });
    });
    this.show(rows, { table: (screen) => importTable(rows, screen), plain: () => rows.map(({ run_id }) => run_id) });
  }
}
