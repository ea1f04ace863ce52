import { custom, integer, string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { defined } from "../../cli/defined.js";
import { oneOf, utc } from "../../cli/flags.js";
import { hookStatuses, type HookStatus } from "../../core/hooks.js";

export default class HooksList extends BaseCommand<typeof HooksList> {
  static override summary = "List hooks, newest first.";
  static override examples = ["<%= config.bin %> hooks list --status pending", "<%= config.bin %> hooks list --run-id @last --output json"];
  static override flags = {
    "run-id": string({ helpValue: "ID", description: "hooks of this run" }),
    status: custom<HookStatus>({ ...oneOf(hookStatuses), description: "hooks of this status" })(),
    limit: integer({ min: 1, default: 20, description: "at most so many hooks" }),
    utc,
  };

  async run(): Promise<void> {
    const [{ listHooks }, { hookTable }, { findRun }] = await Promise.all([
      import("../../services/list-hooks.js"),
      import("../../cli/views/hook-table.js"),
      import("../../services/find-run.js"),
    ]);
    const { "run-id": id, status, limit } = this.flags;
    const { hooks, more } = await this.withProject({ access: "read" }, async (project) => {
      const runId = id === undefined ? undefined : (await findRun(project, id)).runId;
      return listHooks(project, { limit, ...defined({ runId, status }) });
    });
    this.show(hooks, { table: (screen) => hookTable(hooks, screen), plain: () => hooks.map(({ token }) => token) });
    if (more) this.noteCut(limit, "", ": --limit shows more");
    if (hooks.length === 0) this.hint(status === undefined ? "No run waits for a hook, and none did." : `No hook is ${status}.`);
  }
}
