import { string } from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.js";
import { loadWorkflows } from "../../cli/load-workflows.js";

export default class WorkflowsInfo extends BaseCommand<typeof WorkflowsInfo> {
  static override summary = "Show a workflow: its input, settings and place in the code.";
  static override examples = ["<%= config.bin %> workflows info process_order"];
  static override args = { name: string({ required: true, ignoreStdin: true, description: "name of the workflow" }) };

  async run(): Promise<void> {
    const [{ showWorkflow }, { stepsSeen }, { workflowCard }] = await Promise.all([import("../../services/list-workflows.js"), import("../../services/steps-seen.js"), import("../../cli/views/workflow-card.js")]);
    const config = await loadWorkflows(this.whereabouts());
    const defined = showWorkflow(this.args.name, config.recovery);
    const steps_seen = await this.withProject({ access: "read" }, (project) => stepsSeen(project, defined.name));
    const workflow = { ...defined, steps_seen };
    this.show(workflow, { table: (screen) => workflowCard(workflow, screen), plain: () => [workflow.name] });
  }
}
