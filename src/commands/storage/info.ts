import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class StorageInfo extends BaseCommand<typeof StorageInfo> {
  static override summary = "Show where the store is, its format and size, and how much is in it.";
  static override examples = ["<%= config.bin %> storage info", "<%= config.bin %> storage info --output json"];
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ showStore }, { storeCard }] = await Promise.all([import("../../services/show-store.js"), import("../../cli/views/store-card.js")]);
    const store = await this.withProject({ access: "read" }, showStore);
    this.show(store, { table: (screen) => storeCard(store, screen), plain: () => [store.path ?? store.backend] });
  }
}
