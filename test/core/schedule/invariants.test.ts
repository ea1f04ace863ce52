import { expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import { newRunState, type RunRecord } from "../../../src/core/run.js";
import { findingsOfSchedule, findingsOfStart, findingsOfTicks } from "../../../src/core/schedule/invariants.js";
import type { ScheduleRecord, Tick } from "../../../src/core/schedule/schedule.js";
import { at, runIdOf, scheduleWith, tickAt } from "../../support/schedule.js";

const now = at(5);
const lives = [{ runId: runIdOf(1), cancellationRequested: false }];
const none = { live: [], now };
const withOneBuffered: Partial<ScheduleRecord> = { bufferedCount: 1 };

test.for<readonly [string, Partial<ScheduleRecord>, readonly Tick[], typeof lives]>([
  ["one that is due later", { nextDueAt: at(9), wakeAt: at(9), decidedUpTo: at(8), totalRuns: 3, successfulRuns: 2, failedRuns: 1 }, [], []],
  ["one whose times have ended", { nextDueAt: undefined, wakeAt: undefined }, [], []],
  ["a paused one", { status: "paused", nextDueAt: undefined, wakeAt: undefined }, [], []],
  ["a paused one with a buffered tick", { ...withOneBuffered, status: "paused", nextDueAt: undefined, wakeAt: undefined }, [tickAt(1)], []],
  ["a tick that waits for a run", { ...withOneBuffered, wakeAt: at(9) }, [tickAt(1)], lives],
  ["a tick whose run has ended, and that is looked at now", { ...withOneBuffered, wakeAt: now }, [tickAt(1)], []],
  ["decided ticks beside the buffered one", withOneBuffered, [{ ...tickAt(2), decision: "missed" }, tickAt(1)], lives],
])("%s breaks nothing", ([, change, ticks, live]) => {
  expect(findingsOfSchedule(scheduleWith(change), ticks, { live, now })).toEqual([]);
});

test.for<readonly [string, string, Partial<ScheduleRecord>, readonly Tick[]]>([
  ["I10", "a counter below zero", { failedRuns: -1 }, []],
  ["I10", "more ends than starts", { totalRuns: 1, successfulRuns: 1, failedRuns: 1 }, []],
  ["I10", "a buffered tick that is not counted", { wakeAt: now }, [tickAt(1)]],
  ["I10", "a count without its tick", withOneBuffered, [{ ...tickAt(1), decision: "skipped" }]],
  ["I10", "a deleted one that is due", { status: "deleted" }, []],
  ["I5", "a due time that nobody looks at", { wakeAt: undefined }, []],
  ["I8", "a due time that is decided already", { decidedUpTo: at(1) }, []],
  ["I5", "a buffered tick that waits for nothing", { ...withOneBuffered, nextDueAt: at(9), wakeAt: at(9) }, [tickAt(1)]],
  ["I5", "a buffered tick of a deleted schedule", { ...withOneBuffered, status: "deleted", nextDueAt: undefined, wakeAt: undefined }, [tickAt(1)]],
])("%s: %s is found", ([invariant, , change, ticks]) => {
  const schedule = scheduleWith(change);
  expect(findingsOfSchedule(schedule, ticks, none)).toMatchObject([{ invariant, scheduleId: schedule.scheduleId }]);
});

const { scheduleId, settings } = scheduleWith({});

function runAt(number: number, change: Partial<RunRecord> = {}): RunRecord {
  const made = { runId: runIdOf(number), input: encode(null), createdAt: at(number), nestingDepth: 0, epoch: 0, schedule: { scheduleId, kind: "schedule" }, scheduledTime: at(number) } as const;
  return { ...settings, ...made, ...newRunState(at(number)), ...change };
}

function firedAt(number: number, change: Partial<Tick> = {}): Tick {
  return { ...tickAt(number), decision: "fired", runId: runIdOf(number), ...change };
}

const runs = new Map([1, 2, 3].map((number) => [runIdOf(number), runAt(number)]));

test("ticks that started a run each, and ticks that started none, break nothing", () => {
  const ticks = [firedAt(3), firedAt(2, { decision: "caught_up" }), { ...tickAt(2), kind: "backfill" as const }, { ...tickAt(1), kind: "trigger" as const, decision: "skipped" as const }, firedAt(1, { decision: "cancelled_other" })];
  expect(findingsOfTicks({ scheduleId }, ticks, { runs })).toEqual([]);
});

test.for<readonly [string, readonly Tick[], string]>([
  ["a second row of a due time", [tickAt(1), tickAt(1)], "second row"],
  ["one run of two ticks", [firedAt(1), firedAt(2, { runId: runIdOf(1) })], "started as well"],
  ["a run that does not exist", [firedAt(4)], "does not exist"],
  ["a run of another due time", [firedAt(2, { due: at(1) })], "another tick"],
  ["a run of another kind", [firedAt(1, { kind: "trigger" })], "another tick"],
  ["a start without a run", [{ ...tickAt(1), decision: "fired" }], "names no run"],
  ["a buffered tick with a run", [firedAt(1, { decision: "buffered" })], "names the run"],
])("I8: %s is found", ([, ticks, words]) => {
  const findings = findingsOfTicks({ scheduleId }, ticks, { runs });
  expect(new Set(findings.map(({ invariant }) => invariant))).toEqual(new Set(["I8"]));
  expect(findings.map(({ message }) => message).join("; ")).toContain(words);
});

test("I8: a run that its tick does not name is found; one without a schedule, and one that goes on in the place of another, have no tick", () => {
  expect(findingsOfStart(runAt(1), firedAt(1))).toEqual([]);
  const { schedule: _, ...rerun } = runAt(1);
  expect(findingsOfStart(rerun, undefined)).toEqual([]);
  expect(findingsOfStart(runAt(1, { continuedFrom: runIdOf(2) }), firedAt(1, { runId: runIdOf(2) }))).toEqual([]);
  for (const tick of [undefined, tickAt(1), firedAt(1, { runId: runIdOf(2) })]) expect(findingsOfStart(runAt(1), tick)).toMatchObject([{ invariant: "I8", scheduleId, due: at(1) }]);
});
