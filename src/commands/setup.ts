import { boolean } from "@oclif/core/flags";
import { ExamineCommand } from "../cli/examine-command.js";
import type { WrittenFile } from "../services/write-files.js";
import type { SetupPlan } from "../services/setup.js";

export default class Setup extends ExamineCommand<typeof Setup> {
  static override summary = "Write or change the configuration of a project that is there: its modules and its store.";
  static override description =
    "On a terminal it asks for what --module and --storage-path don't say; Enter takes the default. It shows what changes before it writes. " +
    "Comments, order and all other keys stay, and a backup of the file is kept. --check changes nothing: it looks at Node, SQLite, configuration, modules and store, and exits 1 where one of them fails.";
  static override examples = [
    "<%= config.bin %> setup",
    { description: "In a script", command: "<%= config.bin %> setup --non-interactive --module ./src/workflows --storage-path ./data/runs.db" },
    { description: "After a deploy: does all it rests on work?", command: "<%= config.bin %> setup --check" },
  ];
  static override flags = {
    "non-interactive": boolean({ description: "ask nothing: what no flag says stays as it is, or is found" }),
    "dry-run": boolean({ default: false, description: "show what would change, and write nothing" }),
    check: boolean({ exclusive: ["non-interactive", "dry-run"], description: "verify the set-up instead of changing it" }),
  };

  async run(): Promise<void> {
    if (this.flags.check) return this.examine("setup");
    const plan = await this.plan();
    if (plan.before === plan.after || this.flags["dry-run"]) return this.tell(plan, plannedFile(plan));
    if (!(await this.agreed(plan))) return this.declined();
    await this.tell(plan, await this.write(plan));
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
    if (this.flags["non-interactive"]) return true;
    const { confirm, demandTerminal } = await import("../cli/prompts.js");
    demandTerminal("--non-interactive writes without asking, --dry-run only shows");
    return confirm(plan.before === undefined ? "Write it?" : "Write it, keeping a backup?", true);
  }

  private async write(plan: SetupPlan): Promise<WrittenFile> {
    const [{ writeSetup }, { untilInterrupted }] = await Promise.all([import("../services/setup.js"), import("../cli/ending-signals.js")]);
    return untilInterrupted((signal) => writeSetup(plan, signal));
  }

  private async tell(plan: SetupPlan, { outcome, backup }: WrittenFile): Promise<void> {
    const [{ planLines, setupLine }, { overruling }] = await Promise.all([import("../cli/views/setup.js"), import("../services/setup.js")]);
    const isDry = this.flags["dry-run"];
    const result = { file: plan.file, outcome, backup: backup ?? null, changes: plan.changes, dry_run: isDry };
    const isShown = isDry && outcome !== "unchanged";
    this.show(result, { table: (screen) => (isShown ? planLines(plan, process.cwd(), screen) : setupLine(result, process.cwd(), screen)), plain: () => [plan.file] });
    for (const name of overruling(this.whereabouts().env)) this.note(`${name} is set, and wins over the file.`);
    if (outcome === "unchanged") this.note("Nothing to change.");
    if (isDry || this.output !== "table") return;
    const { stepsAfterSetup } = await import("../cli/next-steps.js");
    this.note(await stepsAfterSetup(result));
  }
}

function plannedFile({ before, after, file }: SetupPlan): WrittenFile {
  if (before === after) return { path: file, outcome: "unchanged" };
  return { path: file, outcome: before === undefined ? "created" : "replaced" };
}
