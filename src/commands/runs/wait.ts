import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { duration } from "../../cli/flags.js";

export default class RunsWait extends BaseCommand<typeof RunsWait> {
  static override summary = "Wait until a run has ended.";
  static override description = "Exit code 0: it completed. 3: it failed or was cancelled. 6: it had not ended in time. 7: it is parked, for its code and its history do not fit.";
  static override examples = ["<%= config.bin %> runs wait @last --timeout 5m"];
  static override args = { id: runIdArg };
  static override flags = { timeout: duration({ description: "wait no longer than this" }) };

  async run(): Promise<void> {
    const [{ waitsForWorker }, { findRun }, { waitRun }, { outcomeOf, resultOf }] = await Promise.all([
      import("../../cli/waits-for-worker.js"),
      import("../../services/find-run.js"),
      import("../../services/wait-run.js"),
      import("../../services/read-result.js"),
    ]);
    const run = await this.withProject({ access: "read" }, async (project) => {
      const found = await findRun(project, this.args.id);
      const { runId, completedAt, parked } = found;
      const waits = completedAt === undefined && parked === undefined;
      for (const line of await waitsForWorker(project, waits ? [found] : [])) this.note(line);
      return waitRun(project, { runId, ...defined({ timeoutMs: this.flags.timeout }) });
    });
    this.show(outcomeOf(run), { table: () => `${run.runId}\t${run.status}`, plain: () => [run.runId] });
    // Throws what the run ended with, and the exit code follows from that.
    resultOf(run);
  }
}
