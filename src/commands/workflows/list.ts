import { BaseCommand } from "../../cli/base-command.js";
import { loadWorkflows } from "../../cli/load-workflows.js";

export default class WorkflowsList extends BaseCommand<typeof WorkflowsList> {
  static override summary = "List the workflows of the project's modules.";
  static override examples = ["<%= config.bin %> workflows list", "<%= config.bin %> workflows list --module ./workflows --output json"];

  async run(): Promise<void> {
    const [{ listWorkflows }, { workflowTable }] = await Promise.all([import("../../services/list-workflows.js"), import("../../cli/views/workflow-table.js")]);
    await loadWorkflows(this.whereabouts());
    const workflows = listWorkflows();
    this.show(workflows, { table: (screen) => workflowTable(workflows, screen), plain: () => workflows.map(({ name }) => name) });
    if (workflows.length === 0) this.note("No workflow was found: name a module with --module, or write `module: ./workflows` into pyworkflow.config.yaml.");
  }
}
