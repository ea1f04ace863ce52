import { describe, expect, test } from "vitest";
import type { RunId } from "../../../src/core/ids.js";
import { claimed, commitOne, completed, eachWith, enter, request, run, running, started, type MakeStore } from "./support.js";

export function concurrencyContract(make: MakeStore): void {
  describe("concurrency", () => {
    const store = eachWith(make);

    test("two that race claims never both get a run", async () => {
      for (let index = 0; index < 40; index++) await store.backend.createRun(run());
      const [one, two] = [await enter(store.backend), await enter(store.other)];
      const taken = await Promise.all([takeAll(one, "backend"), takeAll(two, "other")]);
      const all = taken.flat();
      expect([all.length, new Set(all).size]).toEqual([40, 40]);

      async function takeAll(workerId: typeof one, side: "backend" | "other"): Promise<readonly RunId[]> {
        const ids: RunId[] = [];
        for (;;) {
          const batch = await claimed(store[side], request(workerId, { limit: 3 }));
          if (batch.length === 0) return ids;
          ids.push(...batch.map(({ runId }) => runId));
        }
      }
    });

    test("two that race one run: one has it", async () => {
      const { runId } = await store.backend.createRun(run());
      const ids = [await enter(store.backend), await enter(store.other)] as const;
      const results = await Promise.all([claimed(store.backend, request(ids[0], { runId })), claimed(store.other, request(ids[1], { runId }))]);
      expect(results.flat()).toHaveLength(1);
      expect(await store.backend.readHistory(runId, 0)).toHaveLength(1);
    });

    test("commits of both sides keep each run's order, without gaps", async () => {
      const runs = [await running(store.backend), await running(store.backend)];
      await Promise.all(
        Array.from({ length: 30 }, (_, index) => {
          const backend = index % 2 === 0 ? store.backend : store.other;
          return backend.commit(runs.map(({ runId }) => ({ runId, fence: 1, seen: 0, events: [started, completed] })));
        }),
      );
      for (const { runId } of runs) {
        const history = await store.backend.readHistory(runId, 0);
        expect(history.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));
        expect(history.filter((event, index) => index > 0 && event.type !== (index % 2 === 1 ? "step.started" : "step.completed"))).toEqual([]);
      }
    });

    test("calls of one side take effect in the order in which they were made", async () => {
      const { runId } = await running(store.backend);
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => commitOne(store.backend, { runId, fence: 1, seen: index + 1, expect: true, events: [started] })),
      );
      expect(results.every(({ accepted }) => accepted)).toBe(true);
    });
  });
}
