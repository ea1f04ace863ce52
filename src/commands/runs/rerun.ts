import { boolean, string } from "@oclif/core/flags";
import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import type { RerunOptions } from "../../services/rerun-run.js";

export default class RunsRerun extends BaseCommand<typeof RunsRerun> {
  static override summary = "Start another run like this one, which may reuse its outcomes up to a step.";
  static override description =
    "The new run has the workflow, the settings and the input of the old one, which stays as it is. With --from-step it begins with the history of the old one up to that step. " +
    "Exit code 4: the history has no such step. 5: a child that was started before it is alive, the run is transient, or another input does not fit what is reused.";
  static override examples = [
    "<%= config.bin %> runs rerun @last --arg amount=19.99",
    { description: "What would execute again?", command: "<%= config.bin %> runs rerun @last --from-step step_charge_card_1 --dry-run" },
  ];
  static override args = { id: runIdArg };
  static override flags = {
    "from-step": string({ helpValue: "STEP_ID", description: "begin at this step, or any other operation that runs logs shows; what came before it is reused" }),
    arg: string({ multiple: true, multipleNonGreedy: true, default: [], helpValue: "key=value", description: "another value for a field of the input: JSON, else text; repeatable" }),
    "args-json": string({ helpValue: "JSON|@file|-", description: "another input, as JSON, from a file, or from stdin" }),
    "dry-run": boolean({ description: "show what would execute again, and start nothing" }),
  };

  async run(): Promise<void> {
    const [{ rerunRun }, { rerunCard }, { waitsForWorker }] = await Promise.all([
      import("../../services/rerun-run.js"),
      import("../../cli/views/rerun-card.js"),
      import("../../cli/waits-for-worker.js"),
    ]);
    const { "from-step": from, "dry-run": dryRun } = this.flags;
    const changeInput = await this.change();
    await this.withProject({ access: dryRun ? "read" : "change" }, async (project) => {
      const run = await rerunRun(project, { id: this.args.id, dryRun, ...defined({ from, changeInput }) });
      this.show(run, { table: (screen) => rerunCard(run, screen), plain: () => (run.run_id === null ? run.executes_again : [run.run_id]) });
      if (run.run_id === null) return;
      for (const line of await waitsForWorker(project, [{ runId: run.run_id, workflowName: run.workflow_name }])) this.note(line);
      this.hint(`pyworkflow runs wait ${run.run_id}`);
    });
  }

  // Only another input needs the workflow's schema, and with it the modules.
  private async change(): Promise<RerunOptions["changeInput"]> {
    const { arg, "args-json": argsJson } = this.flags;
    if (arg.length === 0 && argsJson === undefined) return undefined;
    const [{ changedInput }, { limits }] = await Promise.all([import("../../cli/changed-input.js"), loadWorkflows(this.whereabouts())]);
    return (original) => changedInput(original, { arg, argsJson }, limits);
  }
}
