import { string as text } from "@oclif/core/args";
import { boolean, custom } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import type { Selection } from "../../cli/cancel-input.js";
import { defined } from "../../cli/defined.js";
import { duration, filled, oneOf } from "../../cli/flags.js";
import { strangeRunsNote } from "../../cli/strange-workflow.js";
import { misfitError, RunEndedError, WaitTimeoutError } from "../../core/errors.js";
import { liveStatuses, type RunStatus } from "../../core/run.js";
import type { CancelRow } from "../../services/cancel-run.js";
import type { Project } from "../../services/project.js";

const defaultTimeoutMs = 30_000;

export default class RunsCancel extends BaseCommand<typeof RunsCancel> {
  static override summary = "Ask runs to end: their code cleans up, then they are cancelled.";
  static override description =
    "Without ids, every run that fits --status, --workflow and --query, after a yes. A parked run stays parked until code that fits takes it up; --force ends it. " +
    "The JSON of one run that was named is an object, that of several or of filters a list. " +
    "Exit code 5: a run that was named had ended already. 6: one had not ended in time. 7: with --wait, one is parked.";
  static override examples = [
    "<%= config.bin %> runs cancel @last --reason 'wrong customer' --wait",
    { description: "Everything of a workflow that waits", command: "<%= config.bin %> runs cancel --workflow process_order --status suspended --yes" },
  ];
  static override args = { ids: text({ multiple: true, ignoreStdin: true, description: "run ids, unique prefixes, or @last" }) };
  static override flags = {
    reason: filled({ helpValue: "TEXT", description: "why, for people who read the log" }),
    wait: boolean({ description: "wait until they have ended" }),
    timeout: duration({ dependsOn: ["wait"], description: "with --wait: no longer than this, 30s unless told" }),
    force: boolean({ description: "end them at once: their code does not clean up" }),
    status: custom<RunStatus>({ ...oneOf(liveStatuses), multiple: true, multipleNonGreedy: true, description: "every run of this status; repeatable" })(),
    workflow: filled({ helpValue: "NAME", description: "every run of this workflow" }),
    query: filled({ char: "q", helpValue: "TEXT", description: "every run with this in its id, workflow name or idempotency key" }),
    yes: boolean({ char: "y", description: "don't ask before cancelling what the filters find" }),
    "dry-run": boolean({ description: "show what would be cancelled, and change nothing" }),
  };

  async run(): Promise<void> {
    const [{ demandSelection, select, agreed }, { cancelRuns, plannedRow }] = await Promise.all([import("../../cli/cancel-input.js"), import("../../services/cancel-run.js")]);
    const { reason, wait, force, timeout = defaultTimeoutMs, yes, "dry-run": dry, status, workflow, query } = this.flags;
    const asked = { ids: this.args.ids ?? [], filter: defined({ statuses: status, workflowName: workflow, query }), yes: yes || dry };
    demandSelection(asked);
    await this.withProject({ access: dry ? "read" : "change" }, async (project) => {
      const selection = await select(project, asked);
      const strange = selection.runs.length === 0 ? await strangeRunsNote(project, workflow) : undefined;
      if (strange !== undefined) this.note(strange);
      if (dry) return this.tell(selection, selection.runs.map(plannedRow));
      if (!(await agreed(selection, asked))) return this.declined();
      const order = { wait, force, timeoutMs: timeout, requestedBy: "pyworkflow runs cancel", ...defined({ reason }) };
      if (!force) await this.tellOfAbsentWorkers(project, selection);
      const ids = selection.runs.map(({ runId }) => runId);
      const rows = await this.withProgress("runs asked to end", (onProgress) => cancelRuns(project, ids, { ...order, onProgress }));
      await this.tell(selection, rows);
      const ended = rows.find(({ cancelled }) => !cancelled);
      // Of runs that filters found, some may have ended meanwhile.
      if (selection.named && ended !== undefined) throw new RunEndedError(ended.run_id, ended.status);
      if (wait) await this.demandEnd(project, rows);
    });
  }

  private async tellOfAbsentWorkers(project: Project, { runs }: Selection): Promise<void> {
    const { waitsForWorker } = await import("../../cli/waits-for-worker.js");
    // The others end, or stay parked, without anybody's help.
    const need = runs.filter(({ startedAt, completedAt, parked }) => startedAt !== undefined && completedAt === undefined && parked === undefined);
    for (const line of await waitsForWorker(project, need)) this.note(line);
  }

  private async demandEnd({ backend }: Project, rows: readonly CancelRow[]): Promise<void> {
    const { isSettled } = await import("../../services/cancel-run.js");
    const row = rows.find(({ stays_parked }) => stays_parked);
    const run = row && (await backend.getRun(row.run_id));
    if (run?.parked !== undefined) throw misfitError(`run ${run.runId} does not end: it is parked: ${run.parked.error}`, run.parked);
    const late = rows.find((each) => !isSettled(each));
    if (late !== undefined) throw new WaitTimeoutError(late.run_id, late.status);
  }

  private async tell({ named }: Selection, rows: readonly CancelRow[]): Promise<void> {
    const { cancelTable } = await import("../../cli/views/cancel-table.js");
    const [first] = rows;
    const one = named && rows.length === 1;
    this.show(one ? first : rows, { table: (screen) => cancelTable(rows, screen), plain: () => rows.map(({ run_id }) => run_id) });
    if (rows.length === 0) this.note("No run that can be cancelled fits.");
    for (const { run_id, stays_parked, dry_run } of rows) {
      if (stays_parked && !dry_run) this.note(`${run_id} is parked and stays so: it ends when code that fits takes it up, with pyworkflow runs retry. runs cancel --force ends it now.`);
    }
  }
}
