import { BaseCommand } from "../../cli/base-command.js";
import { plural } from "../../cli/text.js";

export default class WorkerQueues extends BaseCommand<typeof WorkerQueues> {
  static override summary = "Show how many runs of each workflow are under way, wait or are due, and how many workers execute them.";
  static override description = "Runs that have ended are not counted. Due are those that a worker could take up now; parked, those that the code on disk does not fit.";
  static override examples = [
    "<%= config.bin %> worker queues",
    { description: "Workflows that nobody executes", command: "<%= config.bin %> worker queues -o jsonl | jq -r 'select(.workers == 0).workflow_name'" },
  ];

  async run(): Promise<void> {
    const [{ listQueues }, { queueTable }] = await Promise.all([import("../../services/list-queues.js"), import("../../cli/views/queue-table.js")]);
    const rows = await this.withProject({ access: "read" }, listQueues);
    this.show(rows, { table: (screen) => queueTable(rows, screen), plain: () => rows.map(({ workflow_name }) => workflow_name) });
    if (rows.length === 0) this.hint("Every run has ended, and none waits.");
    const left = rows.filter(({ workers, due_runs }) => workers === 0 && due_runs > 0).map(({ workflow_name }) => workflow_name);
    if (left.length > 0) this.hint(`Nobody takes up what is due of ${left.join(", ")}: start \`pyworkflow worker run\` with the modules that define ${plural(left.length, "it", "them")}.`);
    if (rows.some(({ parked_runs }) => parked_runs > 0)) this.hint("pyworkflow runs replay --all tells what does not fit the parked ones.");
  }
}
