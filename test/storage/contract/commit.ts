import { describe, expect, test } from "vitest";
import { newRunId } from "../../../src/core/ids.js";
import { cancelRequested, claimed, commitOne, completed, eachWith, ended, enter, only, parked, record, request, run, running, started, suspended, t0, type MakeStore } from "./support.js";

export function commitContract(make: MakeStore): void {
  describe("commit", () => {
    const store = eachWith(make);

    test("sequences have no gaps over commits, claims and foreign appends (I1)", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started] });
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      await commitOne(store.backend, { runId, fence: 1, seen: 2, events: [completed, ended] });
      const history = await store.backend.readHistory(runId, 0);
      expect(history.map(({ sequence, type }) => `${sequence} ${type}`)).toEqual([
        "1 workflow.started",
        "2 step.started",
        "3 cancellation.requested",
        "4 step.completed",
        "5 workflow.completed",
      ]);
    });

    test("the result holds everything above seen, foreign events between own ones included", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      const result = await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started] });
      expect(result).toEqual({ accepted: true, events: [{ ...cancelRequested, sequence: 2 }, { ...started, sequence: 3 }] });
    });

    test("a stale epoch changes nothing (I2)", async () => {
      const { runId, workerId } = await running(store.backend);
      await store.backend.loseWorker({ workerId: workerId ?? raise(), now: t0, error: "gone", charge: "none" });
      await claimed(store.backend, request(await enter(store.backend), { runId }));
      const [before, history] = [await store.backend.getRun(runId), await store.backend.readHistory(runId, 0)];
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started, ended] })).toEqual({ accepted: false, refused: "fence" });
      expect(await store.backend.getRun(runId)).toEqual(before);
      expect(await store.backend.readHistory(runId, 0)).toEqual(history);
    });

    test.for([
      ["suspended", suspended(t0 + 60_000)],
      ["completed", ended],
      ["parked", parked("v1")],
    ] as const)("a run that its holder left %s is nobody's: the same epoch is refused", async ([, event]) => {
      const { runId } = await running(store.backend);
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [event] })).toMatchObject({ accepted: true });
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 2, events: [started] })).toEqual({ accepted: false, refused: "fence" });
      expect(await store.backend.readHistory(runId, 0)).toHaveLength(2);
    });

    test("a foreign append that names an epoch is refused when the run has changed hands since", async () => {
      const { runId } = await store.backend.createRun({ ...run(), durable: false });
      await claimed(store.backend, request(await enter(store.backend), { runId }));
      expect(await commitOne(store.other, { runId, seen: 0, epoch: 0, events: [cancelRequested] })).toEqual({ accepted: false, refused: "expect" });
      expect(await commitOne(store.other, { runId, seen: 0, epoch: 1, events: [cancelRequested] })).toMatchObject({ accepted: true });
    });

    test("expect is refused when a foreign append came between, and accepted once it was seen", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      const suspend = { runId, fence: 1, expect: true, events: [suspended()] } as const;
      expect(await commitOne(store.backend, { ...suspend, seen: 1 })).toEqual({ accepted: false, refused: "expect" });
      expect(await record(store.backend, runId)).toMatchObject({ status: "running" });
      expect(await commitOne(store.backend, { ...suspend, seen: 2 })).toMatchObject({ accepted: true });
      expect(await record(store.backend, runId)).toMatchObject({ status: "suspended" });
    });

    test("nothing follows a terminal event (I4)", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [ended] });
      expect(await commitOne(store.backend, { runId, seen: 2, events: [cancelRequested] })).toEqual({ accepted: false, refused: "ended" });
      expect(await store.backend.readHistory(runId, 0)).toHaveLength(2);
      expect((await record(store.backend, runId)).inbox).toBeUndefined();
    });

    test("the members of a batch do not touch each other", async () => {
      const [first, second] = [await running(store.backend), await running(store.backend)];
      const unknown = newRunId(t0, () => new Uint8Array(16).fill(31));
      const results = await store.backend.commit([
        { runId: first.runId, fence: 7, seen: 1, events: [ended] },
        { runId: unknown, seen: 0, events: [cancelRequested] },
        { runId: second.runId, fence: 1, seen: 1, events: [started, completed] },
      ]);
      expect(results.map((result) => (result.accepted ? result.events.length : result.refused))).toEqual(["fence", "unknown_run", 2]);
      expect(await record(store.backend, first.runId)).toMatchObject({ status: "running" });
    });

    test("two appends of one batch to one run stand in their order", async () => {
      const { runId } = await running(store.backend);
      const results = await store.backend.commit([
        { runId, fence: 1, seen: 1, events: [started] },
        { runId, fence: 1, seen: 2, events: [completed] },
      ]);
      expect(results.map((result) => result.accepted && result.events.map(({ sequence }) => sequence))).toEqual([[2], [3]]);
    });

    test("a foreign append sets the inbox to its sequence; a claim clears it", async () => {
      const { runId, workerId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started] });
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      expect(await record(store.backend, runId)).toMatchObject({ inbox: 3, epoch: 1 });
      await commitOne(store.backend, { runId, fence: 1, seen: 3, events: [suspended(t0)] });
      const again = only(await claimed(store.backend, request(workerId ?? raise())));
      expect(again).toMatchObject({ runId, epoch: 2, status: "running" });
      expect(again.inbox).toBeUndefined();
    });

    test("a foreign request makes a suspended run due, and says why", async () => {
      const { runId, workerId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [suspended()] });
      expect((await record(store.backend, runId)).dueAt).toBeUndefined();
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      expect(await record(store.backend, runId)).toMatchObject({ status: "suspended", dueAt: cancelRequested.at, wakeReason: "cancellation" });
      await claimed(store.backend, request(workerId ?? raise()));
      expect((await store.backend.readHistory(runId, 3)).at(0)).toMatchObject({ type: "workflow.resumed", reason: "cancellation" });
    });

    test("an outcome clears the losses of a run", async () => {
      const { runId, workerId } = await running(store.backend);
      await store.backend.loseWorker({ workerId: workerId ?? raise(), now: t0, error: "gone", charge: "all" });
      await claimed(store.backend, request(await enter(store.backend)));
      expect(await record(store.backend, runId)).toMatchObject({ recoveryAttempts: 1 });
      await commitOne(store.backend, { runId, fence: 3, seen: 3, events: [started, completed] });
      expect(await record(store.backend, runId)).toMatchObject({ recoveryAttempts: 0 });
    });

    test("a parked run keeps why, and is not due", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [parked("v1")] });
      const left = await record(store.backend, runId);
      expect(left).toMatchObject({ status: "interrupted", parked: { code: "NON_DETERMINISTIC", version: "v1", place: "order.ts:3:7", error: "charge was not asked for" } });
      expect([left.dueAt, left.workerId]).toEqual([undefined, undefined]);
    });
  });
}

function raise(): never {
  throw new Error("a running run has a worker");
}
