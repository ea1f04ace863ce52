import { resolve } from "node:path";
import { string as text } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";

export default class StorageBackup extends BaseCommand<typeof StorageBackup> {
  static override summary = "Copy the store into a file, while others go on working.";
  static override description =
    "The copy holds what was in the store at one moment. It appears under its name only when it is whole, checked and on the disk. `storage restore` puts it in the store's place. " +
    "Exit code 4: there is no store. 5: the file exists.";
  static override examples = [
    "<%= config.bin %> storage backup backups/monday.db",
    { description: "From cron: one copy, renewed each night", command: "<%= config.bin %> storage backup /var/backups/pyworkflow.db --force --quiet" },
  ];
  static override args = { file: text({ required: true, ignoreStdin: true, description: "the new file" }) };
  static override flags = { force: boolean({ description: "put the copy in the place of a file that exists" }) };

  async run(): Promise<void> {
    const [{ backUp }, { backupCard }, { untilInterrupted }] = await Promise.all([
      import("../../services/back-up.js"),
      import("../../cli/views/store-card.js"),
      import("../../cli/ending-signals.js"),
    ]);
    const { force } = this.flags;
    const path = resolve(this.args.file);
    const row = await this.withProject({ access: "read" }, (project) =>
      untilInterrupted((signal) => this.withProgress("bytes copied", (onProgress) => backUp(project, { path, force, signal, onProgress }))),
    );
    this.show(row, { table: (screen) => backupCard(row, screen), plain: () => [row.path] });
  }
}
