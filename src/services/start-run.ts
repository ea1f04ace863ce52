import { inspect, isDeepStrictEqual } from "node:util";
import { decode, type Encoded } from "../base/codec.js";
import type { Config } from "../config/config.js";
import { InvalidDefinitionError } from "../core/errors.js";
import type { RunId } from "../core/ids.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { newRunOf, type NewRunOptions } from "../engine/new-run.js";
import type { CreateResult } from "../storage/backend.js";
import type { Project } from "./project.js";

export { acceptInput, tagsOf } from "../engine/new-run.js";

export interface StartRunOptions extends Pick<NewRunOptions, "idempotencyKey" | "tags" | "durable"> {
  readonly workflow: WorkflowDefinition;
  /** From `acceptInput`. */
  readonly input: Encoded;
}

/** What of a project a start needs. */
export type Startable = Pick<Project, "backend" | "clock"> & { readonly config: Pick<Config, "recovery"> };

/** Records a new run; it is due at once for a worker that knows its workflow. Throws InvalidDefinitionError for an empty idempotency key. */
export async function startRun({ backend, config, clock }: Startable, { workflow, ...options }: StartRunOptions): Promise<CreateResult> {
  checkKey(options.idempotencyKey);
  return backend.createRun(newRunOf(workflow, { ...options, createdAt: clock.now(), recovery: config.recovery }));
}

/** Whether a run that was there already has another input: the key was probably used twice by mistake. */
export async function hasOtherInput({ backend }: Pick<Startable, "backend">, runId: RunId, input: Encoded): Promise<boolean> {
  const run = await backend.getRun(runId);
  return run !== undefined && !isDeepStrictEqual(decode(run.input), decode(input));
}

// A variable that was never set: the second run that is started with it would be taken for the first.
function checkKey(key: unknown): void {
  if (key === undefined || (typeof key === "string" && key !== "")) return;
  throw new InvalidDefinitionError(`idempotencyKey is ${inspect(key, { depth: 0 })}, and a key is a text that is not empty`, "give a text that is the same for each start of this run, or leave the option out");
}
