import type { RecordedEvent } from "./events/event.js";
import { isFromOutside, isOperationEvent, isOutcome, retriesRun } from "./events/event.js";
import type { OperationId, RunId } from "./ids.js";
import { foldHistory, foldRun, isTerminal, newRunState, type RunRecord, type RunState } from "./run.js";

/** The invariants that a stored run can be checked for; docs/architecture.md has the list. */
export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I10";

/** One broken invariant of one run. */
export interface Finding {
  readonly invariant: Invariant;
  readonly runId: RunId;
  /** The event that breaks it, where it is one event. */
  readonly sequence?: number;
  readonly message: string;
}

/**
 * What is wrong with a run and its history; empty where all is well. `holderLives` says whether the run's worker is alive:
 * without it, a running run counts as held. A transient run has no history to be checked.
 */
export function findingsOf(run: RunRecord, history: readonly RecordedEvent[], holderLives = true): readonly Finding[] {
  if (!run.durable) return [];
  const faults = [...faultsInSequence(history), ...faultsInOrder(run, history), ...faultsInOutcomes(history), ...faultsInMotion(run, history, holderLives), ...faultsInRow(run, history)];
  return faults.map((fault) => Object.assign({ runId: run.runId }, fault));
}

type Fault = Omit<Finding, "runId">;

function faultsInSequence(history: readonly RecordedEvent[]): readonly Fault[] {
  const at = history.findIndex(({ sequence }, index) => sequence !== index + 1);
  const event = history[at];
  return event ? [{ invariant: "I1", sequence: event.sequence, message: `event ${at + 1} has the sequence ${event.sequence}` }] : [];
}

// Walks the history with its fold beside it: each event must fit the state that it meets.
function faultsInOrder(run: RunRecord, history: readonly RecordedEvent[]): readonly Fault[] {
  const faults: Fault[] = [];
  let state = newRunState(run.createdAt);
  for (const event of history) {
    const fault = faultOfEvent(state, event);
    if (fault) faults.push({ ...fault, sequence: event.sequence });
    state = foldRun(state, event);
  }
  return faults;
}

function faultOfEvent({ status }: RunState, event: RecordedEvent): Fault | undefined {
  const retries = retriesRun(event);
  if (isTerminal(status) && !(retries && status === "failed")) return { invariant: "I4", message: `${event.type} stands after the end of the run (${status})` };
  const isClaim = event.type === "workflow.started" || (event.type === "workflow.resumed" && !retries);
  if (isClaim && status === "running") return { invariant: "I2", message: `${event.type} took the run from a worker that had not let go of it` };
  if (isOperationEvent(event) && !isFromOutside(event) && status !== "running") return { invariant: "I2", message: `${event.type} of ${event.operationId} was written while nobody held the run (${status})` };
  return undefined;
}

function faultsInOutcomes(history: readonly RecordedEvent[]): readonly Fault[] {
  const settled = new Map<OperationId, number>();
  const faults: Fault[] = [];
  for (const event of history) {
    if (event.type === "workflow.resumed") for (const id of event.reset ?? []) settled.delete(id);
    if (!isOutcome(event)) continue;
    const { operationId, sequence, type } = event;
    const first = settled.get(operationId);
    if (first === undefined) settled.set(operationId, sequence);
    else faults.push({ invariant: "I3", sequence, message: `${type} is the second outcome of ${operationId}; the first is event ${first}` });
  }
  return faults;
}

function faultsInMotion(run: RunRecord, history: readonly RecordedEvent[], holderLives: boolean): readonly Fault[] {
  if (isTerminal(run.status) || run.dueAt !== undefined || run.parked) return [];
  if (run.status === "suspended" && awaitsOutside(history)) return [];
  if (run.status !== "running") return [{ invariant: "I5", message: `the run is ${run.status}, and nothing will ever make it due` }];
  if (run.workerId === undefined) return [{ invariant: "I5", message: "the run is running, and no worker holds it" }];
  return holderLives ? [] : [{ invariant: "I5", message: `the run is held by ${run.workerId}, which is dead` }];
}

// A hook that was not resumed, or a child that has not ended.
function awaitsOutside(history: readonly RecordedEvent[]): boolean {
  const open = new Set<OperationId>();
  for (const event of history) {
    if (event.type === "hook.created" || event.type === "child_workflow.started") open.add(event.operationId);
    else if (isOutcome(event)) open.delete(event.operationId);
  }
  return open.size > 0;
}

const folded = [
  "status",
  "startedAt",
  "completedAt",
  "result",
  "error",
  "dueAt",
  "wakeReason",
  "workerId",
  "recoveryAttempts",
  "parked",
  "interruptedAt",
  "continuedTo",
  "cancellationRequested",
  "closableChildren",
  "reservedFor",
] as const;

function faultsInRow(run: RunRecord, history: readonly RecordedEvent[]): readonly Fault[] {
  const fold = foldHistory(run.createdAt, history);
  const differing = folded.filter((field) => JSON.stringify(run[field]) !== JSON.stringify(fold[field]));
  return differing.map((field) => ({ invariant: "I10", message: `${field} is ${show(run[field])}, and its events make it ${show(fold[field])}` }));
}

function show(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}
