import { string as text } from "@oclif/core/args";
import { boolean, custom, string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { oneOf } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import { counted } from "../../cli/text.js";
import { UsageError } from "../../cli/usage-error.js";
import { runStatuses, type RunStatus } from "../../core/run.js";
import type { RunsToReplay } from "../../services/replay-runs.js";

export default class RunsReplay extends BaseCommand<typeof RunsReplay> {
  static override summary = "Check whether the code on disk fits the histories of runs, before it is deployed.";
  static override description =
    "Replays each history against the workflow modules: no step is executed, and nothing in the store changes. A run that lives may stand anywhere; one that has ended must come to the same end. " +
    "Plain output lists the runs that do not fit. Exit code 7: one of them does not.";
  static override examples = [
    { description: "Will this deploy break what is in flight?", command: "<%= config.bin %> runs replay --all" },
    "<%= config.bin %> runs replay @last --output json",
  ];
  static override args = { ids: text({ multiple: true, ignoreStdin: true, description: "run ids, unique prefixes, or @last" }) };
  static override flags = {
    all: boolean({ description: "every run that lives" }),
    status: custom<RunStatus>({ ...oneOf(runStatuses), helpValue: "STATUS", dependsOn: ["all"], multiple: true, multipleNonGreedy: true, description: "with --all: the runs of this status; repeatable" })(),
    workflow: string({ helpValue: "NAME", dependsOn: ["all"], description: "with --all: the runs of this workflow" }),
  };

  async run(): Promise<void> {
    const [{ replayRuns }, { replayTable }] = await Promise.all([import("../../services/replay-runs.js"), import("../../cli/views/replay-table.js")]);
    const which = this.which();
    await loadWorkflows(this.whereabouts());
    const { rows, transient, misfit } = await this.withProject({ access: "read" }, (project) => this.withProgress("runs replayed", (onProgress) => replayRuns(project, which, onProgress)));
    const misfits = rows.filter(({ fits }) => !fits);
    this.show(rows, { table: (screen) => replayTable(rows, screen), plain: () => misfits.map(({ run_id }) => run_id) });
    if (transient > 0) this.note(`${counted(transient, "transient run was", "transient runs were")} passed over: without a history there is nothing to replay.`);
    if (rows.length + transient === 0) this.hint("No run lives that could be replayed.");
    if (misfits.length > 1) this.note(`${misfits.length} of ${rows.length} runs do not fit.`);
    if (misfit !== undefined) throw misfit;
  }

  private which(): RunsToReplay {
    const { ids = [] } = this.args;
    const { all, status, workflow } = this.flags;
    if (all ? ids.length > 0 : ids.length === 0) throw new UsageError(all ? "runs are named by ids, and --all names every one" : "IDS is missing", "name runs by their ids, or give --all");
    return all ? defined({ statuses: status, workflowName: workflow }) : { ids };
  }
}
