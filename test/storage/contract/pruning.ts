import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import { operationIdOf, type RunId } from "../../../src/core/ids.js";
import type { NewRun, RunRecord } from "../../../src/core/run.js";
import type { Backend } from "../../../src/storage/backend.js";
import type { PruneFilter } from "../../../src/storage/upkeep.js";
import { childIds, closeAll, continueAsNew, parentOf, startChildren, take } from "./relatives.js";
import { cancelled, claimed, commitOne, eachWith, ended, enter, failed, hookCreated, only, record, request, retried, run, running, t0, type MakeStore } from "./support.js";

const late = t0 + 1_000_000;
const completed: PruneFilter = { statuses: ["completed"], endedBefore: late };
const links: PruneFilter = { statuses: ["continued_as_new"], endedBefore: late };

export function pruningContract(make: MakeStore): void {
  describe("pruning of runs", () => {
    const store = eachWith(make);

    test("takes those that ended first, with all that belongs to them, and says how many", async () => {
      const [second, first, third] = [await endedAt(store.backend, t0 + 20), await endedAt(store.backend, t0 + 10), await endedAt(store.backend, t0 + 30)];
      expect(await store.other.countPrunable(completed)).toBe(3);
      expect(await store.backend.pruneRuns({ ...completed, limit: 2 })).toEqual({ runs: 2, events: 4, endedUpTo: t0 + 20 });
      expect(await idsLeft(store.other)).toEqual([third.runId]);
      for (const { runId } of [first, second]) {
        expect([await store.other.getRun(runId), await store.other.readHistory(runId, 0)]).toEqual([undefined, []]);
      }
      expect(await prune(store.backend)).toBe(1);
      expect(await store.backend.pruneRuns({ ...completed, limit: 2 })).toEqual({ runs: 0, events: 0 });
    });

    test("goes on where it was, so that what it left alone is not looked at again", async () => {
      for (const at of [t0 + 10, t0 + 20, t0 + 30]) await endedAt(store.backend, at);
      expect(await store.backend.pruneRuns({ ...completed, limit: 5, endedFrom: t0 + 20 })).toMatchObject({ runs: 2, endedUpTo: t0 + 30 });
    });

    test("by status, workflow and time; the time itself is not before", async () => {
      const done = await endedAt(store.backend, t0 + 10);
      const refund = await endedAt(store.backend, t0 + 10, { workflowName: "refund" });
      const broken = await endedWith(store.backend, { ...failed, at: t0 + 10 });
      const stopped = await endedWith(store.backend, { ...cancelled, at: t0 + 10 });
      expect(await prune(store.backend, { statuses: ["completed"], endedBefore: t0 + 10 })).toBe(0);
      expect(await prune(store.backend, { statuses: ["completed"], endedBefore: t0 + 11, workflowName: "refund" })).toBe(1);
      expect(await idsLeft(store.other)).toEqual([stopped, broken, done].map(({ runId }) => runId));
      expect(await store.other.getRun(refund.runId)).toBeUndefined();
      expect(await store.backend.countPrunable({ statuses: ["failed", "cancelled"], endedBefore: late })).toBe(2);
      expect(await prune(store.backend, { statuses: ["failed", "cancelled"], endedBefore: late })).toBe(2);
      expect(await idsLeft(store.other)).toEqual([done.runId]);
    });

    test("what has not ended stays, whatever is asked for", async () => {
      const pending = await store.backend.createRun(run());
      const held = await running(store.backend);
      const again = await endedWith(store.backend, failed);
      await commitOne(store.backend, { runId: again.runId, seen: 2, events: [retried()] });
      const everything: PruneFilter = { statuses: ["pending", "running", "suspended", "interrupted", "failed"], endedBefore: Number.MAX_SAFE_INTEGER };
      expect([await store.backend.countPrunable(everything), await prune(store.backend, everything)]).toEqual([0, 0]);
      expect(await idsLeft(store.other)).toEqual(expect.arrayContaining([pending.runId, held.runId, again.runId]));
    });

    test("hooks and large values go with their run, and no other's", async () => {
      const [gone, kept] = [await withLargeHook(store.backend), await withLargeHook(store.backend)];
      await commitOne(store.backend, { runId: gone, fence: 1, seen: 3, events: [{ type: "workflow.completed", at: t0 + 50, value: large("result") }] });
      expect(await prune(store.backend)).toBe(1);
      expect((await store.other.listHooks({ limit: 10 })).map(({ runId, payload }) => [runId, payload])).toEqual([[kept, large("payload")]]);
      expect(await store.other.getRun(kept)).toMatchObject({ input: large("input") });
      expect(await store.other.readHistory(kept, 2)).toMatchObject([{ type: "hook.received", value: large("payload") }]);
      expect(await store.other.findFaults()).toEqual([]);
    });

    test("a child stays while its parent lives or may be retried, and goes when that has ended otherwise", async () => {
      const parent = await parentOf(store.backend, ["abandon"]);
      const childId = only(await childIds(store.backend, parent.runId));
      await end(store.backend, childId);
      expect([await store.backend.countPrunable(completed), await prune(store.backend)]).toEqual([0, 0]);
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 0, events: [{ ...failed, at: t0 + 90 }] });
      expect([await store.backend.countPrunable(completed), await prune(store.backend)]).toEqual([0, 0]);
      expect(await prune(store.backend, { statuses: ["failed"], endedBefore: late })).toBe(1);
      expect(await store.backend.countPrunable(completed)).toBe(1);
      expect(await prune(store.backend)).toBe(1);
      expect(await idsLeft(store.other)).toEqual([]);
    });

    test("a run whose children are still to be closed stays until they are; what lives on bears the loss of its parent", async () => {
      const parent = await parentOf(store.backend, ["cancel"]);
      const childId = only(await childIds(store.backend, parent.runId));
      await take(store.backend, { runId: childId });
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 0, events: [ended] });
      expect([await store.backend.countPrunable(completed), await prune(store.backend)]).toEqual([0, 0]);
      await store.backend.closeChildren(10, t0 + 60);
      expect(await prune(store.backend)).toBe(1);
      expect(await store.other.getRun(parent.runId)).toBeUndefined();
      expect(await commitOne(store.backend, { runId: childId, fence: 1, seen: 2, events: [{ ...cancelled, at: t0 + 70 }] })).toMatchObject({ accepted: true });
      expect(await store.other.getRun(childId)).toMatchObject({ status: "cancelled", parent: { runId: parent.runId } });
    });

    test("the runs between the first and the last of a chain go by their own end, and who knows the first finds the last", async () => {
      const key = { idempotencyKey: "order-8" };
      const [head, last] = await chainOfRuns(store.backend, 5, key);
      expect([await store.backend.countPrunable(completed), await prune(store.backend)]).toEqual([0, 0]);
      expect([await store.backend.countPrunable(links), await prune(store.backend, { ...links, endedBefore: t0 + 30 })]).toEqual([3, 0]);
      expect(await prune(store.backend, links)).toBe(3);
      expect(await idsLeft(store.other)).toEqual([last.runId, head.runId]);
      expect([await store.backend.countPrunable(links), await store.other.findFaults()]).toEqual([0, []]);
      expect(await store.other.lastOfChain(head.runId)).toMatchObject({ runId: last.runId, status: "pending" });
      expect(await store.other.createRun(run(key))).toEqual({ runId: head.runId, created: false });
      const asked = await running(store.backend);
      await commitOne(store.backend, { runId: asked.runId, fence: 1, seen: 1, events: [], linked: [{ runId: head.runId, events: [{ type: "cancellation.requested", at: t0 + 50, requestedBy: "parent" }] }] });
      expect(await store.other.getRun(last.runId)).toMatchObject({ cancellationRequested: true });
      const workerId = await enter(store.backend);
      expect(only(await claimed(store.backend, request(workerId, { runId: head.runId }))).runId).toBe(last.runId);
    });

    test("what is left of a chain goes with its last: those between, then the first, then the last; a long one in several calls", async () => {
      const [head, last] = await chainOfRuns(store.backend, 4);
      const everything: PruneFilter = { statuses: ["completed", "continued_as_new"], endedBefore: late };
      await end(store.backend, last.runId);
      expect([await store.backend.countPrunable(links), await store.backend.countPrunable(completed), await store.backend.countPrunable(everything)]).toEqual([2, 4, 4]);
      const left: (readonly RunId[])[] = [];
      for (let endedFrom = 0; ; ) {
        const pruned = await store.backend.pruneRuns({ ...completed, limit: 1, endedFrom });
        if (pruned.runs === 0) break;
        left.push(await idsLeft(store.other));
        endedFrom = pruned.endedUpTo ?? 0;
      }
      expect(left.map((ids) => ids.length)).toEqual([3, 2, 1, 0]);
      expect(left.slice(1)).toEqual([[last.runId, head.runId], [last.runId], []]);
      expect(await store.other.findFaults()).toEqual([]);
    });

    test("a run between stays until its children are closed, and so does a chain that has ended", async () => {
      const head = await running(store.backend);
      const between = await continueAsNew(store.backend, head);
      await take(store.backend, between);
      await startChildren(store.backend, await record(store.backend, between.runId), ["cancel"]);
      const last = await continueAsNew(store.backend, between);
      await end(store.backend, last.runId);
      const everything: PruneFilter = { statuses: ["completed", "continued_as_new"], endedBefore: late };
      expect([await store.backend.countPrunable(everything), await prune(store.backend, everything)]).toEqual([0, 0]);
      await closeAll(store.backend, t0 + 60);
      expect([await store.backend.countPrunable(everything), await prune(store.backend, everything)]).toEqual([3, 3]);
    });

    test("of a child that goes on, its parent needs the first run alone, and hears of the last", async () => {
      const parent = await parentOf(store.backend, ["terminate"]);
      const childId = only(await childIds(store.backend, parent.runId));
      await take(store.backend, { runId: childId });
      const between = await continueAsNew(store.backend, { runId: childId });
      await take(store.backend, between);
      const last = await continueAsNew(store.backend, between);
      expect(await prune(store.backend, links)).toBe(1);
      expect(await childIds(store.other, parent.runId)).toEqual([last.runId, childId]);
      await end(store.backend, last.runId);
      expect(await prune(store.backend, { statuses: ["completed", "continued_as_new"], endedBefore: late })).toBe(0);
      expect(await store.other.readHistory(parent.runId, 2)).toMatchObject([{ type: "child_workflow.completed", childRunId: last.runId }]);
      expect(await record(store.other, parent.runId)).toMatchObject({ closableChildren: 0 });
    });

    test("a batch of runs between does not pass over others that ended at the same time", async () => {
      const [head, last] = await chainOfRuns(store.backend, 12);
      const alone = await endedAt(store.backend, t0 + 30);
      await take(store.backend, last);
      await commitOne(store.backend, { runId: last.runId, fence: 1, seen: 1, events: [{ ...ended, at: t0 + 40 }] });
      expect(await prune(store.backend, { statuses: ["completed", "continued_as_new"], endedBefore: t0 + 31 })).toBe(11);
      expect([await idsLeft(store.other), await record(store.other, head.runId)]).toMatchObject([[last.runId, head.runId], { status: "continued_as_new" }]);
      expect(await store.other.getRun(alone.runId)).toBeUndefined();
      expect(await prune(store.backend)).toBe(2);
    });

    test("frees the idempotency key", async () => {
      const key = { idempotencyKey: "order-7" };
      const first = await endedAt(store.backend, t0 + 10, key);
      expect(await store.other.createRun(run(key))).toEqual({ runId: first.runId, created: false });
      await prune(store.backend);
      const again = run(key);
      expect(await store.other.createRun(again)).toEqual({ runId: again.runId, created: true });
    });

    test("keeps account of what it took", async () => {
      expect(await store.backend.pruned()).toEqual({ runs: 0, ticks: 0 });
      await endedAt(store.backend, t0 + 500, { createdAt: t0 + 400 });
      await endedAt(store.backend, t0 + 300, { createdAt: t0 + 200 });
      await prune(store.backend);
      expect(await store.other.pruned()).toEqual({ runs: 2, runsCreatedBefore: t0 + 401, ticks: 0 });
    });

    test("several at once delete each run once, and a list goes on while they do", async () => {
      for (let index = 0; index < 30; index++) await endedAt(store.backend, t0 + index, { createdAt: t0 + index });
      const first = await store.other.listRuns({ limit: 10 });
      const sums = await Promise.all([store.backend, store.other, store.backend].map((backend) => prune(backend, { statuses: ["completed"], endedBefore: t0 + 25 })));
      expect(sums.reduce((sum, count) => sum + count, 0)).toBe(25);
      expect(await idsLeft(store.other)).toHaveLength(5);
      const cursor = first.at(-1)?.runId;
      expect(await store.other.listRuns({ limit: 10, ...(cursor && { before: cursor }) })).toEqual([]);
    });

    test("the facts of a store count what is there, and what went", async () => {
      await endedAt(store.backend, t0 + 10);
      const held = await running(store.backend, { createdAt: t0 + 5 });
      await commitOne(store.backend, { runId: held.runId, fence: 1, seen: 1, events: [hookCreated(operationIdOf("hook_approval", 1))] });
      expect(await store.other.describe()).toMatchObject({ runs: { completed: 1, running: 1 }, events: 4, hooks: 1, schedules: 0, ticks: 0, oldestCreatedAt: t0, pruned: { runs: 0, ticks: 0 } });
      await prune(store.backend);
      expect(await store.other.describe()).toMatchObject({ runs: { running: 1 }, events: 2, oldestCreatedAt: t0 + 5, pruned: { runs: 1, ticks: 0 } });
    });
  });
}

