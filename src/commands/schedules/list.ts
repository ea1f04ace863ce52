import { boolean, custom, integer, string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { oneOf, utc } from "../../cli/flags.js";
import { strangeSchedulesNote } from "../../cli/strange-workflow.js";
import { scheduleStatuses, type ScheduleStatus } from "../../core/schedule/schedule.js";
import type { ListSchedulesOptions } from "../../services/list-schedules.js";
import type { Project } from "../../services/project.js";

export default class SchedulesList extends BaseCommand<typeof SchedulesList> {
  static override summary = "List schedules, newest first.";
  static override description = "Deleted ones are shown only with --status deleted.";
  static override examples = [
    "<%= config.bin %> schedules list --workflow process_order",
    { description: "Pause all schedules of a workflow", command: "<%= config.bin %> schedules list --workflow process_order --status active --all --output plain | xargs -r <%= config.bin %> schedules pause" },
  ];
  static override flags = {
    workflow: string({ helpValue: "NAME", description: "schedules of this workflow" }),
    status: custom<ScheduleStatus>({ ...oneOf(scheduleStatuses), helpValue: "STATUS", multiple: true, multipleNonGreedy: true, description: `${scheduleStatuses.join(", ")}; repeatable; active and paused unless told` })(),
    limit: integer({ min: 1, default: 20, description: "at most so many schedules" }),
    cursor: string({ helpValue: "ID", description: "go on behind this schedule" }),
    all: boolean({ description: "every schedule, without a limit" }),
    utc,
  };

  async run(): Promise<void> {
    const [{ listSchedules }, { scheduleRow }, { scheduleTable }] = await Promise.all([
      import("../../services/list-schedules.js"),
      import("../../services/schedule-row.js"),
      import("../../cli/views/schedule-table.js"),
    ]);
    const { schedules, cursor, strange } = await this.withProject({ access: "read" }, async (project) => {
      const page = await listSchedules(project, await this.filter(project));
      return { ...page, strange: page.schedules.length === 0 ? await strangeSchedulesNote(project, this.flags.workflow) : undefined };
    });
    this.show(schedules.map(scheduleRow), { table: (screen) => scheduleTable(schedules, screen), plain: () => schedules.map(({ scheduleId }) => scheduleId) });
    if (cursor !== undefined) this.noteCut(schedules.length, "", `: --cursor ${cursor} goes on from there, --all shows every schedule`);
    if (strange !== undefined) this.note(strange);
    else if (schedules.length === 0) this.hint("No schedule fits: pyworkflow schedules create makes one, --status deleted shows those that were.");
  }

  private async filter(project: Project): Promise<ListSchedulesOptions> {
    const { workflow, status, cursor, all, limit } = this.flags;
    const { findSchedule } = await import("../../services/find-schedule.js");
    return defined({
      workflowName: workflow,
      statuses: status,
      before: cursor === undefined ? undefined : (await findSchedule(project, cursor)).scheduleId,
      limit: all ? undefined : limit,
    });
  }
}
