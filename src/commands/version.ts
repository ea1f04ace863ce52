import { BaseCommand } from "../cli/base-command.js";

export default class Version extends BaseCommand<typeof Version> {
  static override summary = "Show the versions of pyworkflow and Node.";
  static override examples = ["<%= config.bin %> version --output json"];

  async run(): Promise<void> {
    const { version, userAgent } = this.config;
    this.show({ version, node: process.versions.node }, { table: () => userAgent, plain: () => [version] });
  }
}
