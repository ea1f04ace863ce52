import { string } from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.js";

export default class WorkerStop extends BaseCommand<typeof WorkerStop> {
  static override summary = "Ask workers to stop, as SIGTERM would: they finish or hand over their runs and end.";
  static override description = "Works through the store, so from any terminal. Without an id every worker of the store is asked.";
  static override examples = ["<%= config.bin %> worker stop", "<%= config.bin %> worker stop worker_01jz"];
  static override args = { id: string({ ignoreStdin: true, description: "a worker id, or a unique prefix of one" }) };

  async run(): Promise<void> {
    const { stopWorkers } = await import("../../services/stop-worker.js");
    const { id } = this.args;
    const asked = await this.withProject({ access: "change" }, (project) => stopWorkers(project, id === undefined ? {} : { id }));
    const ids = asked.map(({ worker_id }) => worker_id);
    this.show(
      asked.map(({ worker_id, pid }) => ({ worker_id, pid, stop_requested: true })),
      { table: () => ids.map((workerId) => `${workerId} was asked to stop`).join("\n"), plain: () => ids },
    );
    for (const { worker_id, pid, hostname, status } of asked) {
      if (status === "silent") this.note(`${worker_id} gives no sign of life: it stops when it goes on; else end process ${pid} on ${hostname}.`);
    }
    if (ids.length === 0) this.note("No worker is alive.");
  }
}
