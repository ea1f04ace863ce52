import { boolean, integer } from "@oclif/core/flags";
import { runIdArg } from "../../cli/args.js";
import { BaseCommand } from "../../cli/base-command.js";
import { utc } from "../../cli/flags.js";

export default class RunsTimeline extends BaseCommand<typeof RunsTimeline> {
  static override summary = "Show what a run did when: each operation as a bar on an axis of time.";
  static override description = "In a pipe a line for each operation, the run itself first: id, start, end, kind and status between tabs.";
  static override examples = ["<%= config.bin %> runs timeline @last", { description: "The spans, for a program", command: "<%= config.bin %> runs timeline @last --all --output json" }];
  static override args = { id: runIdArg };
  static override flags = {
    limit: integer({ min: 1, default: 50, description: "the newest operations only, at most so many" }),
    all: boolean({ description: "every operation, without a limit" }),
    utc,
  };

  async run(): Promise<void> {
    const [{ showTimeline }, { timelineText }] = await Promise.all([import("../../services/show-timeline.js"), import("../../cli/views/timeline.js")]);
    const limit = this.flags.all ? Infinity : this.flags.limit;
    const timeline = await this.withProject({ access: "read" }, (project) => showTimeline(project, { id: this.args.id, limit }));
    const { spans, operations, runId } = timeline;
    this.show(spans, { table: (screen) => timelineText(timeline, screen), plain: () => spans.map(({ operation_id }) => operation_id ?? runId) });
    if (operations > limit) this.noteCut(limit, ` of ${operations} operations`, ": --limit shows more, --all every one");
  }
}
