import { randomBytes } from "node:crypto";
import type { Encoded } from "../base/codec.js";
import { parseDurationMs } from "../base/duration.js";
import { defaults } from "../core/defaults.js";
import { InvalidInputError } from "../core/errors.js";
import { newRunId } from "../core/ids.js";
import type { NewRun, Parent, RunSettings } from "../core/run.js";
import type { WorkflowDefinition, WorkflowOptions } from "./definition.js";
import { validateInput } from "./input.js";
import { storable } from "./run/storable.js";

/** Recovery where a definition does not say; `recoverOnWorkerLoss` is then what suits the run: durable ones recover. */
export interface RecoverySettings {
  readonly recoverOnWorkerLoss?: boolean | undefined;
  readonly maxRecoveryAttempts: number;
}

/** What a start adds to the definition. */
export interface NewRunOptions {
  /** From {@link acceptInput}. */
  readonly input: Encoded;
  readonly createdAt: number;
  readonly recovery: RecoverySettings;
  /** A second start of this workflow with the same key names the first run. */
  readonly idempotencyKey?: string;
  readonly tags?: readonly string[];
  /** Wins over the definition. */
  readonly durable?: boolean;
  readonly parent?: Parent;
  readonly nestingDepth?: number;
}

/**
 * The input as the workflow's schema wants it, and as it is stored; needs no store.
 * Throws InvalidInputError, NotStorableValueError or PayloadTooLargeError.
 */
export async function acceptInput(workflow: WorkflowDefinition, input: unknown, { payloadBytes }: { readonly payloadBytes: number }): Promise<Encoded> {
  const accepted = storable(await validateInput(workflow, input), `the input of ${workflow.name}`, payloadBytes);
  if ("error" in accepted) throw accepted.error;
  return accepted.value;
}

/** A run of a workflow, all its settings resolved: they stay with it. Throws InvalidInputError for too many tags. */
export function newRunOf(workflow: WorkflowDefinition, options: NewRunOptions): NewRun {
  const { input, createdAt, idempotencyKey, parent, nestingDepth = 0 } = options;
  return {
    runId: newRunId(createdAt, randomBytes),
    ...runSettingsOf(workflow, options),
    input,
    createdAt,
    nestingDepth,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(parent !== undefined && { parent }),
  };
}

/** The settings of every run of a workflow that is started like this. Throws InvalidInputError for too many tags. */
export function runSettingsOf({ name, options: settings }: WorkflowDefinition, options: Pick<NewRunOptions, "recovery" | "tags" | "durable">): RunSettings {
  const { recovery, durable = settings.durable ?? true } = options;
  return {
    workflowName: name,
    durable,
    tags: tagsOf({ name, options: settings }, options.tags),
    recoverOnWorkerLoss: settings.recoverOnWorkerLoss ?? recovery.recoverOnWorkerLoss ?? durable,
    maxRecoveryAttempts: settings.maxRecoveryAttempts ?? recovery.maxRecoveryAttempts,
    ...durationOf(settings),
  };
}

/** The tags of a run: those of its workflow, and those that its start adds. Needs no store. Throws InvalidInputError where they are too many. */
export function tagsOf({ name, options }: Pick<WorkflowDefinition, "name" | "options">, given: readonly string[] = []): readonly string[] {
  const { tags: defined = [] } = options;
  const tags = [...defined, ...given];
  const { tagsMax } = defaults.workflow;
  if (tags.length <= tagsMax) return tags;
  const message = `${tags.length} in all (${defined.length} of the definition, ${given.length} given): a run has at most ${tagsMax}`;
  throw new InvalidInputError(name, [{ path: "tags", message }]);
}

function durationOf({ maxDuration }: WorkflowOptions): Pick<NewRun, "maxDurationMs"> {
  const maxDurationMs = maxDuration === undefined ? undefined : parseDurationMs(maxDuration);
  return maxDurationMs === undefined ? {} : { maxDurationMs };
}
