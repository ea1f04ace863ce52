import { hostname } from "node:os";
import { boolean, custom, integer, string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { duration, memorySize, oneOf } from "../../cli/flags.js";
import type { WorkersView } from "../../cli/live-workers.js";
import { counted, plural } from "../../cli/text.js";
import { logFormats, logLevels, type LogFormat, type LogLevel } from "../../core/log-options.js";
import type { Project } from "../../services/project.js";

export default class WorkerRun extends BaseCommand<typeof WorkerRun> {
  static override summary = "Execute runs: start worker processes, watch them, and bring their runs back when they die.";
  static override description =
    "Schedules that the modules declare are stored, and what is due by any schedule of the store is started. The first SIGINT or SIGTERM lets steps finish and hands the rest over (exit 0); the second ends everything at once (exit 130).";
  static override examples = [
    "<%= config.bin %> worker run --ui",
    { description: "While you write workflows", command: "<%= config.bin %> worker run --processes 1 --watch" },
    { description: "From cron: do what is due, then exit", command: "<%= config.bin %> worker run --processes 1 --drain" },
  ];
  static override flags = {
    processes: integer({ char: "n", min: 1, max: 256, description: "worker processes; one for each core unless told" }),
    concurrency: integer({ char: "c", min: 1, max: 100_000, description: "runs at a time in each process" }),
    "shutdown-timeout": duration({ description: "how long steps may take to finish when it stops" }),
    "max-memory": memorySize({ description: "replace a process whose memory grows past this, 512M say, by a fresh one" }),
    watch: boolean({ exclusive: ["drain"], description: "restart the processes when workflow modules change; for development" }),
    drain: boolean({ description: "exit when nothing is due and nothing runs" }),
    "no-scheduler": boolean({ description: "leave schedules to others: a scheduler run, say" }),
    workflow: string({ multiple: true, multipleNonGreedy: true, helpValue: "NAME", description: "execute this workflow only; repeatable" }),
    hostname: string({ helpValue: "NAME", description: "the name that worker list shows for this machine" }),
    loglevel: custom<LogLevel>({ char: "l", ...oneOf(logLevels), description: "least level of the log on stderr" })(),
    ui: boolean({ description: "on a terminal: draw processes, throughput and runs below the log" }),
    "log-format": custom<LogFormat>({ ...oneOf(logFormats), description: "form of the log; json with --output json, else pretty" })(),
  };

  async run(): Promise<void> {
    const { supervise } = await import("../../cli/supervise.js");
    const { processes, concurrency, drain, workflow } = this.flags;
    const end = await this.withProject({ access: "create", blocking: false }, async (project) => {
      const view = await this.view();
      return supervise(project, {
        ...(view && { onLook: (look) => view.onLook(look), onOutput: (text) => view.onOutput(text) }),
        ...defined({ processes, concurrency, shutdownTimeoutMs: this.flags["shutdown-timeout"], workflows: workflow, maxMemoryBytes: this.flags["max-memory"] }),
        drain,
        watch: this.flags.watch,
        scheduler: !this.flags["no-scheduler"],
        hostname: this.flags.hostname ?? hostname(),
        log: { level: this.level, format: this.format },
        onReady: ({ workflows }, count) => {
          this.announce(project, workflows, count);
          void this.tellOfUnknown(project, workflows);
        },
      }).finally(() => view?.close());
    });
    if (end === "killed") process.exitCode = 130;
  }

  private get format(): LogFormat {
    return this.flags["log-format"] ?? this.logFormat;
  }

  /** Work goes on also where nothing can be drawn. */
  private async view(): Promise<WorkersView | undefined> {
    if (!this.flags.ui) return undefined;
    if (this.mayDraw("stderr")) {
      const { liveWorkers } = await import("../../cli/live-workers.js");
      return liveWorkers({ ...this.screen(), paint: this.paint("stderr") }, { wraps: this.format !== "json" });
    }
    this.note("--ui draws on a terminal, and here it can't: the log alone is shown.");
    return undefined;
  }

  private announce({ config }: Project, workflows: readonly string[], processes: number): void {
    const store = config.storage.backend === "sqlite" ? config.storage.path : "memory";
    this.note(`pyworkflow worker\n  store      ${store}\n  workflows  ${workflows.join(", ") || "none"}\n  processes  ${processes}\n  pid        ${process.pid}`);
    if (workflows.length === 0) this.note("No workflow was found: name a module with --module, or write `module: ./workflows` into pyworkflow.config.yaml.");
  }

  // They wait for ever where nobody is told: a workflow was renamed, or its module is not named.
  private async tellOfUnknown(project: Project, workflows: readonly string[]): Promise<void> {
    const { unknownWorkflows } = await import("../../services/unknown-workflows.js");
    const unknown = await unknownWorkflows(project, workflows).catch(() => []);
    for (const { workflow_name: name, due_runs: due } of unknown) {
      this.note(`${counted(due, "run")} of ${name} ${plural(due, "waits", "wait")} for a worker that executes it: this one does not, and no other is alive. \`pyworkflow runs why\` tells more.`);
    }
  }

  private get level(): LogLevel {
    const { loglevel, verbose, quiet } = this.flags;
    return loglevel ?? (verbose ? "debug" : quiet ? "error" : "info");
  }
}
