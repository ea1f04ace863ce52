import { describe, expect, test } from "vitest";
import { commitOne, eachWith, ended, run, running, type MakeStore } from "./support.js";

export function idempotencyContract(make: MakeStore): void {
  describe("idempotency keys (I9)", () => {
    const store = eachWith(make);

    test("the same workflow and key give the first run, whatever its status", async () => {
      const first = await running(store.backend, { idempotencyKey: "k" });
      expect(await store.other.createRun(run({ idempotencyKey: "k" }))).toEqual({ runId: first.runId, created: false });
      await commitOne(store.backend, { runId: first.runId, fence: 1, seen: 1, events: [ended] });
      expect(await store.other.createRun(run({ idempotencyKey: "k" }))).toEqual({ runId: first.runId, created: false });
      expect(await store.backend.countRuns()).toEqual({ completed: 1 });
    });

    test("a key belongs to its workflow; runs without a key are all different", async () => {
      const results = [
        await store.backend.createRun(run({ idempotencyKey: "k" })),
        await store.backend.createRun(run({ idempotencyKey: "k", workflowName: "refund" })),
        await store.backend.createRun(run()),
        await store.backend.createRun(run()),
      ];
      expect(results.map(({ created }) => created)).toEqual([true, true, true, true]);
    });

    test("a run that is entered a second time stays one run", async () => {
      const again = run();
      await store.backend.createRun(again);
      expect(await store.backend.createRun(again)).toEqual({ runId: again.runId, created: false });
      expect(await store.backend.countRuns()).toEqual({ pending: 1 });
    });

    test("ten that race get one run", async () => {
      const racers = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store.backend : store.other));
      const results = await Promise.all(racers.map((backend) => backend.createRun(run({ idempotencyKey: "race" }))));
      expect(new Set(results.map(({ runId }) => runId)).size).toBe(1);
      expect(results.filter(({ created }) => created)).toHaveLength(1);
    });
  });
}
