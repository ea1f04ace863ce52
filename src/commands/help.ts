import { loadHelpClass } from "@oclif/core/help";
import { string } from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.js";

export default class Help extends BaseCommand<typeof Help> {
  static override summary = "Show the help of a command.";
  static override examples = ["<%= config.bin %> help runs list"];
  static override args = { command: string({ ignoreStdin: true, multiple: true, description: "the command's words" }) };

  async run(): Promise<void> {
    const HelpOfOclif = await loadHelpClass(this.config);
    await new HelpOfOclif(this.config).showHelp([...(this.args.command ?? [])]);
  }
}
