import { isObject } from "../../base/json.js";
import { InvalidBundleError } from "../errors/runs.js";
import { parentCloses } from "../events/child.js";
import type { RecordedEvent, WorkflowEvent } from "../events/event.js";
import { chainOf } from "../family.js";
import { foldHooks } from "../hooks.js";
import { isOperationId, parseRunId, parseScheduleId, type RunId } from "../ids.js";
import { findingsOf } from "../invariants.js";
import { foldHistory, type NewRun } from "../run.js";
import { tickKinds } from "../schedule/tick-kind.js";
import { bundleFormat, type ImportedRun } from "./bundle.js";
import { choice, count, flag, list, listOf, name, optional, read, text, time, value, yes, type Field } from "./fields.js";
import { readEvent } from "./read-event.js";

/** The runs of a bundle, each sound by itself and in its family. Throws InvalidBundleError with the place of the first thing that is wrong, e.g. `$.runs[3].events[17].type`. */
export function readBundle(given: unknown): readonly ImportedRun[] {
  if (isObject(given) && given["format"] !== bundleFormat) refuseFormat(given);
  const { runs } = read({ format: count(1), pyworkflow: text, runs: list }, given, "$");
  const imported = (runs as readonly unknown[]).map((run, index) => readRun(run, placeOf(index)));
  refuseTwins(imported);
  refuseFamily(imported);
  return imported;
}

function placeOf(index: number): string {
  return `$.runs[${index}]`;
}

function refuseFormat({ format, pyworkflow }: Readonly<Record<string, unknown>>): never {
  const isNewer = typeof format === "number" && format > bundleFormat;
  const what = isNewer ? `is ${format}, which this version does not know` : "is missing or wrong: this is no bundle of runs";
  throw new InvalidBundleError("$.format", what, isNewer ? `pyworkflow ${String(pyworkflow)} wrote it: use that version or a newer one` : "pyworkflow runs export writes one");
}

const runId: Field = { expects: "a run id", read: (given) => (typeof given === "string" ? parseRunId(given) : undefined) };
const operationId: Field = { expects: "the id of a child", read: (given) => (typeof given === "string" && given.startsWith("child_") && isOperationId(given) ? given : undefined) };
const scheduleId: Field = { expects: "a schedule id", read: (given) => (typeof given === "string" ? parseScheduleId(given) : undefined) };
const object: Field = { expects: "an object", read: (given) => (isObject(given) ? given : undefined) };

const durable: Field = { expects: "true: a transient run keeps no history", read: (given) => (given === true ? given : undefined) };

function readRun(given: unknown, path: string): ImportedRun {
  const { events: listed, orphaned, parent, schedule, ...settings } = read(
    {
      runId,
      workflowName: name,
      durable,
      input: value,
      createdAt: time,
      idempotencyKey: optional(text),
      tags: listOf(text),
      recoverOnWorkerLoss: flag,
      maxRecoveryAttempts: count(0),
      maxDurationMs: optional(count(0)),
      parent: optional(object),
      nestingDepth: count(0),
      continuedFrom: optional(runId),
      chain: optional(runId),
      rerunOf: optional(runId),
      seed: optional(runId),
      schedule: optional(object),
      scheduledTime: optional(time),
      orphaned: optional(yes),
      events: list,
    },
    given,
    path,
  );
  const run = {
    ...settings,
    ...(parent !== undefined && { parent: read({ runId, operationId, parentClose: choice(parentCloses) }, parent, `${path}.parent`) }),
    ...(schedule !== undefined && { schedule: read({ scheduleId, kind: choice(tickKinds) }, schedule, `${path}.schedule`) }),
  } as unknown as NewRun;
  const events = (listed as readonly unknown[]).map((event, index) => readEvent(event, `${path}.events[${index}]`));
  refuseUnsound(run, events, path);
  return { run, ...(orphaned === true && { orphaned }), events: events.map(withoutSequence) };
}

// A store numbers them itself.
function withoutSequence(event: RecordedEvent): WorkflowEvent {
  const fields: Partial<RecordedEvent> = { ...event };
  Reflect.deleteProperty(fields, "sequence");
  return fields as WorkflowEvent;
}

function refuseUnsound(run: NewRun, events: readonly RecordedEvent[], path: string): void {
  const misplaced = events.findIndex(({ sequence }, index) => sequence !== index + 1);
  if (misplaced >= 0) throw new InvalidBundleError(`${path}.events[${misplaced}].sequence`, `is ${events[misplaced]?.sequence}, expected ${misplaced + 1}: sequences run from 1 without gaps`);
  const state = foldHistory(run.createdAt, events);
  const [finding] = findingsOf({ ...run, ...state, epoch: 0 }, events);
  if (finding) throw new InvalidBundleError(finding.sequence === undefined ? path : `${path}.events[${finding.sequence - 1}]`, `breaks ${finding.invariant}: ${finding.message}`);
  if (state.closableChildren < 0) throw new InvalidBundleError(`${path}.events`, "tell of more children that ended than began");
  const hooks = foldHooks({ runId: run.runId, status: "pending" }, new Map(), events);
  if ("misfit" in hooks) throw new InvalidBundleError(`${path}.events`, `tell of the hook ${hooks.misfit} what can't have happened to it`);
}

function refuseTwins(imported: readonly ImportedRun[]): void {
  const seen = new Map<string, string>();
  for (const [index, { run }] of imported.entries()) {
    const keys = [run.runId, ...(run.idempotencyKey === undefined ? [] : [`${run.workflowName} ${run.idempotencyKey}`])];
    for (const key of keys) {
      const before = seen.get(key);
      if (before !== undefined) throw new InvalidBundleError(`${placeOf(index)}.${key === run.runId ? "runId" : "idempotencyKey"}`, `is that of ${before} too`);
      seen.set(key, placeOf(index));
    }
  }
}

// Deeper than its parent, later than what it continues: nobody is its own ancestor.
function refuseFamily(imported: readonly ImportedRun[]): void {
  const byId = new Map<RunId, ImportedRun>(imported.map((each) => [each.run.runId, each]));
  for (const [index, { run }] of imported.entries()) {
    const parent = run.parent && byId.get(run.parent.runId);
    if (run.parent?.runId === run.runId || (parent && parent.run.nestingDepth + 1 !== run.nestingDepth)) {
      throw new InvalidBundleError(`${placeOf(index)}.nestingDepth`, `is ${run.nestingDepth}, and does not fit that of its parent ${run.parent?.runId}`);
    }
    const before = ({ continuedFrom }: NewRun) => continuedFrom && byId.get(continuedFrom)?.run;
    refuseForeignChain(run, before(run), placeOf(index));
    const seen = new Set<RunId>();
    for (let each: NewRun | undefined = run; each; each = before(each)) {
      if (seen.has(each.runId)) throw new InvalidBundleError(`${placeOf(index)}.continuedFrom`, "leads back to the run itself");
      seen.add(each.runId);
    }
  }
}

// Bundles of older versions name no chain.
function refuseForeignChain(run: NewRun, before: NewRun | undefined, place: string): void {
  if (run.chain === undefined) return;
  if (run.continuedFrom === undefined || run.chain === run.runId) throw new InvalidBundleError(`${place}.chain`, "is that of a run that continues another, and this one does not");
  const isNamed = before !== undefined && (before.continuedFrom === undefined || before.chain !== undefined);
  if (isNamed && chainOf(before) !== run.chain) throw new InvalidBundleError(`${place}.chain`, `is ${run.chain}, and that of the run before it is ${chainOf(before)}`);
}
