import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { RunEnd } from "../../../src/core/events/run.js";
import { newSchedule, redefined, resumed, stopped } from "../../../src/core/schedule/due.js";
import { firesAt } from "../../../src/core/schedule/next.js";
import { afterEnd, afterRetry, stateOf } from "../../../src/core/schedule/state.js";
import { at, minute, runIdOf, scheduleWith } from "../../support/schedule.js";

describe("a new schedule", () => {
  test("is due from its creation on, that moment included", () => {
    const { spec, createdAt } = scheduleWith({});
    expect(newSchedule(scheduleWith({}))).toMatchObject({ status: "active", nextDueAt: at(0), wakeAt: at(0), totalRuns: 0, bufferedCount: 0, updatedAt: createdAt });
    expect(newSchedule(scheduleWith({ createdAt: at(0) + 1 }))).toMatchObject({ nextDueAt: at(1) });
    expect(newSchedule(scheduleWith({ spec: { ...spec, startAt: at(5) } }))).toMatchObject({ nextDueAt: at(5) });
    expect(newSchedule(scheduleWith({ spec: { ...spec, endAt: at(0) } }))).toMatchObject({ status: "active", nextDueAt: undefined, wakeAt: undefined });
  });

  test("is looked at when its jitter is over", () => {
    const { spec, scheduleId } = scheduleWith({});
    const jittered = { ...spec, jitterMs: minute };
    expect(newSchedule(scheduleWith({ spec: jittered }))).toMatchObject({ nextDueAt: at(0), wakeAt: firesAt(scheduleId, jittered, at(0)) });
  });
});

describe("a stopped schedule", () => {
  test("is due no more, and keeps what it has counted and decided", () => {
    const active = scheduleWith({ totalRuns: 3, bufferedCount: 2, decidedUpTo: at(0), wakeAt: at(0) });
    expect(stopped(active, "paused", at(9))).toEqual({ ...stateOf(active), status: "paused", nextDueAt: undefined, wakeAt: undefined, updatedAt: at(9) });
  });

  test("goes on from now: nothing that passed is caught up, and this very moment has passed", () => {
    const paused = scheduleWith({ status: "paused", nextDueAt: undefined, wakeAt: undefined, decidedUpTo: at(2) });
    expect(resumed(paused, at(7))).toMatchObject({ status: "active", nextDueAt: at(8), wakeAt: at(8), updatedAt: at(7), decidedUpTo: at(2) });
    expect(resumed(paused, at(7) - 1)).toMatchObject({ nextDueAt: at(7) });
  });

  test("decides nothing again where the clock was set back meanwhile (I8)", () => {
    expect(resumed(scheduleWith({ status: "deleted", decidedUpTo: at(7) }), at(3))).toMatchObject({ status: "active", nextDueAt: at(8), wakeAt: at(8) });
  });

  test("is looked at at once where something is buffered: its run may have ended meanwhile", () => {
    expect(resumed(scheduleWith({ status: "paused", bufferedCount: 1 }), at(7))).toMatchObject({ nextDueAt: at(8), wakeAt: at(7) });
  });
});

describe("a schedule with another definition", () => {
  const { spec } = scheduleWith({});
  const other = { ...spec, when: { intervalMs: 5 * minute, anchor: at(0) } };

  test("has its new times from now on", () => {
    expect(redefined(scheduleWith({ decidedUpTo: at(0) }), scheduleWith({ spec: other }), at(7))).toMatchObject({ nextDueAt: at(10), wakeAt: at(10), updatedAt: at(7) });
    expect(redefined(scheduleWith({ decidedUpTo: at(20) }), scheduleWith({ spec: other }), at(7))).toMatchObject({ nextDueAt: at(25) });
  });

  test("loses no due time that nobody has decided where its times stay", () => {
    expect(redefined(scheduleWith({}), scheduleWith({ overlapPolicy: "allow_all", spec: { ...spec } }), at(7))).toEqual({ ...stateOf(scheduleWith({})), updatedAt: at(7) });
  });

  test.for([spec, other])("is looked at at once where something is buffered: it may start now, or the run has just ended", (newSpec) => {
    const waiting = scheduleWith({ bufferedCount: 1, nextDueAt: at(60), wakeAt: at(60) });
    expect(redefined(waiting, scheduleWith({ spec: newSpec }), at(7))).toMatchObject({ wakeAt: at(7) });
    const ended = { ...waiting, wakeAt: at(6) };
    expect(redefined(ended, scheduleWith({ spec: newSpec }), at(7)).wakeAt).toBeLessThanOrEqual(at(7));
  });

  test("stays as it is while it is paused", () => {
    const paused = scheduleWith({ status: "paused", nextDueAt: undefined, wakeAt: undefined, bufferedCount: 1 });
    expect(redefined(paused, scheduleWith({ spec: other }), at(7))).toEqual({ ...stateOf(paused), updatedAt: at(7) });
  });
});

describe("the end of a run", () => {
  const ends: Readonly<Record<string, RunEnd>> = {
    completed: { type: "workflow.completed", at: at(3), value: encode(1) },
    failed: { type: "workflow.failed", at: at(3), value: encode(1) },
    cancelled: { type: "workflow.cancelled", at: at(3), cleanupCompleted: true },
    continued: { type: "workflow.continued_as_new", at: at(3), newRunId: runIdOf(2), value: encode(1) },
  };

  test.for<[string, number, number]>([
    ["completed", 1, 0],
    ["failed", 0, 1],
    ["cancelled", 0, 0],
    ["continued", 0, 0],
  ])("%s, counts %d as successful and %d as failed", ([how, successfulRuns, failedRuns]) => {
    const end = ends[how];
    const before = stateOf(scheduleWith({ totalRuns: 1 }));
    expect(end && afterEnd(before, end)).toEqual({ ...before, successfulRuns, failedRuns });
  });

  test.for<[string, number]>([
    ["completed", at(3)],
    ["failed", at(3)],
    ["cancelled", at(3)],
    ["continued", at(9)],
  ])("%s, makes what is buffered due, unless another goes on in its place", ([how, wakeAt]) => {
    const end = ends[how];
    expect(end && afterEnd(scheduleWith({ bufferedCount: 1, wakeAt: at(9) }), end).wakeAt).toBe(wakeAt);
    expect(end && afterEnd(scheduleWith({ bufferedCount: 1, wakeAt: at(1) }), end).wakeAt).toBe(at(1));
    expect(end && afterEnd(scheduleWith({ bufferedCount: 1, status: "paused", wakeAt: undefined }), end).wakeAt).toBeUndefined();
  });

  test("where nothing is due any more, still starts what is buffered", () => {
    expect(ends["completed"] && afterEnd(scheduleWith({ bufferedCount: 1, wakeAt: undefined, nextDueAt: undefined }), ends["completed"]).wakeAt).toBe(at(3));
  });

  test("that failed is no failure once it is taken up again, until it ends again", () => {
    const before = stateOf(scheduleWith({ totalRuns: 1 }));
    const failed = ends["failed"] && afterEnd(before, ends["failed"]);
    expect(failed && afterRetry(failed)).toEqual(before);
    expect(failed && ends["completed"] && afterEnd(afterRetry(failed), ends["completed"])).toMatchObject({ successfulRuns: 1, failedRuns: 0 });
  });
});
