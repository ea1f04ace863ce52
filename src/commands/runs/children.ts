import { boolean, custom } from "@oclif/core/flags";
import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { oneOf, utc } from "../../cli/flags.js";
import { runStatuses, type RunStatus } from "../../core/run.js";

export default class RunsChildren extends BaseCommand<typeof RunsChildren> {
  static override summary = "List the children of a run, newest first.";
  static override examples = ["<%= config.bin %> runs children @last", "<%= config.bin %> runs children @last --tree --status failed"];
  static override args = { id: runIdArg };
  static override flags = {
    status: custom<RunStatus>({ ...oneOf(runStatuses), helpValue: "STATUS", multiple: true, multipleNonGreedy: true, description: `${runStatuses.join(", ")}; repeatable` })(),
    tree: boolean({ description: "children of children too, each behind its parent" }),
    utc,
  };

  async run(): Promise<void> {
    const [{ childRow, listChildren }, { childTable }] = await Promise.all([import("../../services/list-children.js"), import("../../cli/views/child-table.js")]);
    const { status, tree } = this.flags;
    const runs = await this.withProject({ access: "read" }, (project) => listChildren(project, { id: this.args.id, tree, ...defined({ statuses: status }) }));
    this.show(runs.map(childRow), { table: (screen) => childTable(runs, screen), plain: () => runs.map(({ runId }) => runId) });
    if (runs.length === 0) this.hint(status === undefined ? "The run has no children." : "The run has no children of that status.");
  }
}
