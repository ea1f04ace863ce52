import type { RunId, ScheduleId } from "../ids.js";
import type { RunRecord } from "../run.js";
import type { LiveRun, ScheduleRecord, Tick } from "./schedule.js";

/** One broken invariant of one schedule. */
export interface ScheduleFinding {
  /** I5: it has no reason to move. I8: a tick that started no run, or more than one. I10: its state is not what its ticks and runs make it. */
  readonly invariant: "I5" | "I8" | "I10";
  readonly scheduleId: ScheduleId;
  /** Due time of the tick that breaks it, where it is one tick. */
  readonly due?: number;
  readonly message: string;
}

type Fault = Omit<ScheduleFinding, "scheduleId">;

/** What a check of a schedule rests on, beside the schedule. */
export interface ScheduleFacts {
  readonly live: readonly LiveRun[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is wrong with a schedule; empty where all is well. `ticks` are at least all that are buffered; `live` is one of its live runs, where there is one. */
export function findingsOfSchedule(schedule: ScheduleRecord, ticks: readonly Tick[], facts: ScheduleFacts): readonly ScheduleFinding[] {
  const buffered = ticks.filter(({ decision }) => decision === "buffered");
  const faults = [...faultsInCounters(schedule, buffered), ...faultsInTimes(schedule), ...faultsInLine(schedule, buffered, facts)];
  return withId(schedule, faults);
}

/** What the ticks of a ledger are held against. */
export interface TickFacts {
  /** Those that the ticks name, as far as they exist. */
  readonly runs: ReadonlyMap<RunId, RunRecord>;
  /** Runs that were created before then may have been pruned. Looked up after the runs. */
  readonly prunedBefore?: number | undefined;
}

/** What is wrong with a part of a schedule's ledger. */
export function findingsOfTicks(schedule: Pick<ScheduleRecord, "scheduleId">, ticks: readonly Tick[], facts: TickFacts): readonly ScheduleFinding[] {
  const faults = [...faultsInLedger(ticks), ...ticks.flatMap((tick) => faultsInStart(schedule, tick, facts))];
  return withId(schedule, faults);
}

/** What is wrong between a run that a schedule started and the tick of its due time: a run that goes on in the place of another has none of its own. */
export function findingsOfStart({ runId, schedule, scheduledTime, continuedFrom }: RunRecord, tick: Tick | undefined): readonly ScheduleFinding[] {
  if (schedule === undefined || continuedFrom !== undefined || tick?.runId === runId) return [];
  const what = tick === undefined ? "has no tick" : `has a tick that started ${tick.runId ?? "nothing"}`;
  const due = scheduledTime !== undefined && { due: scheduledTime };
  return withId(schedule, [{ invariant: "I8", ...due, message: `the run ${runId} was started by a ${schedule.kind} whose due time ${what}` }]);
}

function withId({ scheduleId }: Pick<ScheduleRecord, "scheduleId">, faults: readonly Fault[]): readonly ScheduleFinding[] {
  return faults.map((fault) => Object.assign({ scheduleId }, fault));
}

const counters = ["totalRuns", "successfulRuns", "failedRuns", "skippedRuns", "missedRuns", "bufferedCount"] as const;

function faultsInCounters(schedule: ScheduleRecord, buffered: readonly Tick[]): readonly Fault[] {
  const messages = counters.filter((counter) => schedule[counter] < 0).map((counter) => `${counter} is ${schedule[counter]}`);
  const { bufferedCount, totalRuns, successfulRuns, failedRuns } = schedule;
  if (bufferedCount !== buffered.length) messages.push(`bufferedCount is ${bufferedCount}, and ${buffered.length} ticks are buffered`);
  if (successfulRuns + failedRuns > totalRuns) messages.push(`${successfulRuns} runs succeeded and ${failedRuns} failed, and ${totalRuns} were started`);
  return messages.map((message) => ({ invariant: "I10", message }));
}

function faultsInTimes({ status, nextDueAt, wakeAt, decidedUpTo }: ScheduleRecord): readonly Fault[] {
  if (status !== "active") return nextDueAt === undefined && wakeAt === undefined ? [] : [{ invariant: "I10", message: `the schedule is ${status}, and is due all the same` }];
  if (nextDueAt === undefined) return [];
  const faults: Fault[] = [];
  if (wakeAt === undefined) faults.push({ invariant: "I5", due: nextDueAt, message: "the schedule has a next due time, and nobody will look at it" });
  if (decidedUpTo !== undefined && nextDueAt <= decidedUpTo) faults.push({ invariant: "I8", due: nextDueAt, message: `the next due time is not later than ${decidedUpTo}, which is decided` });
  return faults;
}

// The end of a live run makes the schedule due; a paused one is drained when it is resumed.
function faultsInLine({ status, wakeAt = Infinity }: ScheduleRecord, [first]: readonly Tick[], { live, now }: ScheduleFacts): readonly Fault[] {
  if (first === undefined || status === "paused") return [];
  if (status === "active" && (live.length > 0 || wakeAt <= now)) return [];
  return [{ invariant: "I5", due: first.due, message: `a tick is buffered, the schedule is ${status} and has no live run, and nobody will start the tick` }];
}

function faultsInLedger(ticks: readonly Tick[]): readonly Fault[] {
  const rows = new Set<string>();
  const runs = new Map<RunId, number>();
  const faults: Fault[] = [];
  for (const { kind, due, runId } of ticks) {
    const name = `${kind} ${due}`;
    if (rows.has(name)) faults.push({ invariant: "I8", due, message: `the ledger has a second row for this ${kind}` });
    rows.add(name);
    if (runId === undefined) continue;
    const other = runs.get(runId);
    if (other !== undefined) faults.push({ invariant: "I8", due, message: `it started the run ${runId}, which the tick of ${other} started as well` });
    runs.set(runId, due);
  }
  return faults;
}

const starting = new Set(["fired", "caught_up", "cancelled_other"]);

function faultsInStart({ scheduleId }: Pick<ScheduleRecord, "scheduleId">, { kind, due, decidedAt, decision, runId }: Tick, { runs, prunedBefore = -Infinity }: TickFacts): readonly Fault[] {
  const fault = (message: string): readonly Fault[] => [{ invariant: "I8", due, message: `the ${kind} was decided ${decision}, and ${message}` }];
  if (starting.has(decision) !== (runId !== undefined)) return fault(runId === undefined ? "names no run" : `names the run ${runId}`);
  if (runId === undefined) return [];
  const run = runs.get(runId);
  // A tick is decided in the moment in which its run is created.
  if (!run && decidedAt < prunedBefore) return [];
  if (!run) return fault(`its run ${runId} does not exist`);
  const isItsOwn = run.schedule?.scheduleId === scheduleId && run.schedule.kind === kind && run.scheduledTime === due;
  return isItsOwn ? [] : fault(`its run ${runId} is that of another tick, or of none`);
}
