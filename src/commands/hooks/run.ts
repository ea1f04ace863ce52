import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class HooksRun extends BaseCommand<typeof HooksRun> {
  static override summary = "Show every hook of a run, newest first, with what it received.";
  static override examples = ["<%= config.bin %> hooks run @last"];
  static override args = { id: runIdArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ showHooksOfRun }, { hooksOfRunTable }] = await Promise.all([import("../../services/show-hook.js"), import("../../cli/views/hook-table.js")]);
    const hooks = await this.withProject({ access: "read" }, (project) => showHooksOfRun(project, { id: this.args.id }));
    this.show(hooks, { table: (screen) => hooksOfRunTable(hooks, screen), plain: () => hooks.map(({ token }) => token) });
    if (hooks.length === 0) this.hint("The run has no hook.");
  }
}
