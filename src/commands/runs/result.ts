import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";

export default class RunsResult extends BaseCommand<typeof RunsResult> {
  static override summary = "Print the result of a run as JSON.";
  static override description = "Exit code 3, with the error on stderr: the run failed or was cancelled. 5: it has not ended.";
  static override examples = ["<%= config.bin %> runs result @last"];
  static override args = { id: runIdArg };

  async run(): Promise<void> {
    const [{ readResult }, { toJson }] = await Promise.all([import("../../services/read-result.js"), import("../../cli/output.js")]);
    const result = await this.withProject({ access: "read" }, (project) => readResult(project, { id: this.args.id }));
    this.show(result, { table: () => toJson(result, 2), plain: () => [toJson(result)] });
  }
}
