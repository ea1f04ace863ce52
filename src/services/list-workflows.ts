import { parseDurationMs } from "../base/duration.js";
import type { JsonSchema } from "../base/json.js";
import { didYouMean, nearest } from "../base/nearest.js";
import type { Config } from "../config/config.js";
import { WorkflowNotFoundError } from "../core/errors.js";
import { specWords } from "../core/schedule/words.js";
import { declaredSpec } from "../engine/declarations.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { jsonSchemaOf } from "../engine/input.js";
import { registeredWorkflows } from "../engine/registry.js";

/** A workflow under the names that JSON shows. */
export interface WorkflowRow {
  readonly name: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  /** How long a run may take, in seconds. */
  readonly max_duration: number | null;
  readonly durable: boolean;
  readonly input_schema: JsonSchema | null;
  /** When it starts by itself, for people: `Cron: 0 9 * * * (Europe/Berlin)`. */
  readonly schedule: string | null;
}

export interface WorkflowCard extends WorkflowRow {
  /** `file:line:column` of the definition. */
  readonly module: string | null;
  readonly recover_on_worker_loss: boolean;
  readonly max_recovery_attempts: number;
}

/** Every workflow of the loaded modules, by name. */
export function listWorkflows(): readonly WorkflowRow[] {
  return [...registeredWorkflows().values()].map(workflowRow).toSorted((a, b) => a.name.localeCompare(b.name));
}

/** `recovery` holds where the definition does not say. Throws WorkflowNotFoundError with the nearest name. */
export function showWorkflow(name: string, recovery: Config["recovery"]): WorkflowCard {
  const workflow = findWorkflow(name);
  const { options, place } = workflow;
  const row = workflowRow(workflow);
  return {
    ...row,
    module: place ?? null,
    recover_on_worker_loss: options.recoverOnWorkerLoss ?? recovery.recoverOnWorkerLoss ?? row.durable,
    max_recovery_attempts: options.maxRecoveryAttempts ?? recovery.maxRecoveryAttempts,
  };
}

/** Throws WorkflowNotFoundError with the nearest name. */
export function findWorkflow(name: string): WorkflowDefinition {
  const workflows = registeredWorkflows();
  const found = workflows.get(name);
  if (found !== undefined) return found;
  const near = nearest(name, [...workflows.keys()]);
  throw new WorkflowNotFoundError(name, didYouMean(near, adviceWithout(workflows.size)));
}

/** The schema of a workflow's input as JSON Schema; undefined where there is none. */
export function inputSchema(workflow: WorkflowDefinition): JsonSchema | undefined {
  return jsonSchemaOf(workflow.options.input);
}

function adviceWithout(count: number): string {
  if (count > 0) return "pyworkflow workflows list shows the workflows";
  return "no workflow module was found: name one with --module, or write `module: ./workflows` into pyworkflow.config.yaml";
}

function workflowRow(workflow: WorkflowDefinition): WorkflowRow {
  const { name, options } = workflow;
  return {
    name,
    description: options.description ?? null,
    tags: options.tags ?? [],
    max_duration: options.maxDuration === undefined ? null : (parseDurationMs(options.maxDuration) ?? 0) / 1000,
    durable: options.durable ?? true,
    input_schema: jsonSchemaOf(workflow.options.input) ?? null,
    schedule: options.schedule === undefined ? null : specWords(declaredSpec(options.schedule)),
  };
}
