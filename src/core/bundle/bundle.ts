import { asEncoded, type Encoded } from "../../base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../events/event.js";
import type { NewRun, RunRecord } from "../run.js";

/** The form of a bundle. Raised when an older reader could misread it. */
export const bundleFormat = 1;

/** A stored value in a bundle: as JSON where that comes back byte for byte, else as the text that stores keep. */
export type BundledValue = { readonly json: unknown } | { readonly encoded: string };

/** A run in a bundle: all that was decided when it started, and its events; the rest follows from those. */
export type BundledRun = Bundled<NewRun, "input"> & {
  /** Its parent ended and closed it: nobody waits for its outcome. */
  readonly orphaned?: true;
  readonly events: readonly BundledEvent[];
};
export type BundledEvent = Bundled<RecordedEvent, "value">;

type Bundled<T, Value extends string> = T extends unknown ? { [Key in keyof T]: Key extends Value ? BundledValue : T[Key] } : never;

/** A run as it comes out of a bundle. */
export interface ImportedRun {
  readonly run: NewRun;
  readonly orphaned?: true;
  readonly events: readonly WorkflowEvent[];
}

/** The run without its events, as a bundle has it; always in one order, so that the same run is the same text. */
export function bundledRun(run: RunRecord): Omit<BundledRun, "events"> {
  const { runId, workflowName, durable, input, createdAt, idempotencyKey, tags, recoverOnWorkerLoss, maxRecoveryAttempts, maxDurationMs } = run;
  const { parent, nestingDepth, continuedFrom, chain, rerunOf, seed, schedule, scheduledTime, orphaned } = run;
  return {
    runId,
    workflowName,
    durable,
    input: bundledValue(input),
    createdAt,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    tags,
    recoverOnWorkerLoss,
    maxRecoveryAttempts,
    ...(maxDurationMs !== undefined && { maxDurationMs }),
    ...(parent && { parent: { runId: parent.runId, operationId: parent.operationId, parentClose: parent.parentClose } }),
    nestingDepth,
    ...(continuedFrom !== undefined && { continuedFrom }),
    ...(chain !== undefined && { chain }),
    ...(rerunOf !== undefined && { rerunOf }),
    ...(seed !== undefined && { seed }),
    ...(schedule && { schedule: { scheduleId: schedule.scheduleId, kind: schedule.kind } }),
    ...(scheduledTime !== undefined && { scheduledTime }),
    ...(orphaned && { orphaned }),
  };
}

/** The event as a bundle has it; its fields in one order, whatever the store gave. */
export function bundledEvent(event: RecordedEvent): BundledEvent {
  const { sequence, type, at, ...others } = event;
  const fields = Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const bundled = fields.filter(([, value]) => value !== undefined).map(([key, value]): [string, unknown] => [key, key === "value" ? bundledValue(asEncoded(String(value))) : value]);
  return { sequence, type, at, ...Object.fromEntries(bundled) } as unknown as BundledEvent;
}

function bundledValue(text: Encoded): BundledValue {
  if (text.startsWith("j")) {
    const json: unknown = JSON.parse(text.slice(1));
    if (JSON.stringify(json) === text.slice(1)) return { json };
  }
  return { encoded: text };
}
