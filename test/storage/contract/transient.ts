import { describe, expect, test } from "vitest";
import { cancelRequested, claimed, commitOne, completed, eachWith, ended, enter, only, record, request, running, started, suspended, t0, type MakeStore } from "./support.js";

export function transientContract(make: MakeStore): void {
  describe("transient runs", () => {
    const store = eachWith(make);
    const transient = { durable: false } as const;

    test("events are folded into the row and not kept", async () => {
      const { runId, startedAt, epoch } = await running(store.backend, transient);
      expect([startedAt !== undefined, epoch]).toEqual([true, 1]);
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 0, events: [started, completed] })).toEqual({ accepted: true, events: [] });
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 0, expect: true, events: [ended] })).toEqual({ accepted: true, events: [] });
      expect(await record(store.backend, runId)).toMatchObject({ status: "completed", completedAt: ended.at, durable: false });
      expect(await store.backend.readHistory(runId, 0)).toEqual([]);
    });

    test("the fence holds", async () => {
      const { runId } = await running(store.backend, transient);
      expect(await commitOne(store.backend, { runId, fence: 0, seen: 0, events: [ended] })).toEqual({ accepted: false, refused: "fence" });
      expect(await record(store.backend, runId)).toMatchObject({ status: "running" });
    });

    test("it suspends and is claimed again", async () => {
      const { runId } = await running(store.backend, transient);
      await commitOne(store.backend, { runId, fence: 1, seen: 0, events: [suspended(t0 + 10)] });
      const again = only(await claimed(store.backend, request(await enter(store.backend))));
      expect(again).toMatchObject({ runId, status: "running", epoch: 2 });
      expect(await store.backend.readHistory(runId, 0)).toEqual([]);
    });

    test("what somebody else wrote counts as unseen", async () => {
      const { runId } = await running(store.backend, transient);
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      const end = { runId, fence: 1, expect: true, events: [ended] } as const;
      expect(await commitOne(store.backend, { ...end, seen: 0 })).toEqual({ accepted: false, refused: "expect" });
      expect(await commitOne(store.backend, { ...end, seen: 1 })).toMatchObject({ accepted: true });
    });

    test("a loss fails it where it is not recovered", async () => {
      const { runId, workerId = await enter(store.backend) } = await running(store.backend, { ...transient, recoverOnWorkerLoss: false });
      expect(await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "all" })).toMatchObject([{ runId, status: "failed" }]);
      expect(await record(store.backend, runId)).toMatchObject({ status: "failed" });
      expect(await store.backend.readHistory(runId, 0)).toEqual([]);
    });
  });
}
