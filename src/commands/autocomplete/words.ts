import { string } from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.js";
import { flagValue, wantedAt, type Offer, type Wanted } from "../../cli/completion.js";
import { defined } from "../../cli/defined.js";
import { writeData } from "../../cli/streams.js";

export default class AutocompleteWords extends BaseCommand<typeof AutocompleteWords> {
  static override hidden = true;
  static override summary = "Print what may be typed next; the scripts of autocomplete call it.";
  static override description = "The words behind -- are those behind the program's name, the last one as far as it was typed. One offer a line, its meaning behind a tab; :files where a path is wanted. It never fails, and only looks.";
  static override examples = ["<%= config.bin %> autocomplete words -- runs status run_01"];
  static override args = { words: string({ multiple: true, ignoreStdin: true, description: "the words so far" }) };

  async run(): Promise<void> {
    const { knownCommands } = await import("../../cli/known-commands.js");
    const wanted = wantedAt(await knownCommands(this.config.root), this.args.words ?? []);
    const offers = await this.offersOf(wanted);
    writeData(wanted.kind === "files" ? ":files\n" : offers.map(lineOf).join(""));
  }

  private async offersOf(wanted: Wanted): Promise<readonly Offer[]> {
    if (wanted.kind === "files") return [];
    if (wanted.kind === "words") return wanted.offers;
    const { liveOffers } = await import("../../cli/offers.js");
    return this.withProject({ access: "read" }, (project) => liveOffers(project, wanted));
  }

  // The words that are completed may name the project.
  protected override whereabouts(): ReturnType<BaseCommand<typeof AutocompleteWords>["whereabouts"]> {
    const { words = [] } = this.args;
    const { flags, ...surroundings } = super.whereabouts();
    const [config, storage, storagePath] = ["config", "storage", "storage-path"].map((name) => flagValue(words, name));
    return { ...surroundings, flags: { ...flags, ...defined({ config, storage, storagePath }) } };
  }

  protected override note(): void {
    // Somebody is typing: whatever is said would land in the middle of the line.
  }

  protected override async catch(): Promise<void> {
    // For the same reason: no offer is better than a complaint.
  }
}

function lineOf({ word, about }: Offer): string {
  return `${word}\t${about.replaceAll(/\s+/g, " ")}\n`;
}
