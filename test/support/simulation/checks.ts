import { decode, encode } from "../../../src/base/codec.js";
import { isOperationEvent, isOutcome, type EventType, type OperationEvent, type RecordedEvent } from "../../../src/core/events/event.js";
import { findingsOf } from "../../../src/core/invariants.js";
import { isTerminal, type RunRecord } from "../../../src/core/run.js";
import { WorkflowTimeoutError } from "../../../src/index.js";
import type { StepArguments } from "./body.js";
import { faultsOfAsking, faultsOfFamily } from "./family-checks.js";
import type { Member } from "./family.js";
import { Reference, type ReferenceEnd } from "./reference.js";
import { failsForGood, isTimeout, plannedFailures } from "./steps.js";
import type { World } from "./world.js";

/** Everything that is wrong with an execution that has come to its end. */
export async function faultsOf(world: World, seed: number): Promise<readonly string[]> {
  if (world.errors.length > 0) return world.errors;
  const faults: string[] = faultsOfFamily(world);
  for (const member of world.family.members.values()) {
    const own = await faultsOfMember(world, member, seed);
    faults.push(...own.map((fault) => `${member.run.runId}: ${fault}`));
  }
  return faults;
}

/** How the run ended, without what depends on the order in which steps failed. */
export function endOf({ last }: World): string {
  return `${last?.status} ${last?.result}`;
}

export function wasCancelled({ family }: World): boolean {
  return [...family.members.values()].some(({ run }) => run.cancellationRequested === true);
}

async function faultsOfMember(world: World, member: Member, seed: number): Promise<readonly string[]> {
  const { run, history } = member;
  if (run.parked !== undefined) return [`parked: ${run.parked.error}`];
  const earlier = world.atCrash.filter(({ runId }) => runId === run.runId);
  return [
    ...faultsOfLog(run, history),
    ...earlier.flatMap((crash) => faultsOfExtension(crash.history, history)),
    ...faultsOfSteps(history, seed),
    ...faultsOfTimers(run, history),
    ...(await faultsOfReplay(world, member)),
  ];
}

function faultsOfLog(run: RunRecord, history: readonly RecordedEvent[]): readonly string[] {
  const faults = findingsOf(run, history).map(({ invariant, message }) => `${invariant}: ${message}`);
  const requested = history.some(({ type }) => type === "cancellation.requested");
  const terminated = run.orphaned === true && run.parent?.parentClose === "terminate";
  if (!isTerminal(run.status)) faults.push(`I5: it is ${run.status} for ever`);
  else if (requested !== (run.status === "cancelled") && !(terminated && run.status === "cancelled")) faults.push(`cancellation was ${requested ? "" : "not "}requested, and it ended ${run.status}`);
  return faults;
}

function faultsOfExtension(earlier: readonly RecordedEvent[], history: readonly RecordedEvent[]): readonly string[] {
  const kept = JSON.stringify(history.slice(0, earlier.length)) === JSON.stringify(earlier);
  return kept ? [] : ["I7: the log is no extension of what it was at a crash"];
}

function faultsOfSteps(history: readonly RecordedEvent[], seed: number): readonly string[] {
  const ids = new Set(history.flatMap((event) => (event.type === "step.started" && event.operationId.startsWith("step_simulation.") ? [event.operationId] : [])));
  return [...ids].flatMap((id) => faultsOfStep(history.filter((event) => "operationId" in event && event.operationId === id), seed));
}

function faultsOfStep(events: readonly RecordedEvent[], seed: number): readonly string[] {
  const faults: string[] = [];
  const starts = events.filter((event) => event.type === "step.started");
  const failures = events.filter((event) => event.type === "step.failed");
  const [first] = starts;
  if (first === undefined) return faults;
  const { operationId: id } = first;
  const [{ site, maxRetries }] = decode(first.value) as [StepArguments];
  if (starts.some(({ attempt }, index) => attempt !== index + 1)) faults.push(`${id}: its attempts are ${starts.map(({ attempt }) => attempt).join()}`);
  if (starts.some(({ value, after }) => value !== first.value || after !== first.after)) faults.push(`${id}: its attempts have other arguments`);
  const planned = plannedFailures(seed, site);
  const own = failures.filter((failure) => !isTimeout(failure));
  const isFinal = (failure: (typeof failures)[number]) => failures.indexOf(failure) === maxRetries || (!isTimeout(failure) && failsForGood(seed, site));
  if (events.at(-1)?.type === "step.completed" && own.length !== planned) faults.push(`${id} failed ${own.length} times, not ${planned}`);
  if (own.length > planned || failures.length > maxRetries + 1) faults.push(`${id} failed ${own.length} times by itself, ${failures.length} in all`);
  if (failures.some((failure) => failure.isRetryable === isFinal(failure))) {
    faults.push(`${id} failed ${failures.map(({ isRetryable }) => (isRetryable ? "for now" : "for good")).join()}, with ${maxRetries} retries`);
  }
  return faults;
}

// No timer fires early, and nothing begins twice.
function faultsOfTimers({ maxDurationMs = Infinity }: RunRecord, history: readonly RecordedEvent[]): readonly string[] {
  const begun = new Map<string, number>();
  const deadline = (history.find(({ type }) => type === "workflow.started")?.at ?? 0) + maxDurationMs;
  return history.flatMap((event) => {
    if (event.type === "workflow.suspended" && event.reason === "waiting" && (event.wakeAt ?? Infinity) > deadline) return ["it would sleep through the end of its maxDuration"];
    return isOperationEvent(event) ? faultsOfTime(event, begun) : [];
  });
}

