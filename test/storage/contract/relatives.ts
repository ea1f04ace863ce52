import { encode } from "../../../src/base/codec.js";
import type { ChildStarted, ParentClose } from "../../../src/core/events/child.js";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import { successorOf } from "../../../src/core/family.js";
import { operationIdOf, type RunId, type WorkerId } from "../../../src/core/ids.js";
import type { NewRun, Parent, RunRecord } from "../../../src/core/run.js";
import type { Backend } from "../../../src/storage/backend.js";
import { claimed, commitOne, ended, enter, only, record, request, run, running, t0 } from "./support.js";

export type ChildRun = NewRun & { readonly parent: Parent };

/** Pending children of a run that is held under epoch 1, one for each `parentClose`. */
export async function startChildren<const T extends readonly ParentClose[]>(backend: Backend, parent: RunRecord, closes: T): Promise<{ [K in keyof T]: ChildRun }> {
  return startChildrenWith(backend, parent, { closes, change: {} });
}

/** The same, of another kind. */
export async function startChildrenWith<const T extends readonly ParentClose[]>(backend: Backend, parent: RunRecord, wanted: { readonly closes: T; readonly change: Partial<NewRun> }): Promise<{ [K in keyof T]: ChildRun }> {
  const { closes, change } = wanted;
  const older = (await childIds(backend, parent.runId)).length;
  const create = closes.map((parentClose, index) => childOf(parent, { n: older + index + 1, parentClose, change }));
  const result = await commitOne(backend, { runId: parent.runId, fence: 1, seen: 0, events: create.map(childStarted), create });
  if (!result.accepted) throw new Error(`the children were refused: ${result.refused}`);
  return create as { [K in keyof T]: ChildRun };
}

export function childOf(parent: NewRun, { n, parentClose, change = {} }: { readonly n: number; readonly parentClose: ParentClose; readonly change?: Partial<NewRun> }): ChildRun {
  const place = { runId: parent.runId, operationId: operationIdOf("child_order", n), parentClose };
  return { ...run({ ...change, nestingDepth: parent.nestingDepth + 1 }), parent: place };
}

export function childStarted({ runId: childRunId, workflowName, input: value, parent: { operationId, parentClose } }: ChildRun): ChildStarted {
  return { type: "child_workflow.started", at: t0 + 11, operationId, childRunId, workflowName, parentClose, waits: true, after: 1, value };
}

export async function childIds(backend: Backend, parentId: RunId): Promise<readonly RunId[]> {
  return (await backend.listRuns({ parentId, limit: 100 })).map(({ runId }) => runId);
}

/** A run that is held under epoch 1 and has children, all pending. */
export async function parentOf(backend: Backend, closes: readonly ParentClose[], change: Partial<NewRun> = {}): Promise<RunRecord> {
  const parent = await running(backend, change);
  await startChildren(backend, parent, closes);
  return parent;
}

/** A new worker claims the run. */
export async function take(backend: Backend, { runId }: Pick<NewRun, "runId">): Promise<WorkerId> {
  const workerId = await enter(backend);
  only(await claimed(backend, request(workerId, { runId })));
  return workerId;
}

export async function endRun(backend: Backend, { runId }: Pick<NewRun, "runId">): Promise<void> {
  await commitOne(backend, { runId, fence: 1, seen: 0, events: [ended] });
}

/** The run that goes on for a held one, which ends in the same commit. */
export async function continueAsNew(backend: Backend, { runId }: Pick<NewRun, "runId">): Promise<NewRun> {
  const next = successorOf(await record(backend, runId), { runId: run().runId, input: encode(2), createdAt: t0 + 30 });
  await commitOne(backend, { runId, fence: 1, seen: 0, events: [continued(next)], create: [next] });
  return next;
}

export function continued({ runId: newRunId, input: value }: NewRun): WorkflowEvent {
  return { type: "workflow.continued_as_new", at: t0 + 30, newRunId, value };
}

/** Closes children until there are none to close, a few at a time; how many there were. */
export async function closeAll(backend: Backend, now: number): Promise<number> {
  for (let sum = 0; ; ) {
    const closed = await backend.closeChildren(10, now);
    if (closed === 0) return sum;
    sum += closed;
  }
}
