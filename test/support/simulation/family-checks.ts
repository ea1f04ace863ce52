import type { ChildStarted } from "../../../src/core/events/child.js";
import { isChildOutcome, type RecordedEvent } from "../../../src/core/events/event.js";
import { isTerminal, type RunRecord } from "../../../src/core/run.js";
import type { Family, Member } from "./family.js";
import type { Reference } from "./reference.js";
import type { World } from "./world.js";

/** What is wrong between the runs of an execution, and between them and those who gave payloads. */
export function faultsOfFamily({ family, resumed }: World): string[] {
  const members = [...family.members.values()];
  return [
    ...family.hooks.filter(({ status }) => status === "pending").map(({ runId, hookId }) => `${hookId} of ${runId}, which has ended, is pending`),
    ...resumed.flatMap(({ runId, hookId, value }) => {
      const received = family.historyOf(runId).filter((event) => event.type === "hook.received" && event.operationId === hookId);
      const [first, second] = received;
      return second === undefined && first?.type === "hook.received" && first.value === value ? [] : [`I7: the payload of ${hookId} was taken, and its history has ${received.length}`];
    }),
    ...members.flatMap((member) => [...faultsOfChain(family, member), ...faultsOfOutcomes(family, member), ...faultsOfTelling(family, member)]),
  ];
}

/** What must hold of the children of those that have ended, once nothing is left to be closed. */
export function faultsOfClosing(family: Family): readonly string[] {
  return [...family.members.values()].flatMap(({ run }) => {
    const { runId, parent, status, cancellationRequested, parked } = run;
    if (parent === undefined || parent.parentClose === "abandon" || isTerminal(status) || family.endOf(parent.runId) === Infinity) return [];
    // Who was asked to end before may clean up; of those that can't, only "terminate" makes an end.
    const isLeft = cancellationRequested && (parent.parentClose === "cancel" || !parked);
    return isLeft ? [] : [`the parent of ${runId} has ended (${parent.parentClose}), and it is ${status}`];
  });
}

// A run that continues as new has one successor, which began with that.
function faultsOfChain({ members }: Family, { run }: Member): readonly string[] {
  const successor = run.continuedTo && members.get(run.continuedTo)?.run;
  if ((run.status === "continued_as_new") !== (successor !== undefined)) return [`${run.runId} is ${run.status} and its successor ${successor?.runId}`];
  if (successor !== undefined && !isInPlaceOf(successor, run)) return [`${successor.runId} does not go on in the place of ${run.runId}`];
  const predecessor = run.continuedFrom && members.get(run.continuedFrom)?.run;
  return predecessor === undefined || predecessor.continuedTo === run.runId ? [] : [`${predecessor.runId} has two successors`];
}

function isInPlaceOf(successor: RunRecord, run: RunRecord): boolean {
  const place = ({ workflowName, maxDurationMs, nestingDepth, parent, maxRecoveryAttempts }: RunRecord) => JSON.stringify([workflowName, maxDurationMs, nestingDepth, parent, maxRecoveryAttempts]);
  return successor.continuedFrom === run.runId && place(successor) === place(run);
}

// What a parent heard of a child is what became of it.
function faultsOfOutcomes({ members }: Family, { run, history }: Member): readonly string[] {
  return history.flatMap((event) => {
    if (!isChildOutcome(event) || event.childRunId === undefined) return [];
    const child = members.get(event.childRunId);
    const end = child?.history.at(-1);
    const same = end !== undefined && event.type === `child_${end.type}` && valueOf(end) === valueOf(event);
    return same && child?.run.parent?.runId === run.runId ? [] : [`${run.runId} heard ${event.type} of ${event.childRunId}, which ended with ${end?.type}`];
  });
}

function valueOf(event: RecordedEvent): unknown {
  return "value" in event ? event.value : undefined;
}

// A child that ends before its parent tells it.
function faultsOfTelling(family: Family, { run, history }: Member): readonly string[] {
  const { parent, runId, status } = run;
  if (parent === undefined || status === "continued_as_new" || !isTerminal(status)) return [];
  const parentHistory = family.historyOf(parent.runId);
  if (!parentHistory.some((event) => event.type === "child_workflow.started" && event.operationId === parent.operationId)) return [`${runId} has a parent that did not start it`];
  const heard = parentHistory.some((event) => isChildOutcome(event) && event.childRunId === runId);
  if (heard || family.endOf(parent.runId) <= family.endOf(runId)) return [];
  return [`${runId} ended with ${history.at(-1)?.type}, and its parent did not hear of it`];
}

/** A parent that has seen a request to cancel does not rest before the children outside of its shields were asked to end. */
export function faultsOfAsking(family: Family, { run, history, looks }: Member, { operations }: Reference): readonly string[] {
  const requested = history.findIndex(({ type }) => type === "cancellation.requested");
  const rest = history.findIndex((event, index) => index > requested && event.type === "workflow.suspended" && event.reason === "waiting");
  if (requested < 0 || rest < 0) return [];
  const started = history.slice(0, rest).filter((event): event is RecordedEvent & ChildStarted => event.type === "child_workflow.started");
  return started.flatMap(({ childRunId, parentClose, operationId }) => {
    if (parentClose === "abandon" || operations.get(operationId)?.shielded) return [];
    return wasAskedBy(family, childRunId, looks[rest] ?? 0) ? [] : [`${run.runId} was cancelled and rests, and nobody asked its child ${childRunId} to end`];
  });
}

// Of a chain the run that lives must have been asked.
function wasAskedBy(family: Family, childRunId: RunRecord["runId"], look: number): boolean {
  const child = family.members.get(childRunId);
  if (child === undefined) return false;
  const asked = child.history.findIndex(({ type }) => type === "cancellation.requested");
  if (asked >= 0) return (child.looks[asked] ?? Infinity) <= look;
  if (child.run.continuedTo !== undefined && family.endOf(childRunId) <= look) return wasAskedBy(family, child.run.continuedTo, look);
  return family.endOf(childRunId) <= look;
}
