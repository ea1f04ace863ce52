import type { Encoded } from "../base/codec.js";
import type { Config } from "../config/config.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { newRunOf, type NewRunOptions } from "../engine/new-run.js";
import type { CreateResult } from "../storage/backend.js";
import type { Project } from "./project.js";

export { acceptInput } from "../engine/new-run.js";

export interface StartRunOptions extends Pick<NewRunOptions, "idempotencyKey" | "tags" | "durable"> {
  readonly workflow: WorkflowDefinition;
  /** From `acceptInput`. */
  readonly input: Encoded;
}

/** What of a project a start needs. */
export type Startable = Pick<Project, "backend" | "clock"> & { readonly config: Pick<Config, "recovery"> };

/** Records a new run; it is due at once for a worker that knows its workflow. */
export async function startRun({ backend, config, clock }: Startable, { workflow, ...options }: StartRunOptions): Promise<CreateResult> {
  return backend.createRun(newRunOf(workflow, { ...options, createdAt: clock.now(), recovery: config.recovery }));
}
