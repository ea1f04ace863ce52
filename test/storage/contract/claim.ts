import { describe, expect, test } from "vitest";
import { operationIdOf, type RunId } from "../../../src/core/ids.js";
import type { Backend } from "../../../src/storage/backend.js";
import { alive, cancelRequested, claimed, commitOne, eachWith, ended, enter, parked, record, request, run, running, suspended, t0, type MakeStore } from "./support.js";

export function claimContract(make: MakeStore): void {
  describe("claim and due work", () => {
    const store = eachWith(make);

    test("the first claim starts a run, a later one resumes it with its reason", async () => {
      const workerId = await enter(store.backend);
      const { runId } = await store.backend.createRun(run());
      const [first] = await claimed(store.backend, request(workerId));
      expect(first).toMatchObject({ runId, status: "running", epoch: 1, workerId, startedAt: t0 + 1000 });
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [suspended(t0 + 5000)] });
      await claimed(store.backend, request(workerId, { now: t0 + 5000 }));
      const history = await store.backend.readHistory(runId, 0);
      expect(history.at(0)).toEqual({ type: "workflow.started", at: t0 + 1000, workerId, version: "v1", sequence: 1 });
      expect(history.at(2)).toEqual({ type: "workflow.resumed", at: t0 + 5000, reason: "timer", workerId, version: "v1", sequence: 3 });
      expect(await record(store.backend, runId)).toMatchObject({ status: "running", epoch: 2, startedAt: t0 + 1000 });
    });

    test("oldest due first, at most the limit, over all workflows that were asked for", async () => {
      const workerId = await enter(store.backend);
      const ids = await createDue(store.backend, [["order", 30], ["refund", 10], ["order", 20], ["other", 5], ["refund", 40]]);
      const wanted = request(workerId, { workflows: ["order", "refund"], limit: 3 });
      expect(new Set(await idsOf(store.backend, wanted))).toEqual(new Set([ids[1], ids[2], ids[0]]));
      expect(await idsOf(store.backend, wanted)).toEqual([ids[4]]);
      expect(await idsOf(store.backend, wanted)).toEqual([]);
    });

    test("a batch comes oldest first", async () => {
      const workerId = await enter(store.backend);
      const ids = await createDue(store.backend, [["order", 30], ["order", 10], ["order", 20]]);
      expect(await idsOf(store.backend, request(workerId))).toEqual([ids[1], ids[2], ids[0]]);
    });

    test("what is due later stays, and its time is told", async () => {
      const workerId = await enter(store.backend);
      await createDue(store.backend, [["order", 9000], ["order", 7000], ["other", 6000]]);
      const result = alive(await store.backend.claim(request(workerId)));
      expect([result.claimed, result.nextDueAt]).toEqual([[], t0 + 7000]);
      const later = alive(await store.backend.claim(request(workerId, { now: t0 + 7000 })));
      expect([later.claimed.length, later.nextDueAt]).toEqual([1, t0 + 9000]);
      expect(alive(await store.backend.claim(request(workerId, { now: t0 + 9000 }))).nextDueAt).toBeUndefined();
    });

    test("with a run asked for by its id come its descendants, what goes on in the place of any of them, and nobody else", async () => {
      const [{ runId }, stranger] = [await running(store.backend), run()];
      const child = run({ parent: { runId, operationId: operationIdOf("child_order", 1), parentClose: "abandon" } });
      const successor = run({ continuedFrom: runId, chain: runId });
      const grandchild = run({ createdAt: t0 + 9000, parent: { runId: child.runId, operationId: operationIdOf("child_order", 1), parentClose: "abandon" } });
      await store.backend.createRun(stranger);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [{ type: "workflow.continued_as_new", at: t0, newRunId: successor.runId, value: successor.input }], create: [child, successor] });
      await store.backend.createRun(grandchild);
      const workerId = await enter(store.backend);
      const result = alive(await store.backend.claim(request(workerId, { runId })));
      expect(result.claimed.map((one) => one.runId).toSorted()).toEqual([child.runId, successor.runId].toSorted());
      expect(result.nextDueAt).toBe(t0 + 9000);
      expect(await idsOf(store.backend, request(workerId, { runId, now: t0 + 9000 }))).toEqual([grandchild.runId]);
    });

    test("a run asked for by its id is the only one that is looked at", async () => {
      const workerId = await enter(store.backend);
      const ids = await createDue(store.backend, [["order", 1], ["order", 2], ["other", 3], ["order", 9000]]);
      expect(await idsOf(store.backend, request(workerId, { runId: at(ids, 1) }))).toEqual([ids[1]]);
      expect(await idsOf(store.backend, request(workerId, { runId: at(ids, 2) }))).toEqual([]);
      const future = alive(await store.backend.claim(request(workerId, { runId: at(ids, 3) })));
      expect([future.claimed, future.nextDueAt]).toEqual([[], t0 + 9000]);
      expect(await record(store.backend, at(ids, 0))).toMatchObject({ status: "pending", epoch: 0 });
    });

    test("limit 0 takes nothing and still reads the inboxes", async () => {
      const { runId, workerId } = await running(store.backend);
      const holder = workerId ?? (await enter(store.backend));
      await store.backend.createRun(run());
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      const result = alive(await store.backend.claim(request(holder, { limit: 0 })));
      expect(result).toMatchObject({ claimed: [], inboxes: [{ runId, sequence: 2 }], stopRequested: false });
      expect(alive(await store.backend.claim(request(await enter(store.backend), { limit: 0 }))).inboxes).toEqual([]);
    });

    test("suspended without a time, held and ended runs are not claimable", async () => {
      const [held, asleep, over] = [await running(store.backend), await running(store.backend), await running(store.backend)];
      await commitOne(store.backend, { runId: asleep.runId, fence: 1, seen: 1, events: [suspended()] });
      await commitOne(store.backend, { runId: over.runId, fence: 1, seen: 1, events: [ended] });
      const far = request(await enter(store.backend), { now: t0 * 2 });
      expect(await claimed(store.backend, far)).toEqual([]);
      expect(await store.backend.countDue(far)).toBe(0);
      expect(await record(store.backend, held.runId)).toMatchObject({ status: "running" });
    });

    test("a released run is due at once, with its reason", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [{ type: "workflow.suspended", at: t0, reason: "released" }] });
      expect(await idsOf(store.backend, request(await enter(store.backend)))).toEqual([runId]);
      expect((await store.backend.readHistory(runId, 2)).at(0)).toMatchObject({ type: "workflow.resumed", reason: "released" });
    });

    test("a parked run is claimed by other code only", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [parked("v1")] });
      const workerId = await enter(store.backend);
      expect(await claimed(store.backend, request(workerId, { version: "v1" }))).toEqual([]);
      expect(await claimed(store.backend, request(workerId, { version: "v1", runId }))).toEqual([]);
      expect(await store.backend.countDue(request(workerId, { version: "v2" }))).toBe(1);
      const [taken] = await claimed(store.backend, request(workerId, { version: "v2" }));
      expect(taken).toMatchObject({ runId, status: "running" });
      expect(taken?.parked).toBeUndefined();
      expect((await store.backend.readHistory(runId, 2)).at(0)).toMatchObject({ type: "workflow.resumed", reason: "recovery" });
    });

    test("from the second loss in a row a run is claimed alone", async () => {
      const { runId } = await store.backend.createRun(run({ maxRecoveryAttempts: 10 }));
      for (const company of ["crowd", "crowd", "alone"] as const) {
        const workerId = await enter(store.backend);
        const unfit = company === "crowd" ? "alone" : "crowd";
        expect(await claimed(store.backend, request(workerId, { company: unfit }))).toEqual([]);
        expect(await store.backend.countDue(request(workerId, { company }))).toBe(1);
        expect(await idsOf(store.backend, request(workerId, { company }))).toEqual([runId]);
        await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "all" });
      }
      expect(await idsOf(store.backend, request(await enter(store.backend), { company: "any" }))).toEqual([runId]);
    });

    test("due runs are counted up to the limit, and not taken", async () => {
      const workerId = await enter(store.backend);
      await createDue(store.backend, [["order", 1], ["order", 2], ["order", 3], ["order", 9000]]);
      expect(await store.backend.countDue(request(workerId))).toBe(3);
      expect(await store.backend.countDue(request(workerId, { limit: 2 }))).toBe(2);
      expect(await store.backend.countRuns()).toEqual({ pending: 4 });
    });
  });
}

async function createDue(backend: Backend, wanted: readonly (readonly [workflowName: string, afterMs: number])[]): Promise<RunId[]> {
  const ids: RunId[] = [];
  for (const [workflowName, afterMs] of wanted) ids.push((await backend.createRun(run({ workflowName, createdAt: t0 + afterMs }))).runId);
  return ids;
}

async function idsOf(backend: Backend, wanted: Parameters<Backend["claim"]>[0]): Promise<readonly RunId[]> {
  return (await claimed(backend, wanted)).map(({ runId }) => runId);
}

function at(ids: readonly RunId[], index: number): RunId {
  const id = ids[index];
  if (id === undefined) throw new Error(`there is no run ${index}`);
  return id;
}
