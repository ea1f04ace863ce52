import { describe, expect, test } from "vitest";
import { operationIdOf, type RunId } from "../../../src/core/ids.js";
import type { NewRun } from "../../../src/core/run.js";
import type { Backend, RunFilter } from "../../../src/storage/backend.js";
import { claimed, commitOne, eachWith, ended, enter, request, run, running, t0, type MakeStore } from "./support.js";

export function listingContract(make: MakeStore): void {
  describe("listing", () => {
    const store = eachWith(make);

    test("newest first, by creation and then by arrival", async () => {
      const ids = await create(store.backend, [{ createdAt: t0 + 5 }, { createdAt: t0 }, { createdAt: t0 + 9 }, { createdAt: t0 }]);
      expect(await list(store.backend, {})).toEqual([ids[2], ids[0], ids[3], ids[1]]);
      expect(await store.backend.findRunIds("", 2)).toEqual([ids[2], ids[0]]);
    });

    test("pages by cursor hold every run once", async () => {
      const ids = await create(store.backend, Array.from({ length: 11 }, (_, index) => ({ createdAt: t0 + Math.floor(index / 3) })));
      const seen: RunId[] = [];
      for (let page = await list(store.backend, { limit: 4 }); page.length > 0; ) {
        seen.push(...page);
        const before = page.at(-1);
        page = await list(store.backend, { limit: 4, ...(before && { before }) });
      }
      expect(seen).toEqual(ids.toReversed());
    });

    test("a list goes on behind a cursor whose run is gone", async () => {
      const [older, same, newer] = await create(store.backend, [{ createdAt: t0 }, { createdAt: t0 + 1 }, { createdAt: t0 + 2 }]);
      expect(await list(store.backend, { before: run({ createdAt: t0 + 3 }).runId })).toEqual([newer, same, older]);
      expect(await list(store.backend, { before: run({ createdAt: t0 + 1 }).runId })).toEqual([same, older]);
      expect(await list(store.backend, { before: run({ createdAt: t0 - 1 }).runId })).toEqual([]);
    });

    test("filters by status, several too, and keeps the order over pages", async () => {
      const [pending] = await create(store.backend, [{ createdAt: t0 + 1 }]);
      const held = await running(store.backend, { createdAt: t0 + 2 });
      const over = await running(store.backend, { createdAt: t0 + 3 });
      await commitOne(store.backend, { runId: over.runId, fence: 1, seen: 1, events: [ended] });
      expect(await list(store.backend, { statuses: ["pending"] })).toEqual([pending]);
      expect(await list(store.backend, { statuses: ["completed", "pending"] })).toEqual([over.runId, pending]);
      expect(await list(store.backend, { statuses: ["pending", "completed", "running"], limit: 2 })).toEqual([over.runId, held.runId]);
      expect(await list(store.backend, { statuses: ["pending", "completed", "running"], before: over.runId })).toEqual([held.runId, pending]);
      expect(await list(store.backend, { statuses: [] })).toEqual([]);
    });

    test("filters by workflow, worker, tag, text and time; together they narrow", async () => {
      const ids = await create(store.backend, [
        { workflowName: "refund", tags: ["vip", "eu"] },
        { idempotencyKey: "order-77", createdAt: t0 + 10 },
        { tags: ["vipers"], createdAt: t0 + 20 },
      ]);
      const held = await running(store.backend, { createdAt: t0 + 30 });
      expect(await list(store.backend, { workflowName: "refund" })).toEqual([ids[0]]);
      expect(await list(store.backend, held.workerId ? { workerId: held.workerId } : {})).toEqual([held.runId]);
      expect(await list(store.backend, { tag: "vip" })).toEqual([ids[0]]);
      expect(await list(store.backend, { query: "efun" })).toEqual([ids[0]]);
      expect(await list(store.backend, { query: "der-7" })).toEqual([ids[1]]);
      expect(await list(store.backend, { query: held.runId.slice(-8) })).toEqual([held.runId]);
      expect(await list(store.backend, { query: "%" })).toEqual([]);
      expect(await list(store.backend, { createdFrom: t0 + 10, createdBefore: t0 + 30 })).toEqual([ids[2], ids[1]]);
      expect(await list(store.backend, { workflowName: "order", createdFrom: t0 + 10, tag: "vip" })).toEqual([]);
    });

    test("those that somebody started, and not a parent", async () => {
      const [parent] = await create(store.backend, [{ createdAt: t0 }]);
      expect(parent).toBeDefined();
      if (parent !== undefined) await create(store.backend, [{ createdAt: t0 + 1, parent: { runId: parent, operationId: operationIdOf("child_order", 1), parentClose: "abandon" } }]);
      expect(await list(store.backend, {})).toHaveLength(2);
      expect(await list(store.backend, { topLevel: true })).toEqual([parent]);
    });

    test("by when they were last interrupted, whatever became of them", async () => {
      const lost = await running(store.backend);
      await running(store.backend);
      expect(lost.workerId).toBeDefined();
      if (lost.workerId !== undefined) await store.backend.loseWorker({ workerId: lost.workerId, now: t0 + 50, error: "gone", charge: "none" });
      await claimed(store.backend, request(await enter(store.backend), { runId: lost.runId }));
      expect(await list(store.backend, { interruptedFrom: t0 + 50 })).toEqual([lost.runId]);
      expect(await list(store.backend, { interruptedFrom: t0, interruptedBefore: t0 + 50 })).toEqual([]);
      expect(await list(store.backend, { interruptedFrom: t0 + 51 })).toEqual([]);
    });

    test("ids are found by prefix, newest first, at most the limit", async () => {
      const ids = await create(store.backend, [{ createdAt: t0 }, { createdAt: t0 + 50_000_000 }, { createdAt: t0 + 100_000_000 }]);
      const [oldest = run().runId] = ids;
      expect(await store.backend.findRunIds(oldest, 5)).toEqual([oldest]);
      expect(await store.backend.findRunIds("run_", 2)).toEqual([ids[2], ids[1]]);
      expect(await store.backend.findRunIds("run_zzz", 5)).toEqual([]);
      expect(await store.backend.findRunIds(oldest.slice(0, 10), 5)).toContain(oldest);
    });
  });
}

async function create(backend: Backend, changes: readonly Partial<NewRun>[]): Promise<readonly RunId[]> {
  const ids: RunId[] = [];
  for (const change of changes) ids.push((await backend.createRun(run(change))).runId);
  return ids;
}

async function list(backend: Backend, filter: Partial<RunFilter>): Promise<readonly RunId[]> {
  return (await backend.listRuns({ limit: 100, ...filter })).map(({ runId }) => runId);
}
