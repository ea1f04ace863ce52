import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";

export default class RunsWhy extends BaseCommand<typeof RunsWhy> {
  static override summary = "Tell why a run does not go on: what it waits for, since when, where in the code, and what wakes it.";
  static override description =
    "The place in the code comes from a replay of its history against the workflow modules: no step is executed, and nothing in the store changes. Where that is not possible, all else is told. Plain output is one word: step, retry, timer, hook, child, recovery, worker, code, cancellation or nothing.";
  static override examples = [
    "<%= config.bin %> runs why @last",
    { description: "What do the suspended ones wait for?", command: "<%= config.bin %> runs list --status suspended -o plain | xargs -r -n 1 <%= config.bin %> runs why" },
  ];
  static override args = { id: runIdArg };
  static override flags = { utc };

  async run(): Promise<void> {
    const [{ whyRun }, { hintOf, whyRow, whyText }] = await Promise.all([import("../../services/why-run.js"), import("../../cli/views/why.js")]);
    const loadCode = () => loadWorkflows(this.whereabouts());
    const why = await this.withProject({ access: "read" }, (project) => whyRun(project, { id: this.args.id, loadCode }));
    const folder = process.cwd();
    this.show(whyRow(why, folder), { table: (screen) => whyText(why, screen, folder), plain: () => [why.waitsFor] });
    this.hint(hintOf(why));
  }
}
