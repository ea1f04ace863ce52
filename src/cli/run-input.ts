import type { WorkflowRow } from "../services/list-workflows.js";
import { findWorkflow, inputSchema, listWorkflows } from "../services/list-workflows.js";
import { fieldsOf, inputFromFlags, type InputFlags } from "./input.js";
import { askFields, canAsk, choose } from "./prompts.js";

type Workflow = ReturnType<typeof findWorkflow>;

/** The workflow of that name; without a name one is chosen from a menu. Throws WorkflowNotFoundError or UsageError. */
export async function workflowToRun(name: string | undefined): Promise<Workflow> {
  return findWorkflow(name ?? (await chooseWorkflow(listWorkflows())));
}

async function chooseWorkflow(rows: readonly WorkflowRow[]): Promise<string> {
  const choices = rows.map(({ name, description }) => ({ value: name, description: description ?? "" }));
  return choose("Which workflow?", choices, "name it: pyworkflow workflows run NAME");
}

/** The input that flags give; without any, each field of the schema is asked for where somebody can answer. Throws UsageError. */
export async function runInput(workflow: Workflow, flags: InputFlags): Promise<unknown> {
  const schema = inputSchema(workflow);
  const given = await inputFromFlags(flags, schema);
  const fields = fieldsOf(schema);
  if (given !== undefined || fields.length === 0) return given;
  return canAsk() ? askFields(fields) : {};
}
