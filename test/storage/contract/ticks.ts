import { describe, expect, test } from "vitest";
import { defaults } from "../../../src/core/defaults.js";
import type { ScheduleRecord, Tick } from "../../../src/core/schedule/schedule.js";
import type { Backend, TickFilter } from "../../../src/storage/backend.js";
import { accepted, current, decideOne, enterSchedule, load, refused, runOf, tick } from "./scheduled.js";
import { eachWith, run, t0, type MakeStore } from "./support.js";

export function ticksContract(make: MakeStore): void {
  describe("the ledger", () => {
    const store = eachWith(make);

    test("a tick is kept as it was decided", async () => {
      const of = await enterSchedule(store.backend, "all");
      const ticks = (["fired", "skipped", "buffered", "cancelled_other", "caught_up", "missed"] as const).map((decision, index) => tick(t0 + index, { decision, reason: `it was ${decision} ä`, decidedAt: t0 + 50 + index }));
      const { runId } = run();
      await note(store.backend, of, [...ticks, tick(t0 - 1, { decision: "fired", runId })]);
      expect(await ledger(store.other, of)).toEqual([...ticks.toReversed(), tick(t0 - 1, { decision: "fired", runId })]);
    });

    test("newest due time first, and of one due time by kind, whatever the order in which they came", async () => {
      const of = await enterSchedule(store.backend, "order");
      const [old, trigger, backfill, own] = [tick(t0 - 9), tick(t0, { kind: "trigger" }), tick(t0, { kind: "backfill" }), tick(t0)];
      await note(store.backend, of, [backfill, old, own, trigger]);
      expect(await ledger(store.other, of)).toEqual([trigger, own, backfill, old]);
      expect(await ledger(store.other, of, { limit: 2 })).toEqual([trigger, own]);
    });

    test("filtered by kind, decision and due time; together they narrow", async () => {
      const of = await enterSchedule(store.backend, "filters");
      const [a, b, c, d] = [tick(t0), tick(t0 + 1, { kind: "backfill" }), tick(t0 + 2, { decision: "missed" }), tick(t0 + 3, { kind: "backfill", decision: "missed" })];
      await note(store.backend, of, [a, b, c, d]);
      expect(await ledger(store.backend, of, { kind: "backfill" })).toEqual([d, b]);
      expect(await ledger(store.backend, of, { decision: "missed" })).toEqual([d, c]);
      expect(await ledger(store.backend, of, { kind: "backfill", decision: "missed" })).toEqual([d]);
      expect(await ledger(store.backend, of, { dueFrom: t0 + 1, dueBefore: t0 + 3 })).toEqual([c, b]);
      expect(await ledger(store.backend, of, { dueFrom: t0 + 2, kind: "schedule" })).toEqual([c]);
      expect(await ledger(store.backend, of, { dueBefore: t0 })).toEqual([]);
    });

    test("each schedule has its own", async () => {
      const [one, two] = [await enterSchedule(store.backend, "one"), await enterSchedule(store.backend, "two")];
      await note(store.backend, one, [tick(t0, { reason: "of one" })]);
      await note(store.backend, two, [tick(t0, { reason: "of two" })]);
      expect(await ledger(store.other, one)).toEqual([tick(t0, { reason: "of one" })]);
      expect(await ledger(store.other, two)).toEqual([tick(t0, { reason: "of two" })]);
    });

    test("a due time has one row of each kind, also within one decision (I8)", async () => {
      const of = await enterSchedule(store.backend, "unique");
      await note(store.backend, of, [tick(t0), tick(t0, { kind: "trigger" }), tick(t0, { kind: "backfill", decision: "fired", runId: run().runId })]);
      for (const kind of ["schedule", "trigger", "backfill"] as const) expect(await decideOne(store.backend, await current(store.backend, of), { ticks: [tick(t0, { kind })] })).toEqual(refused("tick"));
      expect(await decideOne(store.backend, await current(store.backend, of), { ticks: [tick(t0 + 1), tick(t0 + 1)] })).toEqual(refused("tick"));
      expect(await ledger(store.other, of)).toHaveLength(3);
    });

    test.for<[Tick["kind"], Tick["decision"], boolean]>([
      ["schedule", "skipped", false],
      ["schedule", "missed", false],
      ["trigger", "skipped", false],
      ["backfill", "skipped", true],
      ["backfill", "missed", true],
      ["schedule", "buffered", true],
      ["trigger", "buffered", true],
      ["backfill", "buffered", true],
    ])("a %s tick that was %s makes way for one that starts a run: %s", async ([kind, decision, makesWay]) => {
      const of = await enterSchedule(store.backend, "replaced");
      const before = tick(t0, { kind, decision });
      const started = runOf(of);
      const after = tick(t0, { kind, decision: "fired", decidedAt: t0 + 77, reason: "at last", runId: started.runId });
      await note(store.backend, of, [before]);
      expect(await decideOne(store.other, await current(store.other, of), { ticks: [after], create: [started] })).toEqual(makesWay ? accepted : refused("tick"));
      expect(await ledger(store.backend, of)).toEqual([makesWay ? after : before]);
    });

    test("a tick that waits is not asked for again, and one that started a run never", async () => {
      const of = await enterSchedule(store.backend, "asked");
      const waits = tick(t0, { kind: "backfill", decision: "buffered" });
      await note(store.backend, of, [waits]);
      expect(await decideOne(store.backend, await current(store.backend, of), { ticks: [waits] })).toEqual(refused("tick"));
      const fired = { ...waits, decision: "fired", runId: run().runId } as const;
      await note(store.backend, of, [fired]);
      for (const again of [waits, { ...fired, runId: run().runId }, tick(t0, { kind: "backfill" })]) expect(await decideOne(store.backend, await current(store.backend, of), { ticks: [again] })).toEqual(refused("tick"));
      expect(await ledger(store.other, of)).toEqual([fired]);
    });

    test("what waits is loaded in the order in which it came, whatever its due time and kind", async () => {
      const of = await enterSchedule(store.backend, "line");
      const [first, second, third] = [tick(t0 + 9, waiting), tick(t0, { ...waiting, kind: "trigger" }), tick(t0 + 5, { ...waiting, kind: "backfill" })];
      await note(store.backend, of, [first, tick(t0 + 1), second]);
      await note(store.other, of, [tick(t0 + 2), third]);
      expect((await load(store.other, of)).buffered).toEqual([first, second, third]);
      await note(store.backend, of, [{ ...second, decision: "skipped" }]);
      expect((await load(store.other, of)).buffered).toEqual([first, third]);
    });

    test("one that is asked for again waits behind those that came meanwhile", async () => {
      const of = await enterSchedule(store.backend, "again");
      const backfill = tick(t0, { kind: "backfill", decidedAt: t0 });
      const [other, again] = [tick(t0 + 1, waiting), { ...backfill, ...waiting }];
      await note(store.backend, of, [backfill]);
      await note(store.backend, of, [other]);
      await note(store.backend, of, [again]);
      expect((await load(store.other, of)).buffered).toEqual([other, again]);
    });

    test("no more of them are loaded than fit into one decision: the first", async () => {
      const { ticksMax } = defaults.schedule;
      const of = await enterSchedule(store.backend, "many");
      const ticks = Array.from({ length: ticksMax + 3 }, (_, index) => tick(t0 - index, waiting));
      await note(store.backend, of, ticks);
      expect((await load(store.other, of)).buffered).toEqual(ticks.slice(0, ticksMax));
    });
  });
}

const waiting = { decision: "buffered", decidedAt: t0 + 50 } as const;

async function note(backend: Backend, of: ScheduleRecord, ticks: readonly Tick[]): Promise<void> {
  expect(await decideOne(backend, await current(backend, of), { ticks })).toEqual(accepted);
}

async function ledger(backend: Backend, { scheduleId }: ScheduleRecord, filter: Partial<TickFilter> = {}): Promise<readonly Tick[]> {
  return backend.listTicks({ scheduleId, limit: 1000, ...filter });
}
