import { string as text } from "@oclif/core/args";
import { boolean, custom, string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { demandKept } from "../../cli/demand-kept.js";
import { defined } from "../../cli/defined.js";
import { duration, filled, oneOf } from "../../cli/flags.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import { UsageError } from "../../cli/usage-error.js";
import type { RunView } from "../../cli/watch-run.js";
import type { RunId } from "../../core/ids.js";
import type { RunRecord } from "../../core/run.js";
import type { Project } from "../../services/project.js";

export default class WorkflowsRun extends BaseCommand<typeof WorkflowsRun> {
  static override summary = "Start a run of a workflow, and watch it.";
  static override description =
    "On a terminal it waits until the run ends or is suspended; in a pipe it does not wait. Where it waits and no worker serves the store, this process executes the run. " +
    "Exit code 0: completed, suspended or not waited for. 3: it failed or was cancelled. 6: it had not ended in time. 7: it is parked, for its code and its history do not fit.";
  static override examples = [
    "<%= config.bin %> workflows run process_order --arg orderId=ORD-1 --arg amount=49.99",
    "<%= config.bin %> workflows run process_order --args-json '{\"orderId\": \"ORD-1\"}' --wait --output json",
  ];
  static override args = { name: text({ ignoreStdin: true, description: "name of the workflow; without it a menu" }) };
  static override flags = {
    arg: string({ multiple: true, multipleNonGreedy: true, default: [], helpValue: "key=value", description: "a field of the input: JSON, else text; repeatable" }),
    "args-json": string({ helpValue: "JSON|@file|-", description: "the input as JSON, from a file, or from stdin" }),
    durable: boolean({ allowNo: true, description: "keep a log of the run; default as the workflow says" }),
    "idempotency-key": filled({ helpValue: "KEY", description: "a second start with this key names the first run" }),
    tag: string({ multiple: true, multipleNonGreedy: true, default: [], description: "a tag of the run; repeatable" }),
    wait: boolean({ allowNo: true, description: "wait for the end, suspensions included; --no-wait never executes here" }),
    until: custom<"suspended">({ ...oneOf(["suspended"]), description: "be content with a suspended run" })(),
    timeout: duration({ description: "wait no longer than this" }),
    debug: boolean({ description: "show each event with what it says" }),
  };

  async run(): Promise<void> {
    this.demandWait();
    const [{ hasOtherInput, startRun, tagsOf }, { runInput, workflowToRun }] = await Promise.all([import("../../services/start-run.js"), import("../../cli/run-input.js")]);
    const { version, limits } = await loadWorkflows(this.whereabouts());
    const workflow = await workflowToRun(this.args.name);
    // Before the store is opened: where the input or the tags are refused, nothing is made.
    const input = await runInput(workflow, { arg: this.flags.arg, argsJson: this.flags["args-json"] }, { limits, note: (line) => this.note(line) });
    tagsOf(workflow, this.flags.tag);
    const { durable, "idempotency-key": idempotencyKey, tag: tags } = this.flags;
    const waits = this.flags.wait ?? (process.stdout.isTTY || this.flags.until !== undefined);
    await this.withProject({ access: "create", blocking: !waits }, async (project) => {
      if (!waits) demandKept(project, "give --wait, or choose --storage sqlite");
      const { runId, created } = await startRun(project, { workflow, input, tags, ...defined({ durable, idempotencyKey }) });
      if (!created) this.note(`The idempotency key names run ${runId}${(await hasOtherInput(project, runId, input)) ? ", which has another input" : ""}: nothing new was started.`);
      await (waits ? this.watch(project, runId, version) : this.leave(project, runId));
    });
  }

  // oclif's `exclusive` can't tell --no-wait from --wait.
  private demandWait(): void {
    const { wait, until, timeout } = this.flags;
    if ((wait ?? true) || (until ?? timeout) === undefined) return;
    throw new UsageError(`--no-wait and ${until === undefined ? "--timeout" : "--until"} were given together`, "leave out one of them: without a wait there is nothing to limit");
  }

  private async watch(project: Project, runId: RunId, version: string): Promise<void> {
    const [{ watchRun }, { outcomeOf, resultOf }] = await Promise.all([import("../../cli/watch-run.js"), import("../../services/read-result.js")]);
    const untilSuspended = this.flags.until === "suspended" || (this.flags.wait === undefined && process.stdout.isTTY);
    const options = { runId, version, untilSuspended, ...defined({ timeoutMs: this.flags.timeout }) };
    const run = await watchRun(project, options, {
      note: (line) => this.note(line),
      hint: (line) => this.hint(line),
      show: (found, detach) => this.view(project, found, detach),
    });
    const ended = run.completedAt !== undefined || run.parked !== undefined;
    this.show(outcomeOf(run), { table: () => `${run.runId}\t${run.status}`, plain: () => [run.runId] });
    // Throws what the run ended with, and the exit code follows from that.
    if (ended) resultOf(run);
  }

  private async view(project: Project, run: RunRecord, detach: () => void): Promise<RunView> {
    const { debug } = this.flags;
    if (this.mayDraw("stderr")) {
      const { liveRun } = await import("../../cli/live-run.js");
      return liveRun(project, { run, detach, events: debug, paint: this.paint("stderr") });
    }
    const { eventLines } = await import("../../cli/event-lines.js");
    return eventLines({ data: debug, note: (line) => this.note(line) });
  }

  private async leave(project: Project, id: string): Promise<void> {
    const [{ findRun }, { findLiveWorker }, { outcomeOf }] = await Promise.all([
      import("../../services/find-run.js"),
      import("../../services/find-live-worker.js"),
      import("../../services/read-result.js"),
    ]);
    const run = await findRun(project, id);
    this.show(outcomeOf(run), { table: () => `${run.runId}\t${run.status}`, plain: () => [run.runId] });
    if (run.status === "pending" && (await findLiveWorker(project, run)) === undefined) {
      this.note(`No live worker executes ${run.workflowName}: the run stays pending until one does. Start it with \`pyworkflow worker run\`, or wait here with --wait.`);
    }
    this.hint(`pyworkflow runs status ${run.runId}`);
  }
}
