import { BaseCommand } from "../../cli/base-command.js";
import { counted } from "../../cli/text.js";

export default class StorageCheck extends BaseCommand<typeof StorageCheck> {
  static override summary = "Check the file, and every run and schedule in it for what must always hold.";
  static override description = "Only looks; others may go on working meanwhile. docs/architecture.md lists the invariants I1 to I10. Exit code 1: something is broken. 4: there is no store.";
  static override examples = ["<%= config.bin %> storage check", { description: "From cron: mail only what is broken", command: "<%= config.bin %> storage check --quiet" }];

  async run(): Promise<void> {
    const [{ inspectStore }, { findingTable }] = await Promise.all([import("../../services/inspect-store.js"), import("../../cli/views/finding-table.js")]);
    const inspection = await this.withProject({ access: "read" }, (project) => this.withProgress("runs checked", (onProgress) => inspectStore(project, { onProgress })));
    const { runs, events, findings } = inspection;
    this.show(inspection, { table: (screen) => findingTable(findings, screen), plain: () => findings.map(({ invariant, run_id, schedule_id }) => run_id ?? schedule_id ?? invariant) });
    if (findings.length > 0) process.exitCode = 1;
    if (findings.some(({ invariant }) => invariant === "file")) this.note("The file is damaged: `pyworkflow storage restore FILE` puts a backup in its place. Runs and schedules were not looked at.");
    else this.note(`${runs} runs and ${events} events checked: ${findings.length === 0 ? "all is well" : counted(findings.length, "finding")}.`);
  }
}
