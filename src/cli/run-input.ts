import type { Encoded } from "../base/codec.js";
import type { WorkflowRow } from "../services/list-workflows.js";
import { findWorkflow, inputSchema, listWorkflows } from "../services/list-workflows.js";
import { acceptInput } from "../services/start-run.js";
import { fillIn } from "./form.js";
import { fieldsOf, inputFromFlags, type InputFlags } from "./input.js";
import { canAsk, choose } from "./prompts.js";

type Workflow = ReturnType<typeof findWorkflow>;

/** The workflow of that name; without a name one is chosen from a menu. Throws WorkflowNotFoundError or UsageError. */
export async function workflowToRun(name: string | undefined): Promise<Workflow> {
  return findWorkflow(name ?? (await chooseWorkflow(listWorkflows())));
}

async function chooseWorkflow(rows: readonly WorkflowRow[]): Promise<string> {
  const choices = rows.map(({ name, description }) => ({ value: name, description: description ?? "" }));
  return choose("Which workflow?", choices, "name it: pyworkflow workflows run NAME");
}

export interface InputOptions {
  readonly limits: { readonly payloadBytes: number };
  readonly note: (line: string) => void;
}

/**
 * The input that flags give, as the workflow takes it; without any, each field of the schema is asked for where somebody can answer, and asked for again
 * where it is refused. Throws UsageError, or InvalidInputError for what flags give.
 */
export async function runInput(workflow: Workflow, flags: InputFlags, { limits, note }: InputOptions): Promise<Encoded> {
  const schema = inputSchema(workflow);
  const given = await inputFromFlags(flags, schema);
  const accept = (input: unknown) => acceptInput(workflow, input, limits);
  if (given !== undefined || fieldsOf(schema).length === 0) return accept(given);
  return canAsk() ? fillIn({ schema, accept, note }) : accept({});
}
