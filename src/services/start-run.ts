import { randomBytes } from "node:crypto";
import { newRunId } from "../core/ids.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { validateInput } from "../engine/input.js";
import { storable } from "../engine/run/storable.js";
import type { CreateResult } from "../storage/backend.js";
import type { Config } from "../config/config.js";
import type { Project } from "./project.js";

export interface StartRunOptions {
  readonly workflow: WorkflowDefinition;
  readonly input: unknown;
  /** A second start of this workflow with the same key names the first run. */
  readonly idempotencyKey?: string;
  readonly tags?: readonly string[];
  /** Wins over the definition. */
  readonly durable?: boolean;
}

/** What of a project a start needs. */
export type Startable = Pick<Project, "backend" | "clock"> & { readonly config: Pick<Config, "limits" | "recovery"> };

/**
 * Records a new run; it is due at once for a worker that knows its workflow. Its recovery settings are resolved here and stay with it.
 * Throws InvalidInputError, NotStorableValueError or PayloadTooLargeError before anything is recorded.
 */
export async function startRun({ backend, config, clock }: Startable, options: StartRunOptions): Promise<CreateResult> {
  const { workflow, idempotencyKey } = options;
  const { name: workflowName, options: settings } = workflow;
  const input = storable(await validateInput(workflow, options.input), `the input of ${workflowName}`, config.limits.payloadBytes);
  if ("error" in input) throw input.error;
  const createdAt = clock.now();
  const durable = options.durable ?? settings.durable ?? true;
  return backend.createRun({
    runId: newRunId(createdAt, randomBytes),
    workflowName,
    durable,
    input: input.value,
    createdAt,
    tags: [...(settings.tags ?? []), ...(options.tags ?? [])],
    recoverOnWorkerLoss: settings.recoverOnWorkerLoss ?? config.recovery.recoverOnWorkerLoss ?? durable,
    maxRecoveryAttempts: settings.maxRecoveryAttempts ?? config.recovery.maxRecoveryAttempts,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
}
