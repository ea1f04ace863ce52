import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { ParentClose } from "../../../src/core/events/child.js";
import { successorOf } from "../../../src/core/family.js";
import type { RunRecord } from "../../../src/core/run.js";
import type { Backend } from "../../../src/storage/backend.js";
import { childIds, childOf, childStarted, closeAll, continueAsNew, continued, endRun, parentOf, startChildren, startChildrenWith, take } from "./relatives.js";
import { alive, cancelled, cancelRequested, commitOne, eachWith, ended, enter, failed, parked, record, request, run, running, started, suspended, t0, type MakeStore } from "./support.js";

const minuteMs = 60_000;

export function familyContract(make: MakeStore): void {
  describe("runs that begin with a commit, and appends to others", () => {
    const store = eachWith(make);

    test("children begin with the commit that starts them, and are found by their parent", async () => {
      const parent = await running(store.backend);
      const [first, second] = await startChildren(store.backend, parent, ["terminate", "abandon"]);
      expect(await store.backend.getRun(first.runId)).toEqual({ ...first, status: "pending", dueAt: t0, recoveryAttempts: 0, closableChildren: 0, epoch: 0 });
      expect(await childIds(store.other, parent.runId)).toEqual([second.runId, first.runId]);
      expect(await childIds(store.other, first.runId)).toEqual([]);
      expect(await record(store.backend, parent.runId)).toMatchObject({ status: "running", closableChildren: 1 });
    });

    test("a new run wakes whoever listens", async () => {
      const parent = await running(store.backend);
      const woken = new Promise((resolve) => {
        store.other.onWake(() => resolve("woken"));
      });
      await startChildren(store.backend, parent, ["terminate"]);
      expect(await woken).toBe("woken");
    });

    test("a refused commit begins nothing and appends nothing elsewhere", async () => {
      const [parent, other] = [await running(store.backend), await running(store.backend)];
      const child = childOf(parent, { n: 1, parentClose: "terminate" });
      const member = { runId: parent.runId, fence: 9, seen: 1, events: [childStarted(child)], create: [child], linked: [{ runId: other.runId, events: [cancelRequested] }] };
      expect(await commitOne(store.backend, member)).toEqual({ accepted: false, refused: "fence" });
      expect(await store.backend.getRun(child.runId)).toBeUndefined();
      expect(await store.backend.readHistory(other.runId, 1)).toEqual([]);
    });

    test("a linked append is a foreign one: it sets the inbox, and makes a suspended run due", async () => {
      const [writer, held, asleep] = [await running(store.backend), await running(store.backend), await running(store.backend)];
      await commitOne(store.backend, { runId: asleep.runId, fence: 1, seen: 1, events: [suspended()] });
      const linked = [held, asleep].map(({ runId }) => ({ runId, events: [cancelRequested] }));
      expect(await commitOne(store.backend, { runId: writer.runId, fence: 1, seen: 1, events: [started], linked })).toMatchObject({ accepted: true, events: [{ sequence: 2 }] });
      expect(await record(store.backend, held.runId)).toMatchObject({ status: "running", inbox: 2, cancellationRequested: true });
      expect(await record(store.backend, asleep.runId)).toMatchObject({ status: "suspended", dueAt: cancelRequested.at, wakeReason: "cancellation" });
    });

    test("it is passed over where its run has ended, is unknown or was asked to end before, and the commit stands", async () => {
      const [writer, over, asked] = [await running(store.backend), await running(store.backend), await running(store.backend)];
      await commitOne(store.backend, { runId: over.runId, fence: 1, seen: 1, events: [ended] });
      await commitOne(store.other, { runId: asked.runId, seen: 0, events: [cancelRequested] });
      const linked = [over.runId, run().runId, asked.runId].map((runId) => ({ runId, events: [cancelRequested] }));
      expect(await commitOne(store.backend, { runId: writer.runId, fence: 1, seen: 1, events: [started], linked })).toMatchObject({ accepted: true });
      expect(await store.backend.readHistory(over.runId, 2)).toEqual([]);
      expect(await store.backend.readHistory(asked.runId, 2)).toEqual([]);
    });

    test("a request to cancel that names a run which has continued as new goes to the one in its place", async () => {
      const [writer, first] = [await running(store.backend), await running(store.backend)];
      const last = await continueAsNew(store.backend, first);
      const linked = [{ runId: first.runId, events: [cancelRequested] }];
      expect(await commitOne(store.backend, { runId: writer.runId, fence: 1, seen: 1, events: [started], linked })).toMatchObject({ accepted: true });
      expect(await store.backend.readHistory(first.runId, 2)).toEqual([]);
      expect(await record(store.backend, last.runId)).toMatchObject({ cancellationRequested: true, inbox: 1 });
    });
  });

  describe("the end of a child", () => {
    const store = eachWith(make);

    test.for([
      ["completed", ended, { type: "child_workflow.completed", at: ended.at, value: encode({ paid: true }) }],
      ["failed", failed, { type: "child_workflow.failed", at: failed.at }],
      ["cancelled", cancelled, { type: "child_workflow.cancelled", at: cancelled.at, reason: "by hand" }],
    ] as const)("a child that %s is heard of by its suspended parent, which becomes due", async ([, end, note]) => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 2, events: [suspended()] });
      await take(store.backend, child);
      await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 1, expect: true, events: [end] });
      const about = { operationId: child.parent.operationId, childRunId: child.runId, parentClose: "terminate" };
      expect(await store.other.readHistory(parent.runId, 3)).toMatchObject([{ sequence: 4, ...note, ...about }]);
      expect(await record(store.backend, parent.runId)).toMatchObject({ status: "suspended", dueAt: end.at, wakeReason: "child", closableChildren: 0, inbox: 4 });
    });

    test("the holder of a parent that executes finds it in the inbox, and can't suspend without it", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      await take(store.backend, child);
      await commitOne(store.other, { runId: child.runId, fence: 1, seen: 1, events: [ended] });
      expect(await record(store.backend, parent.runId)).toMatchObject({ status: "running", inbox: 3 });
      expect(await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 2, expect: true, events: [suspended()] })).toMatchObject({ refused: "expect" });
    });

    test("both in one batch: the parent's suspension has not seen it", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      await take(store.backend, child);
      const results = await store.backend.commit([
        { runId: child.runId, fence: 1, seen: 1, events: [ended] },
        { runId: parent.runId, fence: 1, seen: 2, expect: true, events: [suspended()] },
      ]);
      expect(results).toMatchObject([{ accepted: true }, { accepted: false, refused: "expect" }]);
    });

    test("a child that is lost for good, and one that is ended by force, are heard of", async () => {
      const parent = await running(store.backend);
      const [lost, forced] = await startChildrenWith(store.backend, parent, { closes: ["terminate", "cancel"], change: { recoverOnWorkerLoss: false } });
      const workerId = await take(store.backend, lost);
      await store.backend.loseWorker({ workerId, now: t0 + 60, error: "gone", charge: "all" });
      await commitOne(store.other, { runId: forced.runId, seen: 0, events: [cancelled] });
      const history = await store.backend.readHistory(parent.runId, 3);
      expect(history).toMatchObject([{ type: "child_workflow.failed", childRunId: lost.runId }, { type: "child_workflow.cancelled", childRunId: forced.runId }]);
    });

    test("a transient child and one that is left alone are heard of, too", async () => {
      const parent = await running(store.backend);
      const [transient] = await startChildrenWith(store.backend, parent, { closes: ["terminate"], change: { durable: false } });
      const [alone] = await startChildren(store.backend, parent, ["abandon"]);
      for (const child of [transient, alone]) {
        await take(store.backend, child);
        await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 0, events: [ended] });
      }
      expect(await store.backend.readHistory(parent.runId, 3)).toMatchObject([{ childRunId: transient.runId }, { childRunId: alone.runId }]);
      expect(await record(store.backend, parent.runId)).toMatchObject({ closableChildren: 0 });
    });

    test("a parent that has ended hears nothing, and that refuses nothing", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["abandon"]);
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 2, events: [ended] });
      await take(store.backend, child);
      expect(await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 1, events: [ended] })).toMatchObject({ accepted: true });
      expect(await store.backend.readHistory(parent.runId, 3)).toEqual([]);
    });
  });

  describe("continue-as-new", () => {
    const store = eachWith(make);

    test("the end of one run and the beginning of the next are one commit, under the same parent", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildrenWith(store.backend, parent, { closes: ["cancel"], change: { tags: ["eu"], maxDurationMs: 1000 } });
      await take(store.backend, child);
      const next = await continueAsNew(store.backend, child);
      expect(await record(store.backend, child.runId)).toMatchObject({ status: "continued_as_new", continuedTo: next.runId });
      expect(await record(store.backend, next.runId)).toMatchObject({ status: "pending", continuedFrom: child.runId, parent: child.parent, tags: ["eu"], maxDurationMs: 1000, nestingDepth: 1 });
      expect(await store.backend.readHistory(parent.runId, 2)).toEqual([]);

      await take(store.backend, next);
      await commitOne(store.backend, { runId: next.runId, fence: 1, seen: 1, events: [ended] });
      expect(await store.backend.readHistory(parent.runId, 2)).toMatchObject([{ type: "child_workflow.completed", operationId: child.parent.operationId, childRunId: next.runId }]);
      expect(await record(store.backend, parent.runId)).toMatchObject({ closableChildren: 0 });
    });

    test("the last of a chain is found from its first, also where a clock was set back; of a run that never continued it is itself", async () => {
      const head = await running(store.backend);
      const ids = [head.runId];
      for (const createdAt of [t0 - 10, t0 - 500, t0 - 900]) {
        const before = await record(store.backend, ids.at(-1) ?? head.runId);
        if (before.status === "pending") await take(store.backend, before);
        const next = successorOf(before, { runId: run().runId, input: before.input, createdAt });
        await commitOne(store.backend, { runId: before.runId, fence: 1, seen: 1, events: [continued(next)], create: [next] });
        ids.push(next.runId);
      }
      expect(await store.other.lastOfChain(head.runId)).toEqual(await record(store.other, ids.at(-1) ?? head.runId));
      expect((await store.other.listRuns({ chain: head.runId, limit: 2 })).map(({ runId }) => runId)).toEqual([ids[1], ids[2]]);
      expect((await store.other.listRuns({ chain: head.runId, statuses: ["pending"], limit: 2 })).map(({ runId }) => runId)).toEqual([ids[3]]);
      const alone = await running(store.backend);
      expect(await store.other.lastOfChain(alone.runId)).toMatchObject({ runId: alone.runId });
      expect(await store.other.lastOfChain(run().runId)).toBeUndefined();
      const [lost] = [run({ continuedFrom: alone.runId, chain: alone.runId })];
      await commitOne(store.backend, { runId: alone.runId, fence: 1, seen: 1, events: [continued(lost)] });
      expect(await store.other.lastOfChain(alone.runId)).toBeUndefined();
    });

    test("where a request to cancel came between, there is neither an end nor a successor", async () => {
      const first = await running(store.backend);
      await commitOne(store.other, { runId: first.runId, seen: 0, events: [cancelRequested] });
      const next = successorOf(first, { runId: run().runId, input: encode(2), createdAt: t0 + 30 });
      const member = { runId: first.runId, fence: 1, seen: 1, expect: true, events: [continued(next)], create: [next] } as const;
      expect(await commitOne(store.backend, member)).toEqual({ accepted: false, refused: "expect" });
      expect(await store.backend.getRun(next.runId)).toBeUndefined();
      expect(await record(store.backend, first.runId)).toMatchObject({ status: "running" });
    });

    test("what closes the parent closes the run that goes on for its child", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      await take(store.backend, child);
      const next = await continueAsNew(store.backend, child);
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 2, events: [ended] });
      expect(await store.backend.closeChildren(10, t0 + 70)).toBe(1);
      expect(await record(store.backend, next.runId)).toMatchObject({ status: "cancelled", orphaned: true });
      expect((await record(store.backend, child.runId)).orphaned).toBeUndefined();
    });
  });

  describe("a parent that ends before its children", () => {
    const store = eachWith(make);
    const now = t0 + 70;

    test("it is closing until its children are closed, and a claim says so", async () => {
      const workerId = await enter(store.backend);
      const parent = await parentOf(store.backend, ["terminate", "abandon"]);
      expect(alive(await store.backend.claim(request(workerId, { limit: 0 }))).closing).toBe(false);
      await endRun(store.backend, parent);
      expect(await record(store.backend, parent.runId)).toMatchObject({ status: "completed", closing: true });
      expect(alive(await store.other.claim(request(workerId, { limit: 0 }))).closing).toBe(true);
      expect(await closeAll(store.other, now)).toBe(1);
      expect((await record(store.backend, parent.runId)).closing).toBeUndefined();
      expect(alive(await store.backend.claim(request(workerId, { limit: 0 }))).closing).toBe(false);
    });

    test.for(["completed", "failed", "cancelled", "continued", "lost"] as const)("a parent that %s closes its child", async (how) => {
      const parent = await parentOf(store.backend, ["terminate"], { recoverOnWorkerLoss: false });
      const next = successorOf(parent, { runId: run().runId, input: encode(2), createdAt: t0 });
      const ends = { completed: [ended], failed: [failed], cancelled: [cancelled], continued: [continued(next)] };
      const { workerId = await enter(store.backend) } = parent;
      if (how === "lost") await store.backend.loseWorker({ workerId, now, error: "gone", charge: "all" });
      else await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 0, events: ends[how], create: how === "continued" ? [next] : [] });
      expect(await closeAll(store.backend, now)).toBe(1);
      expect((await store.backend.listRuns({ parentId: parent.runId, limit: 10 })).map(({ status }) => status)).toEqual(["cancelled"]);
    });

    test("a parent without children to close is not closing", async () => {
      const [alone, parent] = [await running(store.backend), await running(store.backend)];
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      await take(store.backend, child);
      await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 1, events: [ended] });
      await startChildren(store.backend, parent, ["abandon"]);
      for (const ending of [alone, parent]) await endRun(store.backend, ending);
      for (const { runId } of [alone, parent]) expect((await record(store.backend, runId)).closing).toBeUndefined();
      expect(await store.backend.closeChildren(10, now)).toBe(0);
    });

    test.for(states)("terminate ends a child that is %s, without its code", async (state) => {
      const child = await closedChild(store.backend, state, "terminate");
      expect(await record(store.backend, child.runId)).toMatchObject({ status: "cancelled", completedAt: now, orphaned: true });
      const end = { type: "workflow.cancelled", at: now, cleanupCompleted: false };
      expect((await store.backend.readHistory(child.runId, 0)).slice(-1)).toMatchObject(child.durable ? [end] : []);
    });

    test.for([
      ["pending", { status: "cancelled" }],
      ["suspended", { status: "suspended", dueAt: now, wakeReason: "cancellation" }],
      ["running", { status: "running", epoch: 1, inbox: 2 }],
      ["parked", { status: "interrupted", parked: { version: "v1" } }],
      ["transient and pending", { status: "cancelled" }],
      ["transient and running", { status: "running", epoch: 1, inbox: 1 }],
      ["transient and suspended", { status: "cancelled" }],
    ] as const)("cancel asks a child that is %s to end, and leaves it its code, where that has begun", async ([state, expected]) => {
      const child = await closedChild(store.backend, state, "cancel");
      expect(await record(store.backend, child.runId)).toMatchObject({ ...expected, cancellationRequested: true, orphaned: true });
      const requests = (await store.backend.readHistory(child.runId, 0)).filter(({ type }) => type === "cancellation.requested");
      expect(requests).toMatchObject(child.durable ? [{ at: now, requestedBy: "parent" }] : []);
    });

    test.for(states)("abandon leaves a child that is %s alone", async (state) => {
      const parent = await running(store.backend);
      const child = await childIn(store.backend, parent, { state, parentClose: "abandon" });
      const before = await record(store.backend, child.runId);
      await endRun(store.backend, parent);
      expect(await closeAll(store.backend, now)).toBe(0);
      expect(await record(store.backend, child.runId)).toEqual(before);
    });

    test("a child that was asked to end before is asked no second time, and nobody waits for it", async () => {
      const parent = await running(store.backend);
      const child = await childIn(store.backend, parent, { state: "suspended", parentClose: "cancel" });
      await commitOne(store.other, { runId: child.runId, seen: 0, events: [cancelRequested] });
      await take(store.backend, child);
      await endRun(store.backend, parent);
      expect(await closeAll(store.backend, now)).toBe(1);
      expect(await store.backend.readHistory(child.runId, 4)).toEqual([]);
      const after = await record(store.backend, child.runId);
      expect(after).toMatchObject({ status: "running", orphaned: true });
      expect(after.inbox).toBeUndefined();
    });

    test("children of closed children are closed in their turn", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      await take(store.backend, child);
      const [terminated, asked, left] = await startChildren(store.backend, await record(store.backend, child.runId), ["terminate", "cancel", "abandon"]);
      await endRun(store.backend, parent);
      expect(await closeAll(store.backend, now)).toBe(3);
      const statuses = await Promise.all([child, terminated, asked, left].map(async ({ runId }) => (await record(store.backend, runId)).status));
      expect(statuses).toEqual(["cancelled", "cancelled", "cancelled", "pending"]);
    });

    test("children of a child that cleans up wait for its end", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["cancel"]);
      await take(store.backend, child);
      const [grandchild] = await startChildren(store.backend, await record(store.backend, child.runId), ["terminate"]);
      await endRun(store.backend, parent);
      expect(await closeAll(store.backend, now)).toBe(1);
      expect(await record(store.backend, grandchild.runId)).toMatchObject({ status: "pending" });
      await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 3, events: [cancelled] });
      expect(await closeAll(store.backend, now)).toBe(1);
      expect(await record(store.backend, grandchild.runId)).toMatchObject({ status: "cancelled" });
    });

    test("no more than the limit at once, and each child once, also when two do it", async () => {
      const parent = await parentOf(store.backend, Array.from({ length: 25 }, () => "terminate"));
      await endRun(store.backend, parent);
      expect(await store.backend.closeChildren(4, now)).toBe(4);
      const counts = await Promise.all([closeAll(store.backend, now), closeAll(store.other, now)]);
      expect(counts.reduce((sum, count) => sum + count)).toBe(21);
      const histories = await Promise.all((await childIds(store.backend, parent.runId)).map((runId) => store.backend.readHistory(runId, 0)));
      expect(histories.map((history) => history.map(({ type }) => type))).toEqual(Array.from({ length: 25 }, () => ["workflow.cancelled"]));
      expect((await record(store.backend, parent.runId)).closing).toBeUndefined();
    });
  });

  describe("a held run that somebody else ends", () => {
    const store = eachWith(make);

    test.for([true, false])("its holder is fenced, and told of it for a minute (durable: %s)", async (durable) => {
      const { runId, workerId = await enter(store.backend) } = await running(store.backend, { durable });
      await commitOne(store.other, { runId, seen: 0, events: [cancelled] });
      expect(await record(store.backend, runId)).toMatchObject({ status: "cancelled", epoch: 2 });
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started] })).toEqual({ accepted: false, refused: "fence" });
      const inboxes = async (of: typeof workerId, now: number) => alive(await store.backend.claim(request(of, { limit: 0, now }))).inboxes;
      expect(await inboxes(workerId, cancelled.at)).toEqual([{ runId, sequence: durable ? 2 : 1 }]);
      expect(await inboxes(workerId, cancelled.at + minuteMs - 1)).toHaveLength(1);
      expect(await inboxes(workerId, cancelled.at + minuteMs + 1)).toEqual([]);
      expect(await inboxes(await enter(store.backend), cancelled.at)).toEqual([]);
    });

    test("so is the holder of a child that is terminated", async () => {
      const parent = await running(store.backend);
      const [child] = await startChildren(store.backend, parent, ["terminate"]);
      const workerId = await take(store.backend, child);
      await endRun(store.backend, parent);
      await closeAll(store.backend, t0 + 70);
      expect(alive(await store.backend.claim(request(workerId, { limit: 0, now: t0 + 70 }))).inboxes).toEqual([{ runId: child.runId, sequence: 2 }]);
      expect(await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 1, events: [ended] })).toEqual({ accepted: false, refused: "fence" });
    });

    test("a run that nobody holds is ended under its epoch, and nobody is told", async () => {
      const { runId, workerId = await enter(store.backend) } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [suspended()] });
      await commitOne(store.other, { runId, seen: 0, events: [cancelled] });
      expect(await record(store.backend, runId)).toMatchObject({ status: "cancelled", epoch: 1 });
      expect(alive(await store.backend.claim(request(workerId, { limit: 0, now: cancelled.at }))).inboxes).toEqual([]);
    });
  });
}

const states = ["pending", "suspended", "running", "parked", "transient and pending", "transient and running", "transient and suspended"] as const;
type ChildState = (typeof states)[number];

/** A child in that state, whose parent has ended and has been closed. */
async function closedChild(backend: Backend, state: ChildState, parentClose: ParentClose): Promise<RunRecord> {
  const parent = await running(backend);
  const child = await childIn(backend, parent, { state, parentClose });
  await endRun(backend, parent);
  expect(await closeAll(backend, t0 + 70)).toBe(1);
  return child;
}

async function childIn(backend: Backend, parent: RunRecord, { state, parentClose }: { readonly state: ChildState; readonly parentClose: ParentClose }): Promise<RunRecord> {
  const [child] = await startChildrenWith(backend, parent, { closes: [parentClose], change: { durable: !state.startsWith("transient") } });
  if (!state.endsWith("pending")) await take(backend, child);
  if (state.endsWith("suspended")) await commitOne(backend, { runId: child.runId, fence: 1, seen: 1, events: [suspended(t0 * 2)] });
  if (state === "parked") await commitOne(backend, { runId: child.runId, fence: 1, seen: 1, events: [parked("v1")] });
  return record(backend, child.runId);
}
