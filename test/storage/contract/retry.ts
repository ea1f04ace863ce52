import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { HookEvent } from "../../../src/core/events/hook.js";
import { operationIdOf } from "../../../src/core/ids.js";
import { findingsOf } from "../../../src/core/invariants.js";
import { closeAll, startChildren, take } from "./relatives.js";
import { cancelled, cancelRequested, claimed, commitOne, completed, eachWith, ended, enter, failed, hookCreated, only, parked, record, released, request, retried, run, running, started, t0, worker, type MakeStore } from "./support.js";

const kept = operationIdOf("hook_kept", 1);
const reset = operationIdOf("hook_reset", 1);
const received: HookEvent = { type: "hook.received", at: t0 + 20, operationId: kept, value: encode("yes") };

export function retryContract(make: MakeStore): void {
  describe("a manual retry", () => {
    const store = eachWith(make);

    test("takes up a run that failed: due at once, and what it ended with is forgotten", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [failed] });
      expect(await commitOne(store.other, { runId, seen: 2, expect: true, events: [retried()] })).toMatchObject({ accepted: true, events: [{ sequence: 3, reset: [] }] });
      const again = await record(store.backend, runId);
      expect(again).toMatchObject({ status: "suspended", dueAt: t0 + 50, wakeReason: "manual_retry", epoch: 1, recoveryAttempts: 0 });
      expect([again.error, again.completedAt, again.workerId]).toEqual([undefined, undefined, undefined]);
      only(await claimed(store.backend, request(await enter(store.backend))));
      expect(await commitOne(store.backend, { runId, fence: 2, seen: 4, events: [started, completed, ended] })).toMatchObject({ accepted: true });
      expect(findingsOf(await record(store.backend, runId), await store.backend.readHistory(runId, 0))).toEqual([]);
    });

    test("of two, one finds the run as it was", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [failed] });
      const results = await Promise.all([store.backend, store.other].map((backend) => commitOne(backend, { runId, seen: 2, expect: true, events: [retried()] })));
      expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
      expect(await store.backend.readHistory(runId, 2)).toHaveLength(1);
    });

    test.for([
      ["completed", ended],
      ["cancelled", cancelled],
    ] as const)("is refused after a run has %s, and anything else after one has failed", async ([, end]) => {
      const [over, lost] = [await running(store.backend), await running(store.backend)];
      await commitOne(store.backend, { runId: over.runId, fence: 1, seen: 1, events: [end] });
      await commitOne(store.backend, { runId: lost.runId, fence: 1, seen: 1, events: [failed] });
      expect(await commitOne(store.other, { runId: over.runId, seen: 2, events: [retried()] })).toEqual({ accepted: false, refused: "ended" });
      expect(await commitOne(store.other, { runId: lost.runId, seen: 2, events: [cancelRequested] })).toEqual({ accepted: false, refused: "ended" });
    });

    test("takes up a parked run for the same code, too", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [parked("v1")] });
      const workerId = await enter(store.backend);
      expect(await claimed(store.backend, request(workerId))).toEqual([]);
      await commitOne(store.other, { runId, seen: 2, events: [retried()] });
      expect(await claimed(store.backend, request(workerId))).toMatchObject([{ runId, status: "running" }]);
      expect((await store.backend.readHistory(runId, 3)).at(0)).toMatchObject({ type: "workflow.resumed", reason: "manual_retry", workerId });
    });

    test("the hooks that the end disposed of are waited for again; those of operations that begin anew are created anew", async () => {
      const { runId } = await running(store.backend);
      const expired = operationIdOf("hook_expired", 1);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [hookCreated(kept), hookCreated(reset), hookCreated(expired), { type: "hook.expired", at: t0, operationId: expired }] });
      await commitOne(store.backend, { runId, fence: 1, seen: 5, events: [{ type: "hook.disposed", at: t0, operationId: reset, reason: "run_ended" }, failed] });
      await commitOne(store.other, { runId, seen: 7, events: [retried(reset)] });
      const statuses = await Promise.all([kept, reset, expired].map(async (hookId) => (await store.backend.getHook(runId, hookId))?.status));
      expect(statuses).toEqual(["pending", "disposed", "expired"]);
      expect(await commitOne(store.other, { runId, seen: 0, events: [received] })).toMatchObject({ accepted: true });

      await take(store.backend, { runId });
      expect(await commitOne(store.backend, { runId, fence: 2, seen: 10, events: [hookCreated(reset)] })).toMatchObject({ accepted: true });
      expect(await store.backend.getHook(runId, reset)).toMatchObject({ status: "pending" });
      expect(findingsOf(await record(store.backend, runId), await store.backend.readHistory(runId, 0))).toEqual([]);
    });

    test("of a parked run leaves its hooks as they are: one that was disposed of has its outcome", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [hookCreated(kept), { type: "hook.disposed", at: t0, operationId: kept, reason: "cancelled" }, parked("v1")] });
      await commitOne(store.other, { runId, seen: 4, events: [retried()] });
      expect(await store.backend.getHook(runId, kept)).toMatchObject({ status: "disposed" });
    });

    test("closes at once what the end was to close; the next life counts its children anew", async () => {
      const parent = await running(store.backend);
      const [open] = await startChildren(store.backend, parent, ["terminate"]);
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 2, events: [failed] });
      await commitOne(store.other, { runId: parent.runId, seen: 3, events: [retried(open.parent.operationId)] });
      expect(await record(store.backend, open.runId)).toMatchObject({ status: "cancelled", orphaned: true });
      const again = await record(store.backend, parent.runId);
      expect(again).toMatchObject({ status: "suspended", closableChildren: 0 });
      expect(again.closing).toBeUndefined();
      expect(await store.backend.readHistory(parent.runId, 4)).toEqual([]);
      expect(await closeAll(store.backend, t0 + 70)).toBe(0);
    });

    test("a child that goes on is heard of in the next life, unless its operation begins anew", async () => {
      const parent = await running(store.backend);
      const [left, replaced] = await startChildren(store.backend, parent, ["abandon", "abandon"]);
      await commitOne(store.backend, { runId: parent.runId, fence: 1, seen: 3, events: [failed] });
      await commitOne(store.other, { runId: parent.runId, seen: 4, events: [retried(replaced.parent.operationId)] });
      for (const child of [left, replaced]) {
        await take(store.backend, child);
        expect(await commitOne(store.backend, { runId: child.runId, fence: 1, seen: 1, events: [ended] })).toMatchObject({ accepted: true });
      }
      expect(await store.backend.readHistory(parent.runId, 5)).toMatchObject([{ type: "child_workflow.completed", childRunId: left.runId }]);
    });
  });

  describe("a run that begins with the history of another", () => {
    const store = eachWith(make);

    test("its row is the fold of it, its events are numbered from 1, and its hooks are its own", async () => {
      const original = await running(store.backend);
      await commitOne(store.backend, { runId: original.runId, fence: 1, seen: 1, events: [started, completed, hookCreated(kept), hookCreated(reset)] });
      await commitOne(store.other, { runId: original.runId, seen: 0, events: [received] });
      const reused = await store.backend.readHistory(original.runId, 0);
      const copy = run({ rerunOf: original.runId, seed: original.runId });
      const events = [...reused.filter(({ sequence }) => sequence !== 2 && sequence !== 3), released()];
      expect(await store.backend.createRun(copy, events)).toEqual({ runId: copy.runId, created: true });
      const written = await store.other.readHistory(copy.runId, 0);
      expect(written.map(({ sequence, type }) => `${sequence} ${type}`)).toEqual(["1 workflow.started", "2 hook.created", "3 hook.created", "4 hook.received", "5 workflow.suspended"]);
      const row = await record(store.backend, copy.runId);
      expect(row).toMatchObject({ rerunOf: original.runId, seed: original.runId, status: "suspended", dueAt: t0 + 7, wakeReason: "released", epoch: 0 });
      expect(findingsOf(row, written)).toEqual([]);
      expect(await store.backend.getHook(copy.runId, kept)).toMatchObject({ runId: copy.runId, status: "received", payload: encode("yes") });
      expect(await store.backend.getHook(copy.runId, reset)).toMatchObject({ runId: copy.runId, status: "pending" });
      expect(await store.backend.getHook(original.runId, reset)).toMatchObject({ runId: original.runId, status: "pending" });
    });

    test("it is claimed and goes on after its last event", async () => {
      const { workerId } = worker();
      const copy = run();
      await store.backend.createRun(copy, [{ type: "workflow.started", at: t0, workerId, version: "v1" }, started, completed, released()]);
      expect(await claimed(store.backend, request(await enter(store.backend)))).toMatchObject([{ runId: copy.runId, epoch: 1, startedAt: t0 }]);
      expect(await commitOne(store.backend, { runId: copy.runId, fence: 1, seen: 5, expect: true, events: [ended] })).toMatchObject({ accepted: true, events: [{ sequence: 6 }] });
    });

    test("where its idempotency key names an older run, nothing of the history is written", async () => {
      const older = await running(store.backend, { idempotencyKey: "k" });
      const copy = run({ idempotencyKey: "k" });
      expect(await store.backend.createRun(copy, [hookCreated(kept)])).toEqual({ runId: older.runId, created: false });
      expect([await store.backend.getRun(copy.runId), await store.backend.getHook(copy.runId, kept)]).toEqual([undefined, undefined]);
      expect([await store.backend.readHistory(older.runId, 1), await store.backend.getHook(older.runId, kept)]).toEqual([[], undefined]);
    });
  });
}
