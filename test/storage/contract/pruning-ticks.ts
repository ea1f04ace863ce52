import { describe, expect, test } from "vitest";
import type { Tick } from "../../../src/core/schedule/schedule.js";
import type { Backend } from "../../../src/storage/backend.js";
import { accepted, current, decideOne, enterSchedule, tick } from "./scheduled.js";
import { eachWith, run, t0, type MakeStore } from "./support.js";

export function pruningTicksContract(make: MakeStore): void {
  describe("pruning of ledgers", () => {
    const store = eachWith(make);

    test("takes what was decided first, of all schedules, and keeps account of it", async () => {
      const [one, two] = [await enterSchedule(store.backend, "one", { decidedUpTo: t0 + 90 }), await enterSchedule(store.backend, "two", { decidedUpTo: t0 + 90 })];
      await decideOne(store.backend, one, { ticks: [tick(t0 + 1), tick(t0 + 4)] });
      await decideOne(store.backend, two, { ticks: [tick(t0 + 2), tick(t0 + 3), tick(t0 + 9)] });
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 9, limit: 3 })).toBe(3);
      expect([await dues(store.other, "one"), await dues(store.other, "two")]).toEqual([[t0 + 4], [t0 + 9]]);
      expect(await store.other.pruned()).toEqual({ runs: 0, ticks: 3, ticksDecidedBefore: t0 + 4 });
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 9, limit: 3 })).toBe(1);
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 9, limit: 3 })).toBe(0);
      expect(await store.other.describe()).toMatchObject({ schedules: 2, ticks: 1, pruned: { ticks: 4 } });
    });

    test("leaves alone what could be decided a second time without its row (I8)", async () => {
      const of = await enterSchedule(store.backend, "nightly", { decidedUpTo: t0 + 5 });
      const { runId } = run();
      const stay: Tick[] = [
        tick(t0 + 1, { decision: "buffered" }),
        tick(t0 + 6, { decidedAt: t0 }), // decided before the clock was set back: the schedule does not know it
        tick(t0 + 2, { kind: "backfill", decision: "fired", runId }),
      ];
      const go: Tick[] = [tick(t0 + 5, { decision: "fired", runId: run().runId }), tick(t0 + 3, { kind: "trigger", decision: "fired", runId: run().runId }), tick(t0 + 4, { kind: "backfill" })];
      expect(await decideOne(store.backend, of, { ticks: [...stay, ...go], state: { bufferedCount: 1 } })).toEqual(accepted);
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 1000, limit: 100 })).toBe(go.length);
      expect(await dues(store.other, "nightly")).toEqual([t0 + 6, t0 + 2, t0 + 1]);
      const again = { ...tick(t0 + 2), kind: "backfill", decision: "fired", runId: run().runId } as const;
      expect(await decideOne(store.backend, await current(store.backend, of), { ticks: [again] })).toMatchObject({ refused: "tick" });
    });

    test("what starts after it was buffered is prunable from then on", async () => {
      const of = await enterSchedule(store.backend, "nightly", { decidedUpTo: t0 + 5 });
      const waiting = tick(t0 + 1, { decision: "buffered" });
      await decideOne(store.backend, of, { ticks: [waiting] });
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 1000, limit: 100 })).toBe(0);
      await decideOne(store.backend, await current(store.backend, of), { ticks: [{ ...waiting, decision: "fired", runId: run().runId, decidedAt: t0 + 50 }] });
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 50, limit: 100 })).toBe(0);
      expect(await store.backend.pruneTicks({ decidedBefore: t0 + 51, limit: 100 })).toBe(1);
      expect((await store.other.loadSchedule(of.scheduleId, "skip"))?.buffered).toEqual([]);
    });
  });
}

async function dues(backend: Backend, id: string): Promise<readonly number[]> {
  const [scheduleId] = await backend.findScheduleIds(id, 1);
  if (scheduleId === undefined) throw new Error(`there is no schedule ${id}`);
  return (await backend.listTicks({ scheduleId, limit: 100 })).map(({ due }) => due);
}
