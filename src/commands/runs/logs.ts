import { boolean, custom, integer, string } from "@oclif/core/flags";
import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { utc } from "../../cli/flags.js";
import type { EventType } from "../../core/events/event.js";
import type { LogEntry, ShowLogOptions } from "../../services/show-log.js";

export default class RunsLogs extends BaseCommand<typeof RunsLogs> {
  static override summary = "Show the events of a run, oldest first.";
  static override examples = [
    "<%= config.bin %> runs logs @last",
    { description: "What failed, for a program", command: "<%= config.bin %> runs logs @last --filter failed --output json" },
    "<%= config.bin %> runs logs @last --follow --output jsonl",
  ];
  static override args = { id: runIdArg };
  static override flags = {
    filter: string({ helpValue: "TEXT", description: "events whose type contains this: failed, step_completed, step.completed" }),
    type: custom<EventType>({ parse: async (text) => (await import("../../cli/event-types.js")).parseEventType(text), multiple: true, multipleNonGreedy: true, helpValue: "TYPE", description: "events of this type, step.completed say; repeatable" })(),
    limit: integer({ min: 1, description: "the newest events only, at most so many" }),
    follow: boolean({ char: "f", description: "go on with the events to come, until the run has ended; json is printed at the end" }),
    utc,
  };

  async run(): Promise<void> {
    if (this.flags.follow) return this.follow();
    const { showLog } = await import("../../services/show-log.js");
    const { limit = Infinity } = this.flags;
    const log = await this.withProject({ access: "read" }, (project) => showLog(project, this.which));
    const shown = newest(log, limit);
    await this.tell(shown);
    if (shown.length === 0) this.hint("The run has no event that fits.");
    if (shown.length < log.length) this.noteCut(shown.length, ` of ${log.length} events`, "; without --limit all are");
  }

  private async follow(): Promise<void> {
    const [{ followLog }, { logLines, logTable }, { untilSeenEnough }] = await Promise.all([
      import("../../services/show-log.js"),
      import("../../cli/views/log-table.js"),
      import("../../cli/ending-signals.js"),
    ]);
    let { limit = Infinity } = this.flags;
    const all: LogEntry[] = [];
    const print = (batch: readonly LogEntry[]): void =>
      this.show(batch, { table: (screen) => (screen.terminal ? logLines(batch, screen) : logTable(batch, screen)), plain: () => plain(batch) });
    const onEntries = (entries: readonly LogEntry[]): void => {
      // It cuts what was there before; what follows is shown.
      const batch = newest(entries, limit);
      limit = Infinity;
      if (this.output === "json") all.push(...batch);
      else if (batch.length > 0) print(batch);
    };
    const run = await this.withProject({ access: "read" }, (project) => untilSeenEnough(({ signal }) => followLog(project, { ...this.which, signal, onEntries })));
    if (this.output === "json") print(all);
    if (run.parked !== undefined) this.note(`The run is parked: ${run.parked.error}`);
  }

  private get which(): ShowLogOptions {
    const { filter, type: types } = this.flags;
    return { id: this.args.id, ...defined({ filter, types }) };
  }

  private async tell(entries: readonly LogEntry[]): Promise<void> {
    const { logTable } = await import("../../cli/views/log-table.js");
    this.show(entries, { table: (screen) => logTable(entries, screen), plain: () => plain(entries) });
  }
}

function newest(entries: readonly LogEntry[], limit: number): readonly LogEntry[] {
  return entries.slice(Math.max(0, entries.length - limit));
}

function plain(entries: readonly LogEntry[]): readonly string[] {
  return entries.map(({ sequence, type }) => `${sequence}: ${type}`);
}