/** Of so many runs; the last waits for a worker. */
async function chainOfRuns(backend: Backend, length: number, change: Partial<NewRun> = {}): Promise<readonly [head: RunRecord, last: NewRun]> {
  const head = await running(backend, change);
  let last = await continueAsNew(backend, head);
  for (let made = 2; made < length; made++) {
    await take(backend, last);
    last = await continueAsNew(backend, last);
  }
  return [head, last];
}

/** Until none is left, a few at a time; how many went. */
async function prune(backend: Backend, filter: PruneFilter = completed): Promise<number> {
  for (let sum = 0; ; ) {
    const { runs } = await backend.pruneRuns({ ...filter, limit: 4 });
    if (runs === 0) return sum;
    sum += runs;
  }
}

function endedAt(backend: Backend, at: number, change: Partial<NewRun> = {}): Promise<RunRecord> {
  return endedWith(backend, { ...ended, at }, change);
}

async function endedWith(backend: Backend, event: WorkflowEvent, change: Partial<NewRun> = {}): Promise<RunRecord> {
  const { runId } = await running(backend, change);
  await commitOne(backend, { runId, fence: 1, seen: 1, events: [event] });
  return record(backend, runId);
}

async function end(backend: Backend, runId: RunId): Promise<void> {
  await take(backend, { runId });
  await commitOne(backend, { runId, fence: 1, seen: 1, events: [ended] });
}

const large = (what: string) => encode(what.repeat(2000));

async function withLargeHook(backend: Backend): Promise<RunId> {
  const { runId } = await running(backend, { input: large("input") });
  const hook = operationIdOf("hook_approval", 1);
  await commitOne(backend, { runId, fence: 1, seen: 1, events: [{ ...hookCreated(hook), schema: { description: "large".repeat(2000) } }] });
  await commitOne(backend, { runId, seen: 0, events: [{ type: "hook.received", at: t0 + 20, operationId: hook, value: large("payload") }] });
  return runId;
}

async function idsLeft(backend: Backend): Promise<readonly RunId[]> {
  return (await backend.listRuns({ limit: 100 })).map(({ runId }) => runId);
}
