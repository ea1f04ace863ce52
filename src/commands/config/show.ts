import { BaseCommand } from "../../cli/base-command.js";

export default class ConfigShow extends BaseCommand<typeof ConfigShow> {
  static override summary = "Show the configuration in force, and where each value was said.";
  static override description =
    "A source is a flag, a variable of the environment, file:line:column, or default. Passwords and secrets are masked. A configuration that can't be read is an error with its place.";
  static override examples = [
    "<%= config.bin %> config show",
    { description: "Where is the store?", command: "<%= config.bin %> config show -o plain | grep ^storage.path=" },
  ];

  async run(): Promise<void> {
    const [{ showConfig }, { configTable, configValue }] = await Promise.all([import("../../services/show-config.js"), import("../../cli/views/config-table.js")]);
    const look = await showConfig(this.whereabouts());
    const { file, rows } = look;
    this.note(file === undefined ? "No configuration file: flags, variables and defaults hold. pyworkflow setup writes one." : `From ${file}`);
    this.show(
      rows.map(({ key, value, source }) => ({ key, value, source })),
      { table: (screen) => configTable(look, screen), plain: () => rows.map((row) => `${row.key}=${configValue(row)}`) },
    );
  }
}
