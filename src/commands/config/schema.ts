import { BaseCommand } from "../../cli/base-command.js";

export default class ConfigSchema extends BaseCommand<typeof ConfigSchema> {
  static override summary = "Print the JSON Schema of the configuration, for editors.";
  static override description =
    "The package has it as dist/config.schema.json: a configuration that begins with the line that quickstart and setup write is checked while it is typed, " +
    "by editors with a YAML language server.";
  static override examples = [
    "<%= config.bin %> config schema > pyworkflow.schema.json",
    { description: "The keys there are", command: "<%= config.bin %> config schema -o plain" },
  ];

  async run(): Promise<void> {
    const [{ describeConfig }, { toJson }] = await Promise.all([import("../../services/show-config.js"), import("../../cli/output.js")]);
    const { schema, keys } = describeConfig();
    this.show(schema, { table: () => toJson(schema, 2), plain: () => keys });
  }
}