function faultsOfTime(event: OperationEvent, begun: Map<string, number>): readonly string[] {
  const { operationId: id, type } = event;
  const dueAt = begun.get(id);
  if (begins.has(type) && dueAt !== undefined) return [`${id} was started twice`];
  if (begins.has(type) || type === "step.retrying") begun.set(id, dueTimeOf(event));
  else if (fires.has(type) && event.at < (dueAt ?? 0)) return [`${type} of ${id} came early`];
  else if (type === "hook.received" && event.at >= (dueAt ?? 0)) return [`${id} was received after its expiry`];
  return [];
}

const begins: ReadonlySet<EventType> = new Set(["sleep.started", "hook.created", "child_workflow.started", "patch.recorded"]);
const fires: ReadonlySet<EventType> = new Set(["sleep.completed", "step.started", "hook.expired"]);

function dueTimeOf(event: OperationEvent): number {
  if ("resumeAt" in event) return event.resumeAt;
  return "expiresAt" in event ? (event.expiresAt ?? Infinity) : Infinity;
}

// I6: the reference, fed with the order of outcomes that the log has, asks for the same and ends the same.
async function faultsOfReplay(world: World, member: Member): Promise<readonly string[]> {
  const { run, history } = member;
  // Ended before it began: its code was never called.
  if (!history.some(({ type }) => type === "workflow.started")) return [];
  const reference = new Reference({ ...run, workflowNameFor: (input) => world.workflowFor(input).name });
  await reference.replay(history);
  if (reference.unasked !== undefined) return [`I6: the reference does not ask for ${reference.unasked}`];
  return [
    ...faultsOfAsked(reference, history),
    ...faultsOfEnd(reference, member),
    ...faultsOfAsking(world.family, member, reference),
    ...world.instances.filter(({ runId }) => runId === run.runId).flatMap(({ lines }) => faultsOfPrefix(lines, reference.lines)),
    ...(reference.end !== undefined && !("continueWith" in reference.end) ? faultsOfCleanup(reference) : []),
    ...(reference.end === undefined ? [] : faultsOfClosing(history)),
  ];
}

function faultsOfAsked({ operations, lines }: Reference, history: readonly RecordedEvent[]): readonly string[] {
  return history.flatMap((event) => {
    if (!("operationId" in event) || event.type === "workflow.interrupted") return [];
    if (event.type === "patch.recorded") return lines.some((line) => line.startsWith("asked for patched")) ? [] : [`I6: the reference does not ask for ${event.operationId}`];
    const asked = operations.get(event.operationId)?.asked;
    if (asked === undefined) return [`I6: the reference does not ask for ${event.operationId}`];
    if (!("after" in event)) return [];
    const args = "value" in event ? event.value : asked.args;
    const same = asked.args === args && asked.after === event.after;
    return same ? [] : [`I6: ${event.operationId} has ${args} after ${event.after}, the reference ${asked.args} after ${asked.after}`];
  });
}

function faultsOfEnd({ end }: Reference, { run, history }: Member): readonly string[] {
  const last = history.at(-1);
  if (last === undefined) return ["I6: it has no history"];
  // Once that is requested the run ends cancelled, whatever its body makes of it; but its body has ended, unless somebody did not wait for that.
  if (last.type === "workflow.cancelled") return last.cleanupCompleted && end === undefined ? ["I6: it ended cancelled before its clean-up was done"] : [];
  // Time is up wherever the run stands: also where its end has not been delivered yet.
  if (isTimeUp(run, last)) return [];
  if (end === undefined) return [`I6: the run ended with ${last.type}, the reference does not end`];
  return sameEnd(last, end) ? [] : [`I6: the run ended with ${last.type}, the reference with ${JSON.stringify(end)}`];
}

function isTimeUp({ startedAt = 0, maxDurationMs = Infinity }: RunRecord, last: RecordedEvent): boolean {
  return last.type === "workflow.failed" && decode(last.value) instanceof WorkflowTimeoutError && last.at >= startedAt + maxDurationMs;
}

function sameEnd(last: RecordedEvent, end: ReferenceEnd): boolean {
  if ("error" in end) return last.type === "workflow.failed" && String(decode(last.value)) === String(end.error);
  if ("continueWith" in end) return last.type === "workflow.continued_as_new" && last.value === encode(end.continueWith);
  return last.type === "workflow.completed" && last.value === encode(end.value);
}

function faultsOfPrefix(lines: readonly string[], whole: readonly string[]): readonly string[] {
  const index = lines.findIndex((line, at) => line !== whole[at]);
  if (index < 0) return [];
  // What patched() said is part of the log once that is written; what a lost process made of it before, nobody has seen.
  if (isPatched(lines[index]) && isPatched(whole[index])) return [];
  return [`I6: an instance ${lines[index]} where the reference ${whole[index]}`];
}

function isPatched(line = ""): boolean {
  return line.startsWith("asked for patched");
}

function faultsOfCleanup({ lines }: Reference): readonly string[] {
  const entered = lines.filter((line) => line.endsWith(" entered"));
  return entered.filter((line) => !lines.includes(line.replace(/entered$/, "cleaned"))).map((line) => `${line}, and was not cleaned`);
}

// A body that ends closes what it has begun and does not wait for; its children are closed by others. Who ends a run by force closes nothing.
function faultsOfClosing(history: readonly RecordedEvent[]): readonly string[] {
  const last = history.at(-1);
  if (last?.type === "workflow.cancelled" && !last.cleanupCompleted) return [];
  const begun = history.filter((event) => event.type === "step.started" || event.type === "hook.created");
  const settled = new Set(history.flatMap((event) => (isOutcome(event) ? [event.operationId] : [])));
  return begun.filter(({ operationId }) => !settled.has(operationId)).map(({ operationId }) => `${operationId} was begun, and the end of the run did not close it`);
}
