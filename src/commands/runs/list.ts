import { boolean, custom, integer, string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { moment, oneOf, utc } from "../../cli/flags.js";
import { strangeRunsNote } from "../../cli/strange-workflow.js";
import { runStatuses, type RunStatus } from "../../core/run.js";
import type { ListRunsOptions } from "../../services/list-runs.js";
import type { Project } from "../../services/project.js";

export default class RunsList extends BaseCommand<typeof RunsList> {
  static override summary = "List runs, newest first.";
  static override examples = [
    "<%= config.bin %> runs list --status failed --since 1d",
    { description: "Count what lost its worker in the last hour, whatever became of it", command: "<%= config.bin %> runs list --interrupted --since 1h --all | wc -l" },
    "<%= config.bin %> runs list --watch --workflow process_order",
  ];
  static override flags = {
    query: string({ char: "q", helpValue: "TEXT", description: "part of a run id, a workflow name or an idempotency key" }),
    workflow: string({ helpValue: "NAME", description: "runs of this workflow" }),
    status: custom<RunStatus>({ ...oneOf(runStatuses), helpValue: "STATUS", multiple: true, multipleNonGreedy: true, description: `${runStatuses.join(", ")}; repeatable` })(),
    tag: string({ description: "runs that bear this tag" }),
    interrupted: boolean({ description: "only runs that were interrupted; --since and --until then mean when" }),
    parent: string({ helpValue: "ID", description: "children of this run" }),
    schedule: string({ helpValue: "ID", description: "runs that this schedule started" }),
    since: moment({ description: "created since then: 1h (ago), 2d, or a time", exclusive: ["start-time"] }),
    until: moment({ description: "created before then", exclusive: ["end-time"] }),
    "start-time": moment({ description: "the same as --since" }),
    "end-time": moment({ description: "the same as --until" }),
    limit: integer({ min: 1, default: 20, description: "at most so many runs" }),
    cursor: string({ helpValue: "ID", description: "go on behind this run" }),
    all: boolean({ description: "every run, without a limit" }),
    watch: boolean({ description: "on a terminal: draw the list anew as it changes; q ends it" }),
    utc,
  };

  async run(): Promise<void> {
    const [{ listRuns, runRow }, { runTable }] = await Promise.all([import("../../services/list-runs.js"), import("../../cli/views/run-table.js")]);
    if (this.flags.watch) return this.watch();
    const { runs, cursor, strange } = await this.withProject({ access: "read" }, async (project) => {
      const page = await listRuns(project, await this.filter(project));
      return { ...page, strange: page.runs.length === 0 ? await strangeRunsNote(project, this.flags.workflow) : undefined };
    });
    this.show(runs.map(runRow), { table: (screen) => runTable(runs, screen), plain: () => runs.map(({ runId }) => runId) });
    if (cursor !== undefined) this.noteCut(runs.length, "", `: --cursor ${cursor} goes on from there, --all shows every run`);
    if (strange !== undefined) this.note(strange);
    else if (runs.length === 0) this.hint("No run fits.");
  }

  private async watch(): Promise<void> {
    this.demandDrawing("--watch", "without it the list is printed once; in a pipe `pyworkflow runs logs ID --follow` goes on");
    const [{ listRuns }, { runPicture }, { watchText }] = await Promise.all([import("../../services/list-runs.js"), import("../../cli/views/run-table.js"), import("../../cli/watch-text.js")]);
    await this.withProject({ access: "read" }, async (project) => {
      const filter = await this.filter(project);
      await watchText({ read: () => listRuns(project, filter), draw: ({ runs }, screen, rows) => runPicture(runs, screen, rows), stays: true, screen: this.screen() });
    });
  }

  private async filter(project: Project): Promise<ListRunsOptions> {
    const { query, workflow, status, tag, parent, schedule, cursor, all, limit, interrupted } = this.flags;
    const from = this.flags.since ?? this.flags["start-time"];
    const before = this.flags.until ?? this.flags["end-time"];
    return defined({
      query,
      workflowName: workflow,
      statuses: status,
      tag,
      parentId: parent === undefined ? undefined : await runIdOf(project, parent),
      scheduleId: schedule === undefined ? undefined : await scheduleIdOf(project, schedule),
      ...(interrupted ? { interruptedFrom: from ?? 0, interruptedBefore: before } : { createdFrom: from, createdBefore: before }),
      before: cursor === undefined ? undefined : await runIdOf(project, cursor),
      limit: all ? undefined : limit,
    });
  }
}

async function runIdOf(project: Project, id: string) {
  const { findRun } = await import("../../services/find-run.js");
  return (await findRun(project, id)).runId;
}

async function scheduleIdOf(project: Project, id: string) {
  const { findSchedule } = await import("../../services/find-schedule.js");
  return (await findSchedule(project, id)).scheduleId;
}
