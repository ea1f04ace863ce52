import { randomBytes } from "node:crypto";
import type { Encoded } from "../base/codec.js";
import { newRunId } from "../core/ids.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { validateInput } from "../engine/input.js";
import { storable } from "../engine/run/storable.js";
import type { CreateResult } from "../storage/backend.js";
import type { Config } from "../config/config.js";
import type { Project } from "./project.js";

export interface StartRunOptions {
  readonly workflow: WorkflowDefinition;
  /** From {@link acceptInput}. */
  readonly input: Encoded;
  /** A second start of this workflow with the same key names the first run. */
  readonly idempotencyKey?: string;
  readonly tags?: readonly string[];
  /** Wins over the definition. */
  readonly durable?: boolean;
}

/** What of a project a start needs. */
export type Startable = Pick<Project, "backend" | "clock"> & { readonly config: Pick<Config, "recovery"> };

/**
 * The input as the workflow's schema wants it, and as it is stored; needs no store.
 * Throws InvalidInputError, NotStorableValueError or PayloadTooLargeError.
 */
export async function acceptInput(workflow: WorkflowDefinition, input: unknown, { payloadBytes }: Config["limits"]): Promise<Encoded> {
  const accepted = storable(await validateInput(workflow, input), `the input of ${workflow.name}`, payloadBytes);
  if ("error" in accepted) throw accepted.error;
  return accepted.value;
}

/** Records a new run; it is due at once for a worker that knows its workflow. Its recovery settings are resolved here and stay with it. */
export async function startRun({ backend, config, clock }: Startable, options: StartRunOptions): Promise<CreateResult> {
  const { workflow, input, idempotencyKey } = options;
  const { name: workflowName, options: settings } = workflow;
  const createdAt = clock.now();
  const durable = options.durable ?? settings.durable ?? true;
  return backend.createRun({
    runId: newRunId(createdAt, randomBytes),
    workflowName,
    durable,
    input,
    createdAt,
    tags: [...(settings.tags ?? []), ...(options.tags ?? [])],
    recoverOnWorkerLoss: settings.recoverOnWorkerLoss ?? config.recovery.recoverOnWorkerLoss ?? durable,
    maxRecoveryAttempts: settings.maxRecoveryAttempts ?? config.recovery.maxRecoveryAttempts,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
}
