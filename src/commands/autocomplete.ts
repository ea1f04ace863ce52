import { string } from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.js";

export default class Autocomplete extends BaseCommand<typeof Autocomplete> {
  static override summary = "Print a script that lets your shell complete commands, flags and live ids.";
  static override description = "Runs, workflows, schedules, workers and tokens of hooks are completed from the store of the folder you are in. Without an argument the script is for the shell of $SHELL.";
  static override examples = [
    { description: "bash, for every shell to come", command: "<%= config.bin %> autocomplete bash > ~/.local/share/bash-completion/completions/<%= config.bin %>" },
    { description: "zsh, into the first folder of $fpath", command: '<%= config.bin %> autocomplete zsh > "${fpath[1]}/_<%= config.bin %>"' },
    { description: "fish", command: "<%= config.bin %> autocomplete fish > ~/.config/fish/completions/<%= config.bin %>.fish" },
  ];
  static override args = { shell: string({ ignoreStdin: true, options: ["bash", "zsh", "fish"], description: "the shell" }) };

  async run(): Promise<void> {
    const { installation, scriptFor, shellMeant } = await import("../cli/completion-scripts.js");
    const shell = shellMeant(this.args.shell);
    const script = await scriptFor(shell);
    this.show({ shell, script }, { table: () => script, plain: () => [script] });
    this.hint(installation[shell]);
  }
}
