import { integer, string } from "@oclif/core/flags";
import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { utc } from "../../cli/flags.js";

export default class RunsLogs extends BaseCommand<typeof RunsLogs> {
  static override summary = "Show the events of a run, oldest first.";
  static override examples = [
    "<%= config.bin %> runs logs @last",
    { description: "What failed, for a program", command: "<%= config.bin %> runs logs @last --filter failed --output json" },
  ];
  static override args = { id: runIdArg };
  static override flags = {
    filter: string({ helpValue: "TEXT", description: "events whose type contains this: failed, step_completed, step.completed" }),
    type: string({ multiple: true, multipleNonGreedy: true, helpValue: "TYPE", description: "events of this type; repeatable" }),
    limit: integer({ min: 1, description: "the newest events only, at most so many" }),
    utc,
  };

  async run(): Promise<void> {
    const [{ showLog }, { logTable }] = await Promise.all([import("../../services/show-log.js"), import("../../cli/views/log-table.js")]);
    const { filter, type: types, limit = Infinity } = this.flags;
    const log = await this.withProject({ readOnly: true }, (project) => showLog(project, { id: this.args.id, ...defined({ filter, types }) }));
    const shown = log.slice(Math.max(0, log.length - limit));
    this.show(shown, { table: (screen) => logTable(shown, screen), plain: () => shown.map(({ sequence, type }) => `${sequence}: ${type}`) });
    if (shown.length < log.length) this.note(`The ${shown.length} newest of ${log.length} events are shown; without --limit all are.`);
  }
}
