import { encode } from "../../src/base/codec.js";
import { newRunId, parseScheduleId, type RunId } from "../../src/core/ids.js";
import type { DecideParts } from "../../src/core/schedule/decide.js";
import type { LoadedSchedule, ScheduleRecord, Tick } from "../../src/core/schedule/schedule.js";
import type { TickKind } from "../../src/core/schedule/tick-kind.js";

export const minute = 60_000;
const t0 = Date.UTC(2025, 5, 1);

/** The n-th minute. */
export function at(number: number): number {
  return t0 + number * minute;
}

export function numbersOf(time: number): number {
  return (time - t0) / minute;
}

/** A run id that ends with the number. */
export function runIdOf(number: number): RunId {
  const digits = String(number).padStart(4, "0");
  return newRunId(t0, (count) => Uint8Array.from({ length: count }, (_, index) => (index < count - 4 ? 0 : Number(digits[index - count + 4]))));
}

/** Runs are numbered from `from` + 1. */
export function partsAt(now: number, from = 0): DecideParts {
  let count = from;
  return { now, newRunId: () => runIdOf(++count) };
}

/** Due every minute, next at minute 1. */
export function scheduleWith(change: Partial<ScheduleRecord>): ScheduleRecord {
  const scheduleId = parseScheduleId("every_minute");
  if (scheduleId === undefined) throw new Error("it is one");
  return {
    scheduleId,
    createdAt: at(0),
    spec: { when: { intervalMs: minute, anchor: at(0) }, timezone: "UTC" },
    overlapPolicy: "skip",
    catchup: "latest",
    catchupWindowMs: 86_400_000,
    input: encode({ city: "Bern" }),
    settings: { workflowName: "report", durable: true, tags: ["daily"], recoverOnWorkerLoss: false, maxRecoveryAttempts: 2, maxDurationMs: 5000 },
    status: "active",
    nextDueAt: at(1),
    wakeAt: at(1),
    totalRuns: 0,
    successfulRuns: 0,
    failedRuns: 0,
    skippedRuns: 0,
    missedRuns: 0,
    bufferedCount: 0,
    updatedAt: at(0),
    version: 7,
    ...change,
  };
}

/** A schedule with runs that live, oldest first, and what is buffered. */
export function loadedWith(change: Partial<ScheduleRecord>, { live = [], buffered = [] }: { live?: readonly RunId[]; buffered?: readonly Tick[] } = {}): LoadedSchedule {
  return { schedule: scheduleWith(change), live: live.map((runId) => ({ runId, cancellationRequested: false })), buffered };
}

/** A buffered tick of the n-th minute. */
export function tickAt(number: number, kind: TickKind = "schedule"): Tick {
  return { kind, due: at(number), decidedAt: at(number), decision: "buffered", reason: "another run has not ended" };
}
