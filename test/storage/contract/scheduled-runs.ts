import { describe, expect, test } from "vitest";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import { findingsOf } from "../../../src/core/invariants.js";
import type { RunRecord } from "../../../src/core/run.js";
import type { ScheduleRecord } from "../../../src/core/schedule/schedule.js";
import type { Backend } from "../../../src/storage/backend.js";
import { childOf, childStarted, closeAll, continueAsNew, startChildren, take } from "./relatives.js";
import { accepted, current, decideOne, decisionOn, enterSchedule, liveIds, load, refused, runningOf, runOf, schedule, startRuns } from "./scheduled.js";
import { cancelled, cancelRequested, commitOne, eachWith, ended, enter, failed, nextWake, only, parked, record, retried, run, running, started, suspended, t0, type MakeStore } from "./support.js";

const hourMs = 3_600_000;
const asked = { at: t0 + 100, reason: "the next tick of its schedule of takes its place", requestedBy: "schedule of" };

export function scheduledRunsContract(make: MakeStore): void {
  describe("the runs of a schedule that are alive", () => {
    const store = eachWith(make);

    test("oldest first, whatever their state; the one that begins first where nobody needs more", async () => {
      const of = await enterSchedule(store.backend, "of");
      const [young, old, older] = await startThree(store.backend, of);
      expect(await liveIds(store.other, of)).toEqual([older.runId, old.runId, young.runId]);
      for (const policy of ["skip", "buffer_one", "buffer_all", "allow_all"] as const) expect((await load(store.other, of, policy)).live).toEqual([{ runId: older.runId, cancellationRequested: false }]);
      await take(store.backend, older);
      await take(store.backend, old);
      await commitOne(store.backend, { runId: old.runId, fence: 1, seen: 1, events: [suspended()] });
      await take(store.backend, young);
      await commitOne(store.backend, { runId: young.runId, fence: 1, seen: 1, events: [parked("v1")] });
      expect(await liveIds(store.other, of)).toEqual([older.runId, old.runId, young.runId]);
    });

    test("it is told which of them were asked to end", async () => {
      const of = await enterSchedule(store.backend, "of");
      const held = await runningOf(store.backend, of);
      const waits = only(await startRuns(store.backend, of, [{}]));
      await commitOne(store.other, { runId: held.runId, seen: 0, events: [cancelRequested] });
      expect((await load(store.backend, of)).live).toEqual([
        { runId: held.runId, cancellationRequested: true },
        { runId: waits.runId, cancellationRequested: false },
      ]);
    });

    test("those of other schedules and of none are not among them, and a child is not of its parent's schedule", async () => {
      const [of, other] = [await enterSchedule(store.backend, "of"), await enterSchedule(store.backend, "other")];
      await startRuns(store.backend, other, [{}]);
      await store.backend.createRun(run());
      const mine = await runningOf(store.backend, of);
      const [child] = await startChildren(store.backend, mine, ["abandon"]);
      expect(await liveIds(store.backend, of)).toEqual([mine.runId]);
      await take(store.backend, child);
      const before = await current(store.backend, of);
      await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 1, events: [failed] });
      expect(await current(store.backend, of)).toEqual(before);
    });

    test("the successor of one that continued as new is alive in its place: nothing is counted, and a decision that saw the first is refused", async () => {
      const of = await enterSchedule(store.backend, "of", { bufferedCount: 1 });
      const first = await runningOf(store.backend, of);
      const seen = await current(store.other, of);
      const next = await continueAsNew(store.backend, first);
      expect(await decideOne(store.other, seen)).toEqual(refused("version"));
      expect(await liveIds(store.other, of)).toEqual([next.runId]);
      expect(await current(store.other, of)).toMatchObject({ successfulRuns: 0, failedRuns: 0, wakeAt: t0 + hourMs });
      expect(await record(store.other, next.runId)).toMatchObject({ schedule: first.schedule, scheduledTime: t0 });
      await take(store.backend, next);
      await commitOne(store.backend, { runId: next.runId, fence: 1, seen: 1, events: [ended] });
      expect(await liveIds(store.other, of)).toEqual([]);
      expect(await current(store.other, of)).toMatchObject({ successfulRuns: 1, failedRuns: 0, wakeAt: ended.at });
    });

    test("runs are listed by their schedule, with all other filters", async () => {
      const [of, other] = [await enterSchedule(store.backend, "of"), await enterSchedule(store.backend, "other")];
      const first = await runningOf(store.backend, of, { createdAt: t0 + 1 });
      const next = await continueAsNew(store.backend, first);
      await startRuns(store.backend, other, [{ createdAt: t0 + 40 }]);
      const last = only(await startRuns(store.backend, of, [{ createdAt: t0 + 50, tags: ["eu"] }]));
      await store.backend.createRun(run());
      const list = async (filter: object) => (await store.other.listRuns({ scheduleId: of.scheduleId, limit: 10, ...filter })).map(({ runId }) => runId);
      expect(await list({})).toEqual([last.runId, next.runId, first.runId]);
      expect(await list({ limit: 1, before: last.runId })).toEqual([next.runId]);
      expect(await list({ statuses: ["pending"] })).toEqual([last.runId, next.runId]);
      expect(await list({ statuses: ["continued_as_new"] })).toEqual([first.runId]);
      expect(await list({ tag: "eu", workflowName: "order" })).toEqual([last.runId]);
      expect(await list({ scheduleId: schedule("nobody").scheduleId })).toEqual([]);
    });
  });

  describe("the end of a run of a schedule", () => {
    const store = eachWith(make);

    test.for(ends)("$how: it is counted once, the version is raised, and a decision that saw it alive is refused", async ({ end, counted, at, change = {} }) => {
      const of = await enterSchedule(store.backend, "of", { totalRuns: 9, successfulRuns: 3, failedRuns: 2, bufferedCount: 1, wakeAt: t0 + hourMs });
      const held = await runningOf(store.backend, of, change);
      const seen = await load(store.other, of);
      await end(store.backend, held);
      expect(await decideOne(store.other, seen.schedule)).toEqual(refused("version"));
      const after = await current(store.other, of);
      expect(after).toEqual({ ...seen.schedule, successfulRuns: 3, failedRuns: 2, ...counted, wakeAt: at, version: after.version });
      expect(after.version).toBeGreaterThan(seen.schedule.version);
      expect(await liveIds(store.other, of)).toEqual([]);
      await commitOne(store.backend, { runId: held.runId, seen: 0, events: [cancelled] });
      expect(await current(store.other, of)).toEqual(after);
    });

    test("closed with its parent, it is counted as well", async () => {
      const of = await enterSchedule(store.backend, "of", { bufferedCount: 1 });
      const parent = await running(store.backend);
      const child = childOf(parent, { n: 1, parentClose: "terminate", change: { schedule: { scheduleId: of.scheduleId, kind: "trigger" } } });
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 1, events: [childStarted(child), ended], create: [child] });
      expect(await liveIds(store.other, of)).toEqual([child.runId]);
      expect(await closeAll(store.other, t0 + 70)).toBe(1);
      expect(await liveIds(store.other, of)).toEqual([]);
      expect(await current(store.other, of)).toEqual({ ...of, wakeAt: t0 + 70, version: 2 });
    });

    test("what does not end it leaves its schedule as it is", async () => {
      const of = await enterSchedule(store.backend, "of", { bufferedCount: 1 });
      const held = await runningOf(store.backend, of);
      const before = await current(store.backend, of);
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 1, events: [started] });
      await commitOne(store.other, { runId: held.runId, seen: 0, events: [cancelRequested] });
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 3, events: [suspended()] });
      expect(await current(store.other, of)).toEqual(before);
    });

    test("a refused end counts nothing", async () => {
      const of = await enterSchedule(store.backend, "of");
      const held = await runningOf(store.backend, of);
      const before = await current(store.backend, of);
      expect(await commitOne(store.backend, { runId: held.runId, fence: 7, seen: 1, events: [ended] })).toMatchObject({ refused: "fence" });
      expect(await current(store.other, of)).toEqual(before);
    });

    test("ends in one batch are counted each", async () => {
      const of = await enterSchedule(store.backend, "of");
      const held = [await runningOf(store.backend, of), await runningOf(store.backend, of), await runningOf(store.backend, of)];
      await store.backend.commit(held.map(({ runId }, index) => ({ runId, fence: 1, seen: 1, events: [index === 1 ? failed : ended] })));
      expect(await current(store.other, of)).toMatchObject({ successfulRuns: 2, failedRuns: 1 });
      expect(await liveIds(store.other, of)).toEqual([]);
    });

    test("with something buffered it makes the schedule due, and wakes whoever listens", async () => {
      const of = await enterSchedule(store.backend, "of", { bufferedCount: 1 });
      const held = await runningOf(store.backend, of);
      const woken = nextWake(store.other);
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 1, events: [ended] });
      expect(await woken).toBe("woken");
      const { due } = await store.other.dueSchedules(ended.at, 10);
      expect(due.map((loaded) => loaded.schedule.scheduleId)).toEqual(["of"]);
      expect((await store.other.dueSchedules(ended.at - 1, 10)).due).toEqual([]);
    });

    test.for([
      ["nothing is buffered", { bufferedCount: 0 }, t0 + hourMs],
      ["it is due earlier anyway", { bufferedCount: 1, wakeAt: t0 + 1 }, t0 + 1],
      ["it is paused", { bufferedCount: 1, status: "paused", nextDueAt: undefined, wakeAt: undefined }, undefined],
    ] as const)("where %s, the time to look stays as it is", async ([, change, wakeAt]) => {
      const of = await enterSchedule(store.backend, "of", change);
      const held = await runningOf(store.backend, of);
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 1, events: [ended] });
      const after = await current(store.other, of);
      expect([after.successfulRuns, after.wakeAt]).toEqual([1, wakeAt]);
    });

    test("a manual retry takes the failure back: the run is alive again, and a decision that saw it ended is refused", async () => {
      const of = await enterSchedule(store.backend, "of");
      const held = await runningOf(store.backend, of);
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 1, events: [failed] });
      const seen = await load(store.other, of);
      expect([seen.schedule.failedRuns, seen.live]).toEqual([1, []]);
      expect(await commitOne(store.other, { runId: held.runId, seen: 2, events: [retried()] })).toMatchObject({ accepted: true });
      expect(await decideOne(store.backend, seen.schedule)).toEqual(refused("version"));
      expect(await current(store.backend, of)).toMatchObject({ failedRuns: 0, successfulRuns: 0 });
      expect(await liveIds(store.backend, of)).toEqual([held.runId]);
      await take(store.backend, held);
      await commitOne(store.backend, { runId: held.runId, fence: 2, seen: 4, events: [ended] });
      expect(await current(store.backend, of)).toMatchObject({ failedRuns: 0, successfulRuns: 1 });
    });

    test("a parked run that is taken up again had not failed", async () => {
      const of = await enterSchedule(store.backend, "of", { failedRuns: 1 });
      const held = await runningOf(store.backend, of);
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 1, events: [parked("v1")] });
      const before = await current(store.backend, of);
      expect(await commitOne(store.other, { runId: held.runId, seen: 2, events: [retried()] })).toMatchObject({ accepted: true });
      expect(await current(store.backend, of)).toEqual(before);
    });
  });

  describe("a decision that asks runs to end", () => {
    const store = eachWith(make);

    test("one that executes finds the request in its inbox, and goes on until it has cleaned up", async () => {
      const of = await enterSchedule(store.backend, "of");
      const held = await runningOf(store.backend, of);
      const seen = await current(store.backend, of);
      const woken = nextWake(store.backend);
      expect(await decideOne(store.other, seen, { cancel: [held.runId] })).toEqual(accepted);
      expect(await woken).toBe("woken");
      expect(await store.backend.readHistory(held.runId, 1)).toEqual([{ type: "cancellation.requested", sequence: 2, ...asked }]);
      expect(await record(store.backend, held.runId)).toMatchObject({ status: "running", inbox: 2, cancellationRequested: true });
      expect((await load(store.backend, of)).live).toEqual([{ runId: held.runId, cancellationRequested: true }]);
      expect((await current(store.backend, of)).version).toBe(seen.version + 1);
    });

    test("one that is suspended is due at once, and a parked one stays parked", async () => {
      const of = await enterSchedule(store.backend, "of");
      const [asleep, misfit] = [await runningOf(store.backend, of), await runningOf(store.backend, of)];
      await commitOne(store.backend, { runId: asleep.runId, fence: 1, seen: 1, events: [suspended(t0 + hourMs)] });
      await commitOne(store.backend, { runId: misfit.runId, fence: 1, seen: 1, events: [parked("v1")] });
      await decideOne(store.other, await current(store.other, of), { cancel: [asleep.runId, misfit.runId] });
      expect(await record(store.backend, asleep.runId)).toMatchObject({ status: "suspended", dueAt: asked.at, wakeReason: "cancellation" });
      expect(await record(store.backend, misfit.runId)).toMatchObject({ status: "interrupted", parked: { version: "v1" }, cancellationRequested: true });
    });

    test.for([{ durable: true }, { durable: false }])("one that never began ends with the request: %o", async (change) => {
      const of = await enterSchedule(store.backend, "of", { bufferedCount: 1 });
      const { runId } = only(await startRuns(store.backend, of, [change]));
      const seen = await current(store.backend, of);
      await decideOne(store.other, seen, { cancel: [runId], state: { totalRuns: 5 } });
      expect(await record(store.backend, runId)).toMatchObject({ status: "cancelled", completedAt: asked.at });
      expect(await liveIds(store.backend, of)).toEqual([]);
      expect(await current(store.backend, of)).toMatchObject({ totalRuns: 5, failedRuns: 0, successfulRuns: 0, wakeAt: asked.at, version: seen.version + 2 });
      const history = await store.backend.readHistory(runId, 0);
      const told = [{ type: "cancellation.requested", ...asked }, { type: "workflow.cancelled", at: asked.at, reason: asked.reason, cleanupCompleted: false }];
      expect(history).toMatchObject(change.durable ? told : []);
      expect(findingsOf(await record(store.backend, runId), history)).toEqual([]);
    });

    test("a run that is started and asked to end in one decision ends, after the state was written", async () => {
      const of = await enterSchedule(store.backend, "of", { totalRuns: 3, bufferedCount: 1 });
      const [first, second] = [runOf(of), runOf(of)];
      expect(await decideOne(store.backend, of, { create: [first, second], cancel: [first.runId], state: { totalRuns: 5 } })).toEqual(accepted);
      expect(await record(store.other, first.runId)).toMatchObject({ status: "cancelled" });
      expect(await liveIds(store.other, of)).toEqual([second.runId]);
      expect(await current(store.other, of)).toMatchObject({ totalRuns: 5, wakeAt: asked.at, version: of.version + 2 });
    });

    test("one that has ended, was asked before or is unknown is passed over, and the decision stands", async () => {
      const of = await enterSchedule(store.backend, "of");
      const [over, before, elsewhere] = [await runningOf(store.backend, of), await runningOf(store.backend, of), await running(store.backend)];
      await commitOne(store.backend, { runId: over.runId, fence: 1, seen: 1, events: [ended] });
      await commitOne(store.backend, { runId: before.runId, seen: 0, events: [cancelRequested] });
      const cancel = [over.runId, before.runId, run().runId, elsewhere.runId, elsewhere.runId];
      expect(await decideOne(store.backend, await current(store.backend, of), { cancel })).toEqual(accepted);
      expect(await store.other.readHistory(over.runId, 2)).toEqual([]);
      expect(await store.other.readHistory(before.runId, 2)).toEqual([]);
      expect(await store.other.readHistory(elsewhere.runId, 1)).toMatchObject([{ type: "cancellation.requested" }]);
    });

    test("one that continued as new passes the request on, to the last of the chain", async () => {
      const of = await enterSchedule(store.backend, "of");
      const first = await runningOf(store.backend, of);
      const second = await continueAsNew(store.backend, first);
      await take(store.backend, second);
      const [held, third] = [await record(store.backend, second.runId), await continueAsNew(store.backend, second)];
      await decideOne(store.backend, await current(store.backend, of), { cancel: [first.runId] });
      for (const { runId } of [first, held]) expect(await store.other.readHistory(runId, 2)).toEqual([]);
      expect(await record(store.other, third.runId)).toMatchObject({ status: "cancelled", completedAt: asked.at });
      expect(await liveIds(store.other, of)).toEqual([]);
    });

    test("where the run is of another schedule, its end is counted there", async () => {
      const [of, other] = [await enterSchedule(store.backend, "of"), await enterSchedule(store.backend, "other", { bufferedCount: 1 })];
      const waits = only(await startRuns(store.backend, other, [{}]));
      const before = await current(store.backend, other);
      const results = await store.backend.commitSchedules([decisionOn(of, { cancel: [waits.runId] }), decisionOn(before, {})]);
      expect(results).toEqual([accepted, refused("version")]);
      expect(await current(store.other, other)).toMatchObject({ wakeAt: asked.at, version: before.version + 1 });
    });
  });
}

