import { boolean, custom } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { duration, filled, oneOf } from "../../cli/flags.js";
import { strangeRunsNote } from "../../cli/strange-workflow.js";
import { counted } from "../../cli/text.js";
import { formatSeconds } from "../../cli/times.js";
import { UsageError } from "../../cli/usage-error.js";
import { defaults } from "../../core/defaults.js";
import { prunableWords, type PrunableWord } from "../../core/retention.js";
import type { Project } from "../../services/project.js";
import type { PrunePlan } from "../../services/prune-runs.js";

export default class RunsPrune extends BaseCommand<typeof RunsPrune> {
  static override summary = "Delete runs that ended long ago, with their events, hooks and values.";
  static override description =
    "Asks first. Workers go on meanwhile, and a prune that is interrupted may be given again. Children stay while their parent lives. An idempotency key of a deleted run may be used anew. " +
    "`retention:` in the configuration does the same by itself.";
  static override examples = [
    "<%= config.bin %> runs prune --older-than 30d --dry-run",
    { description: "From cron: completed runs of one workflow", command: "<%= config.bin %> runs prune --older-than 7d --status completed --workflow process_order --yes" },
  ];
  static override flags = {
    "older-than": duration({ required: true, description: "runs that ended at least so long ago: 30d, 12h" }),
    status: custom<PrunableWord>({ ...oneOf(prunableWords), multiple: true, multipleNonGreedy: true, description: "only runs that ended so; repeatable; those that continued as new count as completed" })(),
    workflow: filled({ helpValue: "NAME", description: "only runs of this workflow" }),
    yes: boolean({ char: "y", description: "don't ask" }),
    "dry-run": boolean({ description: "count what would be deleted, and delete nothing" }),
  };

  async run(): Promise<void> {
    const { planPrune } = await import("../../services/prune-runs.js");
    const { "dry-run": dry, status, workflow, yes } = this.flags;
    const olderThanMs = this.age();
    if (!dry && !yes) await this.demandTerminal();
    await this.withProject({ access: dry ? "read" : "change" }, async (project) => {
      const plan = await planPrune(project, { olderThanMs, ...defined({ words: status, workflowName: workflow }) });
      if (plan.runs === 0) return this.tellOfNone(project, plan);
      if (dry) return this.tell(plan);
      if (yes || (await this.agreed(plan))) return this.prune(project, plan);
      this.declined();
    });
  }

  private age(): number {
    const { "older-than": ms } = this.flags;
    const { ageLeastMs } = defaults.pruning;
    if (ms >= ageLeastMs) return ms;
    throw new UsageError(`--older-than: it is shorter than ${formatSeconds(ageLeastMs / 1000)}`, "give 1m or more: somebody may be waiting to hear how a run ended");
  }

  private async demandTerminal(): Promise<void> {
    const { demandTerminal } = await import("../../cli/prompts.js");
    demandTerminal("--yes deletes them, --dry-run counts them");
  }

  private async agreed({ runs, olderThanMs }: PrunePlan): Promise<boolean> {
    const { confirm } = await import("../../cli/prompts.js");
    return confirm(`Delete ${counted(runs, "run")} that ended more than ${formatSeconds(olderThanMs / 1000)} ago?`);
  }

  private async prune(project: Project, plan: PrunePlan): Promise<void> {
    const { carryOutPrune } = await import("../../services/prune-runs.js");
    const done = await this.withProgress("runs pruned", (onProgress) => carryOutPrune(project, plan, onProgress));
    await this.tell(plan, done);
    this.note("The file keeps its size: the room is used again before it grows.");
  }

  private async tell(plan: PrunePlan, done?: { readonly runs: number; readonly events: number }): Promise<void> {
    const [{ pruneRow }, { pruneCard }] = await Promise.all([import("../../services/prune-runs.js"), import("../../cli/views/prune-card.js")]);
    const row = pruneRow(plan, plan.runs === 0 && !this.flags["dry-run"] ? { runs: 0, events: 0 } : done);
    this.show(row, { table: (screen) => pruneCard(row, screen), plain: () => [String(row.runs)] });
  }

  private async tellOfNone(project: Project, plan: PrunePlan): Promise<void> {
    const { workflow } = this.flags;
    await this.tell(plan);
    this.note((await strangeRunsNote(project, workflow)) ?? `Nothing fits: no run of these statuses${workflow === undefined ? "" : ` of ${workflow}`} ended so long ago.`);
  }
}
