import { custom, integer } from "@oclif/core/flags";
import { scheduleIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { oneOf, utc } from "../../cli/flags.js";
import { tickDecisions, type TickDecision } from "../../core/schedule/schedule.js";
import { tickKinds, type TickKind } from "../../core/schedule/tick-kind.js";

export default class SchedulesTicks extends BaseCommand<typeof SchedulesTicks> {
  static override summary = "Show the ledger of a schedule: what was decided about its due times, and why; newest first.";
  static override examples = [
    "<%= config.bin %> schedules ticks @last",
    { description: "Why did it not run?", command: "<%= config.bin %> schedules ticks auto_process_order --decision skipped --limit 5" },
  ];
  static override args = { id: scheduleIdArg };
  static override flags = {
    limit: integer({ min: 1, default: 50, description: "at most so many ticks" }),
    kind: custom<TickKind>({ ...oneOf(tickKinds), description: "where they come from: its own times, a hand, or a backfill" })(),
    decision: custom<TickDecision>({ ...oneOf(tickDecisions), helpValue: "DECISION", description: tickDecisions.join(", ") })(),
    utc,
  };

  async run(): Promise<void> {
    const [{ listTicks, tickRow }, { tickTable }] = await Promise.all([import("../../services/list-ticks.js"), import("../../cli/views/tick-table.js")]);
    const { limit, kind, decision } = this.flags;
    // One more than wanted tells whether the ledger goes on.
    const found = await this.withProject({ access: "read" }, (project) => listTicks(project, this.args.id, { limit: limit + 1, ...defined({ kind, decision }) }));
    const ticks = found.slice(0, limit).map(tickRow);
    this.show(ticks, {
      table: (screen) => tickTable(ticks, screen),
      plain: () => ticks.map((tick) => [tick.due.toISOString(), tick.decision, tick.run_id ?? "-"].join(" ")),
    });
    if (found.length > limit) this.noteCut(limit, "", ": --limit shows more");
    if (found.length === 0) this.hint("Nothing was decided that fits.");
  }
}
