import { decode, encode } from "../../../src/base/codec.js";
import type { RecordedEvent } from "../../../src/core/events/event.js";
import { findingsOf } from "../../../src/core/invariants.js";
import { isTerminal, type RunRecord } from "../../../src/core/run.js";
import { bodyOf, type StepArguments } from "./body.js";
import type { Program } from "./programs.js";
import { Reference, type ReferenceEnd } from "./reference.js";
import { failsForGood, plannedFailures } from "./steps.js";
import type { World } from "./world.js";

/** Everything that is wrong with an execution that has come to its end. */
export async function faultsOf(world: World, program: Program, seed: number): Promise<readonly string[]> {
  const { run, history } = world;
  if (world.errors.length > 0 || run === undefined) return world.errors;
  if (run.parked !== undefined) return [`parked: ${run.parked.error}`];
  return [
    ...faultsOfLog(run, history),
    ...world.atCrash.flatMap((earlier) => faultsOfExtension(earlier, history)),
    ...faultsOfSteps(history, seed),
    ...faultsOfTimers(history),
    ...(await faultsOfReplay(world, program)),
  ];
}

/** How the run ended, without what depends on the order in which steps failed. */
export function endOf({ run }: World): string {
  return `${run?.status} ${run?.result}`;
}

export function wasCancelled({ history }: World): boolean {
  return history.some(({ type }) => type === "cancellation.requested");
}

function faultsOfLog(run: RunRecord, history: readonly RecordedEvent[]): readonly string[] {
  const faults = findingsOf(run, history).map(({ invariant, message }) => `${invariant}: ${message}`);
  const requested = history.some(({ type }) => type === "cancellation.requested");
  if (!isTerminal(run.status)) faults.push(`I5: it is ${run.status} for ever`);
  else if (requested !== (run.status === "cancelled")) faults.push(`cancellation was ${requested ? "" : "not "}requested, and it ended ${run.status}`);
  return faults;
}

function faultsOfExtension(earlier: readonly RecordedEvent[], history: readonly RecordedEvent[]): readonly string[] {
  const kept = JSON.stringify(history.slice(0, earlier.length)) === JSON.stringify(earlier);
  return kept ? [] : ["I7: the log is no extension of what it was at a crash"];
}

function faultsOfSteps(history: readonly RecordedEvent[], seed: number): readonly string[] {
  const ids = new Set(history.flatMap((event) => (event.type === "step.started" ? [event.operationId] : [])));
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
  const allowed = failsForGood(seed, site) ? 1 : Math.min(planned, maxRetries + 1);
  if (events.at(-1)?.type === "step.completed" && failures.length !== planned) faults.push(`${id} failed ${failures.length} times, not ${planned}`);
  if (failures.some(({ isRetryable }, index) => isRetryable === (index + 1 === allowed && planned > maxRetries))) {
    faults.push(`${id} failed ${failures.map(({ isRetryable }) => (isRetryable ? "for now" : "for good")).join()}, with ${maxRetries} retries`);
  }
  if (failures.length > allowed) faults.push(`${id} failed ${failures.length} times`);
  return faults;
}

// No timer fires early, and none is set twice.
function faultsOfTimers(history: readonly RecordedEvent[]): readonly string[] {
  const due = new Map<string, number>();
  return history.flatMap((event) => {
    if (event.type === "sleep.started" && due.has(event.operationId)) return [`${event.operationId} was started twice`];
    if (event.type === "sleep.started" || event.type === "step.retrying") due.set(event.operationId, event.resumeAt);
    else if ((event.type === "sleep.completed" || event.type === "step.started") && event.at < (due.get(event.operationId) ?? 0)) {
      return [`${event.type} of ${event.operationId} came early`];
    }
    return [];
  });
}

// I6: the reference, fed with the order of outcomes that the log has, asks for the same and ends the same.
async function faultsOfReplay(world: World, program: Program): Promise<readonly string[]> {
  const reference = new Reference();
  await reference.replay(bodyOf(program), world.history);
  if (reference.unasked !== undefined) return [`I6: the reference does not ask for ${reference.unasked}`];
  return [
    ...faultsOfAsked(reference, world.history),
    ...faultsOfEnd(reference, world),
    ...world.instances.flatMap((instance) => [
      ...faultsOfPrefix("asked for", instance.asks, reference.asks),
      ...faultsOfPrefix("saw", instance.seen, reference.seen),
    ]),
    ...faultsOfCleanup(reference),
  ];
}

function faultsOfAsked({ operations }: Reference, history: readonly RecordedEvent[]): readonly string[] {
  return history.flatMap((event) => {
    if (!("operationId" in event) || event.type === "workflow.interrupted") return [];
    const asked = operations.get(event.operationId)?.asked;
    if (asked === undefined) return [`I6: the reference does not ask for ${event.operationId}`];
    if (event.type !== "step.started" && event.type !== "sleep.started") return [];
    const same = asked.args === event.value && asked.after === event.after;
    return same ? [] : [`I6: ${event.operationId} has ${event.value} after ${event.after}, the reference ${asked.args} after ${asked.after}`];
  });
}

function faultsOfEnd({ end }: Reference, { history }: World): readonly string[] {
  const last = history.at(-1);
  // Once that is requested the run ends cancelled, whatever its body makes of it.
  if (last?.type === "workflow.cancelled") return [];
  if (end === undefined) return ["I6: the reference does not end"];
  return sameEnd(last, end) ? [] : [`I6: the run ended with ${last?.type}, the reference with ${JSON.stringify(end)}`];
}

function sameEnd(last: RecordedEvent | undefined, end: ReferenceEnd): boolean {
  if ("error" in end) return last?.type === "workflow.failed" && String(decode(last.value)) === String(end.error);
  return last?.type === "workflow.completed" && last.value === encode(end.value);
}

function faultsOfPrefix(verb: string, lines: readonly string[], whole: readonly string[]): readonly string[] {
  const index = lines.findIndex((line, at) => line !== whole[at]);
  return index < 0 ? [] : [`I6: an instance ${verb} ${lines[index]} where the reference ${verb} ${whole[index]}`];
}

function faultsOfCleanup({ seen }: Reference): readonly string[] {
  const entered = seen.filter((line) => line.endsWith(" entered"));
  return entered.filter((line) => !seen.includes(line.replace(/entered$/, "cleaned"))).map((line) => `${line}, and was not cleaned`);
}
