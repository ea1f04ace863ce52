import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { duration } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import { UsageError } from "../../cli/usage-error.js";
import type { Project } from "../../services/project.js";

// Shorter, and it would do nothing but ask.
const pollLeastMs = 100;

export default class SchedulerRun extends BaseCommand<typeof SchedulerRun> {
  static override summary = "Start the runs of schedules whenever they are due.";
  static override description =
    "`worker run` does it too: this is for machines that execute nothing. Any number may run on one store. Schedules that the modules declare are stored; without modules, those that are in the store start. SIGINT or SIGTERM stops it (exit 0).";
  static override examples = [
    "<%= config.bin %> scheduler run",
    { description: "Beside workers that leave schedules to it", command: "<%= config.bin %> scheduler run --poll-interval 10s" },
  ];
  static override flags = {
    "poll-interval": duration({ description: "the store is asked at least this often, in case it could not tell that something changed; 5s unless told" }),
    duration: duration({ description: "stop after this long" }),
  };

  async run(): Promise<void> {
    const { keepScheduling } = await import("../../cli/keep-scheduling.js");
    const { "poll-interval": pollMs, duration: durationMs, verbose, quiet } = this.flags;
    if (pollMs !== undefined && pollMs < pollLeastMs) throw new UsageError("--poll-interval: it is shorter than 100ms", "give 1s or more: what is due does not wait for it");
    await loadWorkflows(this.whereabouts());
    await this.withProject({ access: "create", blocking: false }, (project) =>
      keepScheduling(project, { ...defined({ pollMs, durationMs }), log: { level: verbose ? "debug" : quiet ? "error" : "info", format: this.logFormat }, onReady: (workflows) => this.announce(project, workflows) }),
    );
  }

  private announce({ config }: Project, workflows: readonly string[]): void {
    const store = config.storage.backend === "sqlite" ? config.storage.path : "memory";
    this.note(`pyworkflow scheduler\n  store      ${store}\n  workflows  ${workflows.join(", ") || "none"}\n  pid        ${process.pid}`);
    if (workflows.length === 0) this.note("No workflow was found: what is stored is scheduled, and nothing that modules declare.");
  }
}
