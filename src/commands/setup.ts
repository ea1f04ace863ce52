import { boolean } from "@oclif/core/flags";
import { ExamineCommand } from "../cli/examine-command.js";
import { UsageError } from "../cli/usage-error.js";
import type { SetupPlan, SetupResult } from "../services/setup.js";

export default class Setup extends ExamineCommand<typeof Setup> {
  static override summary = "Write or change the configuration of a project that is there: its modules and its store.";
  static override description =
    "On a terminal it asks for what --module and --storage-path don't say; Enter takes the default. It shows what changes before it writes. " +
    "Comments, order and all other keys stay, and a backup of the file is kept. --check changes nothing: it looks at Node, SQLite, configuration, modules and store, and exits 1 where one of them fails.";
  static override examples = [
    "<%= config.bin %> setup",
    { description: "In a script", command: "<%= config.bin %> setup --non-interactive --yes --module ./src/workflows --storage-path ./data/runs.db" },
    { description: "After a deploy: does all it rests on work?", command: "<%= config.bin %> setup --check" },
  ];
  static override flags = {
    "non-interactive": boolean({ description: "ask nothing: what no flag says stays as it is, or is found; a file that is there is changed only with --yes" }),
    yes: boolean({ char: "y", description: "write without asking, keeping a backup of a file that is changed" }),
    "dry-run": boolean({ default: false, description: "show what would change, and write nothing" }),
    check: boolean({ exclusive: ["non-interactive", "yes", "dry-run"], description: "verify the setup instead of changing it" }),
  };

  async run(): Promise<void> {
    if (this.flags.check) return this.examine("setup");
    const plan = await this.plan();
    if (this.flags["dry-run"]) return this.preview(plan);
    if (plan.before !== plan.after && !(await this.agreed(plan))) return this.declined();
    await this.tell(await this.write(plan));
  }

  private async plan(): Promise<SetupPlan> {
    const [{ readSetup, planSetup }, { setupAnswers }] = await Promise.all([import("../services/setup.js"), import("../cli/setup-answers.js")]);
    const whereabouts = this.whereabouts();
    const setup = await readSetup(whereabouts);
    return planSetup(setup, await setupAnswers(setup, { flags: whereabouts.flags, cwd: whereabouts.cwd, mayAsk: !this.flags["non-interactive"] }));
  }

  private async agreed(plan: SetupPlan): Promise<boolean> {
    const { planLines } = await import("../cli/views/setup.js");
    this.note(planLines(plan, process.cwd(), { paint: this.paint("stderr") }));
    const isNew = plan.before === undefined;
    if (this.flags.yes || (isNew && this.flags["non-interactive"])) return true;
    if (this.flags["non-interactive"]) throw new UsageError(`${plan.file} would change`, "--yes changes it, keeping a backup; --dry-run shows what would change");
    const { confirm, demandTerminal } = await import("../cli/prompts.js");
    demandTerminal("--yes writes without asking, --dry-run only shows");
    return confirm(isNew ? "Write it?" : "Write it, keeping a backup?", true);
  }

  private async write(plan: SetupPlan): Promise<SetupResult> {
    const [{ writeSetup }, { untilInterrupted }] = await Promise.all([import("../services/setup.js"), import("../cli/ending-signals.js")]);
    return untilInterrupted((signal) => writeSetup(plan, signal));
  }

  private async preview(plan: SetupPlan): Promise<void> {
    const [{ planLines }, { plannedResult }] = await Promise.all([import("../cli/views/setup.js"), import("../services/setup.js")]);
    const result = plannedResult(plan);
    if (result.action === "unchanged") return this.tell(result);
    this.show(result, { table: (screen) => planLines(plan, process.cwd(), screen), plain: () => [result.path] });
    await this.noteOverruling();
  }

  private async tell(result: SetupResult): Promise<void> {
    const { setupLine } = await import("../cli/views/setup.js");
    this.show(result, { table: (screen) => setupLine(result, process.cwd(), screen), plain: () => [result.path] });
    await this.noteOverruling();
    if (result.action === "unchanged") this.note("Nothing to change.");
    if (result.dry_run || this.output !== "table") return;
    const { stepsAfterSetup } = await import("../cli/next-steps.js");
    this.note(await stepsAfterSetup(result));
  }

  private async noteOverruling(): Promise<void> {
    const { overruling } = await import("../services/setup.js");
    for (const name of overruling(this.whereabouts().env)) this.note(`${name} is set, and wins over the file.`);
  }
}
