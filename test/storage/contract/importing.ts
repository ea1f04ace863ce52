import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import { operationIdOf } from "../../../src/core/ids.js";
import { findingsOf } from "../../../src/core/invariants.js";
import { startChildren } from "./relatives.js";
import { claimed, commitOne, completed, eachWith, ended, enter, failed, hookCreated, nextWake, record, released, request, retried, run, running, started, suspended, t0, worker, type MakeStore } from "./support.js";

const began: WorkflowEvent = { type: "workflow.started", at: t0, workerId: worker().workerId, version: "v1" };
const [open, given] = [operationIdOf("hook_open", 1), operationIdOf("hook_given", 1)];
const child = operationIdOf("child_order", 1);

export function importingContract(make: MakeStore): void {
  describe("runs that come from another store", () => {
    const store = eachWith(make);

    test("each row is the fold of its events, hooks too, and an end that was undone is undone", async () => {
      const received: WorkflowEvent = { type: "hook.received", at: t0 + 20, operationId: given, value: encode("yes") };
      const retriedRun = run();
      const events = [began, started, completed, hookCreated(open), hookCreated(given), received, failed, retried()];
      const [whole, fresh] = [run({ tags: ["eu"], idempotencyKey: "k" }), run()];
      const imported = [{ run: retriedRun, events }, { run: whole, events: [began, started, completed, ended] }, { run: fresh, events: [] }];
      expect(await store.backend.importRuns(imported)).toEqual({ imported: true });

      for (const each of imported) {
        const history = await store.other.readHistory(each.run.runId, 0);
        expect(history).toEqual(each.events.map((event, index) => Object.assign({ sequence: index + 1 }, event)));
        expect(findingsOf(await record(store.other, each.run.runId), history)).toEqual([]);
      }
      expect(await record(store.backend, whole.runId)).toMatchObject({ status: "completed", idempotencyKey: "k", tags: ["eu"], completedAt: t0 + 3, epoch: 0 });
      expect(await record(store.backend, fresh.runId)).toMatchObject({ status: "pending", dueAt: t0 });
      expect(await store.backend.getHook(retriedRun.runId, open)).toMatchObject({ status: "pending" });
      expect(await store.backend.getHook(retriedRun.runId, given)).toMatchObject({ status: "received", payload: encode("yes") });
    });

    test("what lives goes on, and others hear of it", async () => {
      const handedOver = run();
      const bell = nextWake(store.other);
      await store.backend.importRuns([{ run: handedOver, events: [began, started, completed, released()] }]);
      expect(await bell).toBe("woken");
      expect(await claimed(store.other, request(await enter(store.other)))).toMatchObject([{ runId: handedOver.runId, epoch: 1 }]);
      expect(await commitOne(store.other, { runId: handedOver.runId, fence: 1, seen: 5, events: [ended] })).toMatchObject({ accepted: true });
    });

    test("all or none: where an id or an idempotency key is taken, nothing is written, and both are named", async () => {
      const older = run({ idempotencyKey: "k" });
      await store.backend.createRun(older);
      const [fine, sameKey] = [run(), run({ idempotencyKey: "k" })];
      const entries = [{ run: fine, events: [began, suspended(t0 + 9)] }, { run: sameKey, events: [began, ended] }];
      expect(await store.backend.importRuns(entries)).toEqual({ imported: false, runId: sameKey.runId, takenBy: older.runId });
      expect(await store.backend.importRuns([{ run: fine, events: [] }, { run: older, events: [] }])).toEqual({ imported: false, runId: older.runId, takenBy: older.runId });
      expect(await store.backend.getRun(fine.runId)).toBeUndefined();
      expect(await store.backend.readHistory(older.runId, 0)).toEqual([]);
    });

    test("nobody hears of an end that is among the events: not the parent here, which knows of it", async () => {
      const parent = await running(store.backend);
      const [first] = await startChildren(store.backend, parent, ["terminate"]);
      const before = await store.backend.readHistory(parent.runId, 0);
      const other = run({ nestingDepth: 1, parent: { ...first.parent, runId: parent.runId } });
      await store.backend.importRuns([{ run: other, events: [began, ended] }]);
      expect(await store.backend.readHistory(parent.runId, 0)).toEqual(before);
    });

    test("live children of an end are closed here, those that were left to themselves are not", async () => {
      const parent = run();
      const [kept, left] = [1, 2].map(() => run({ nestingDepth: 1, parent: { runId: parent.runId, operationId: child, parentClose: "terminate" } }));
      if (!kept || !left) throw new Error("two were made");
      const start: WorkflowEvent = { type: "child_workflow.started", at: t0, operationId: child, childRunId: kept.runId, workflowName: "order", parentClose: "terminate", waits: true, after: 0, value: encode(1) };
      await store.backend.importRuns([{ run: parent, events: [began, start, ended] }, { run: kept, events: [] }, { run: left, orphaned: true, events: [] }]);
      expect(await record(store.backend, left.runId)).toMatchObject({ orphaned: true });
      expect(await store.backend.closeChildren(10, t0 + 60)).toBe(1);
      expect([(await record(store.backend, kept.runId)).status, (await record(store.backend, left.runId)).status]).toEqual(["cancelled", "pending"]);
    });
  });
}
