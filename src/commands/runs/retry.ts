import { string } from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.js";

export default class RunsRetry extends BaseCommand<typeof RunsRetry> {
  static override summary = "Take failed runs up again at the operation that failed, or parked ones where they stand.";
  static override description =
    "A run keeps its id and its history: what has an outcome does not execute again, but for the operation that failed the run and what was asked for after it. " +
    "Exit code 5: a run is neither failed nor parked, or is transient, or its parent has been told of its failure.";
  static override examples = [
    "<%= config.bin %> runs retry @last",
    { description: "What failed today", command: "<%= config.bin %> runs list --status failed --since 1d --output plain | xargs -r <%= config.bin %> runs retry" },
  ];
  static override args = { ids: string({ multiple: true, required: true, ignoreStdin: true, description: "run ids, unique prefixes, or @last" }) };

  async run(): Promise<void> {
    const [{ retryRuns }, { retryTable }, { parksAgain, waitsForWorker }] = await Promise.all([
      import("../../services/retry-run.js"),
      import("../../cli/views/retry-table.js"),
      import("../../cli/waits-for-worker.js"),
    ]);
    const { ids } = this.args;
    await this.withProject({ access: "change" }, async (project) => {
      const parks = await parksAgain(project, ids);
      const { rows, refused } = await this.withProgress("runs taken up", (onProgress) => retryRuns(project, ids, onProgress));
      const [first] = rows;
      if (first !== undefined) this.show(ids.length === 1 ? first : rows, { table: (screen) => retryTable(rows, screen), plain: () => rows.map(({ run_id }) => run_id) });
      for (const line of await waitsForWorker(project, rows.map(({ run_id: runId, workflow_name: workflowName }) => ({ runId, workflowName })))) this.note(line);
      for (const line of parks) this.note(line);
      for (const { message } of refused.slice(1)) this.note(message);
      if (refused[0] !== undefined) throw refused[0];
    });
  }
}
