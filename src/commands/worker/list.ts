import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class WorkerList extends BaseCommand<typeof WorkerList> {
  static override aliases = ["worker:status"];
  static override summary = "List the workers of this store that are alive.";
  static override examples = ["<%= config.bin %> worker list", "<%= config.bin %> worker status -o json"];
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ listWorkers }, { workerTable }] = await Promise.all([import("../../services/list-workers.js"), import("../../cli/views/worker-table.js")]);
    const workers = await this.withProject({ access: "read" }, listWorkers);
    this.show(workers, { table: (screen) => workerTable(workers, screen), plain: () => workers.map(({ worker_id }) => worker_id) });
    if (workers.length === 0) this.hint("No worker is alive: pyworkflow worker run starts one.");
  }
}