interface End {
  readonly how: string;
  /** Ends a run that is held under epoch 1. */
  readonly end: (backend: Backend, held: RunRecord) => Promise<void>;
  readonly counted: Partial<ScheduleRecord>;
  readonly at: number;
  readonly change?: Partial<RunRecord>;
}

const ends: readonly End[] = [
  { how: "completed", end: endWith(ended), counted: { successfulRuns: 4 }, at: ended.at },
  { how: "failed", end: endWith(failed), counted: { failedRuns: 3 }, at: failed.at },
  { how: "cancelled", end: endWith(cancelled), counted: {}, at: cancelled.at },
  { how: "completed, and transient", end: endWith(ended), counted: { successfulRuns: 4 }, at: ended.at, change: { durable: false } },
  { how: "ended by force", end: endByForce, counted: {}, at: cancelled.at },
  { how: "lost for good", end: lose, counted: { failedRuns: 3 }, at: t0 + 60, change: { recoverOnWorkerLoss: false } },
  { how: "lost for good after it was asked to end", end: loseAsked, counted: {}, at: t0 + 60, change: { recoverOnWorkerLoss: false } },
];

function endWith(event: WorkflowEvent): End["end"] {
  return async (backend, { runId }) => expect(await commitOne(backend, { runId, fence: 1, seen: 1, events: [event] })).toMatchObject({ accepted: true });
}

async function endByForce(backend: Backend, { runId }: RunRecord): Promise<void> {
  expect(await commitOne(backend, { runId, seen: 0, events: [cancelled] })).toMatchObject({ accepted: true });
}

async function lose(backend: Backend, { workerId }: RunRecord): Promise<void> {
  expect(await backend.loseWorker({ workerId: workerId ?? (await enter(backend)), now: t0 + 60, error: "gone", charge: "all" })).toHaveLength(1);
}

async function loseAsked(backend: Backend, held: RunRecord): Promise<void> {
  await commitOne(backend, { runId: held.runId, seen: 0, events: [cancelRequested] });
  await lose(backend, held);
}

async function startThree(backend: Backend, of: ScheduleRecord): Promise<readonly [RunRecord, RunRecord, RunRecord]> {
  const [young, old, older] = await startRuns(backend, of, [{ createdAt: t0 + 5 }, { createdAt: t0 + 1 }, { createdAt: t0 }]);
  if (young === undefined || old === undefined || older === undefined) throw new Error("three runs were to be started");
  return [young, old, older];
}
