import { string as text } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import type { RestoreRow } from "../../cli/restore-here.js";

export default class StorageRestore extends BaseCommand<typeof StorageRestore> {
  static override summary = "Put a backup in the place of the store, and the store aside.";
  static override description =
    "Asks first. What was recorded after the backup was made is not in it: a step that was executed since is executed again. Refused while a worker, or anybody else, has the store open, and for a file that is damaged " +
    "or no store. The backup stays where it is. Whenever this is interrupted, the store is the old one or the new one. Exit code 4: there is no such file.";
  static override examples = [
    "<%= config.bin %> storage restore backups/monday.db --dry-run",
    { description: "In a script, with the workers stopped", command: "<%= config.bin %> storage restore /var/backups/pyworkflow.db --yes" },
  ];
  static override args = { file: text({ required: true, ignoreStdin: true, description: "the backup" }) };
  static override flags = {
    yes: boolean({ char: "y", description: "don't ask" }),
    "dry-run": boolean({ description: "check the backup, say what is in it, and change nothing" }),
  };

  async run(): Promise<void> {
    const { planHere } = await import("../../cli/restore-here.js");
    const { "dry-run": dry, yes } = this.flags;
    if (!dry && !yes) await this.demandTerminal();
    const plan = await planHere(this.whereabouts(), this.args.file);
    if (dry) return this.tell(plan);
    if (!yes && !(await this.agreed(plan))) return this.declined();
    await this.restore(plan);
  }

  private async demandTerminal(): Promise<void> {
    const { demandTerminal } = await import("../../cli/prompts.js");
    demandTerminal("--yes restores it, --dry-run checks it");
  }

  private async agreed({ path, newest_run_at: newest }: RestoreRow): Promise<boolean> {
    const { confirm } = await import("../../cli/prompts.js");
    return confirm(`Replace ${path}? ${newest === null ? "No run is in the backup" : `The newest run in the backup was created ${newest.toISOString()}`}.`);
  }

  private async restore(plan: RestoreRow): Promise<void> {
    const [{ restoreHere }, { untilInterrupted }] = await Promise.all([import("../../cli/restore-here.js"), import("../../cli/ending-signals.js")]);
    await this.tell(await untilInterrupted((signal) => this.withProgress("bytes copied", (onProgress) => restoreHere(plan, { signal, onProgress }))));
  }

  private async tell(row: RestoreRow): Promise<void> {
    const { restoreCard } = await import("../../cli/views/restore-card.js");
    this.show(row, { table: (screen) => restoreCard(row, screen), plain: () => (row.dry_run ? [] : [row.path]) });
    if (row.dry_run) this.note("The backup is sound. Nothing was changed.");
    else if (row.put_aside !== null) this.note("The store that was there is kept: remove it when you no longer need it.");
  }
}
