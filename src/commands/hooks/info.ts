import { tokenArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class HooksInfo extends BaseCommand<typeof HooksInfo> {
  static override summary = "Show a hook: what it waits for or has received, and what its payload must look like.";
  static override examples = ["<%= config.bin %> hooks info @last:hook_manager_approval_1"];
  static override args = { token: tokenArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ showHook }, { hookCard }] = await Promise.all([import("../../services/show-hook.js"), import("../../cli/views/hook-card.js")]);
    const hook = await this.withProject({ access: "read" }, (project) => showHook(project, { token: this.args.token }));
    this.show(hook, { table: (screen) => hookCard(hook, screen), plain: () => [hook.token] });
  }
}
