import { string } from "@oclif/core/args";
import { integer } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { filled } from "../../cli/flags.js";
import { timesFlags, timesOf } from "../../cli/schedule-flags.js";
import { UsageError } from "../../cli/usage-error.js";
import type { ScheduleRecord } from "../../core/schedule/schedule.js";

export default class SchedulesNext extends BaseCommand<typeof SchedulesNext> {
  static override summary = "Show the coming due times of a schedule, or of one that there is not yet.";
  static override description = "As instants, as the clock of the schedule's zone shows them, and with what a change of that clock has to do with them. Without an id neither store nor modules are needed.";
  static override examples = [
    "<%= config.bin %> schedules next auto_process_order --count 3",
    { description: "What does this line mean, on the day on which the clocks change?", command: "<%= config.bin %> schedules next --cron '30 2 * * *' --timezone Europe/Berlin --from 2026-03-28" },
  ];
  static override args = { id: string({ ignoreStdin: true, description: "a schedule id, a unique prefix of one, or @last; else give --cron, --interval, --calendar or --at" }) };
  static override flags = {
    ...timesFlags,
    count: integer({ min: 1, max: 10_000, default: 10, description: "at most so many times" }),
    from: filled({ helpValue: "TIME", description: "those from then on, and not from now on: 1d (ago), or a time in the schedule's zone" }),
  };

  async run(): Promise<void> {
    const [{ comingFrom, nextTimes }, { nextTable }, { momentIn }] = await Promise.all([import("../../services/next-times.js"), import("../../cli/views/next-table.js"), import("../../cli/schedule-times.js")]);
    const { count, from } = this.flags;
    const { spec, ...decided } = await this.timesToShow();
    const first = momentIn(spec.timezone, "--from", from);
    const times = nextTimes(spec, { from: (from === undefined ? comingFrom(decided, first) : first) - 1, count });
    const rows = times.map((time) => ({ ...time, due: new Date(time.due) }));
    this.show(rows, { table: (screen) => nextTable(rows, screen), plain: () => rows.map(({ due }) => due.toISOString()) });
    if (rows.length === 0) this.note("It has no due time left.");
  }

  private async timesToShow(): Promise<Pick<ScheduleRecord, "spec" | "decidedUpTo">> {
    const { id } = this.args;
    const named = Object.keys(timesOf(this.flags)).length > 0;
    if (id === undefined) {
      if (!named) throw new UsageError("ID is missing", "name a schedule, or describe one by --cron, --interval, --calendar or --at");
      const { specOfFlags } = await import("../../cli/schedule-times.js");
      return { spec: await specOfFlags(this.flags, this.flags.from) };
    }
    if (named) throw new UsageError("a schedule is named and described at once", "give an id, or --cron, --interval, --calendar or --at");
    const { findSchedule } = await import("../../services/find-schedule.js");
    const schedule = await this.withProject({ access: "read" }, (project) => findSchedule(project, id));
    const { scheduleId, status } = schedule;
    if (status !== "active") this.note(`${scheduleId} is ${status}: these are its due times once it is resumed.`);
    return schedule;
  }
}
