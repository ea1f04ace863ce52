import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";

export default class StorageMigrate extends BaseCommand<typeof StorageMigrate> {
  static override summary = "Bring a store that an older version wrote to the format of this one.";
  static override description =
    "Every command that writes does it by itself; this one does nothing else. Older versions can't open the store any more: `storage backup` copies it as it is. Refused while workers of an older version live.";
  static override examples = ["<%= config.bin %> storage migrate --dry-run", "<%= config.bin %> storage migrate"];
  static override flags = { "dry-run": boolean({ default: false, description: "say what would be done, and change nothing" }) };

  async run(): Promise<void> {
    const [{ migrateHere }, { cardLines }] = await Promise.all([import("../../cli/migrate-here.js"), import("../../cli/card.js")]);
    const dry = this.flags["dry-run"];
    const row = await migrateHere(this.whereabouts(), { dryRun: dry });
    const { path, previous_format: from, format: to, migrated } = row;
    const lines = [["Store", path ?? undefined], ["Format", from === null ? undefined : String(from)], ["Migrated To", migrated && !dry ? String(to) : undefined]] as const;
    this.show(row, { table: (screen) => cardLines(lines, screen).join("\n"), plain: () => (migrated && path !== null ? [path] : []) });
    if (from === null) this.note(path === null ? "A store in memory has no format." : `There is no store at ${path} yet: nothing to migrate.`);
    else if (!migrated) this.note("Its format is that of this version: nothing to migrate.");
    else if (dry) this.note(`It would be brought from format ${from} to ${to}.`);
  }
}
