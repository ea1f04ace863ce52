import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import { newRunId, operationIdOf } from "../../../src/core/ids.js";
import { foldHistory } from "../../../src/core/run.js";
import { cancelRequested, commitOne, completed, eachWith, ended, enter, parked, record, request, run, running, started, suspended, t0, type MakeStore } from "./support.js";

export function runsContract(make: MakeStore): void {
  describe("runs and histories", () => {
    const store = eachWith(make);

    test("a created run comes back as it was given, pending and due at once", async () => {
      const given = run({ idempotencyKey: "k", tags: ["a", "b"], recoverOnWorkerLoss: false, maxRecoveryAttempts: 0, maxDurationMs: 60_000 });
      expect(await store.backend.createRun(given)).toEqual({ runId: given.runId, created: true });
      expect(await store.backend.getRun(given.runId)).toEqual({ ...given, status: "pending", dueAt: t0, recoveryAttempts: 0, closableChildren: 0, epoch: 0 });
      expect(await store.backend.readHistory(given.runId, 0)).toEqual([]);
    });

    test("an unknown run is undefined, without a history", async () => {
      const runId = newRunId(t0, () => new Uint8Array(16).fill(31));
      expect(await store.backend.getRun(runId)).toBeUndefined();
      expect(await store.backend.readHistory(runId, 0)).toEqual([]);
    });

    test("every kind of event is read back as it was written, with its sequence", async () => {
      const claimedRun = await running(store.backend);
      const events = everyEvent();
      const result = await commitOne(store.backend, { runId: claimedRun.runId, fence: 1, seen: 1, events });
      const expected = events.map((event, index) => Object.assign({ sequence: index + 2 }, event));
      expect(result).toEqual({ accepted: true, events: expected });
      expect((await store.backend.readHistory(claimedRun.runId, 1)).map(plain)).toEqual(expected);
      expect(await store.backend.readHistory(claimedRun.runId, events.length)).toEqual(expected.slice(-1));
    });

    test("large inputs, values, results and errors survive", async () => {
      const large = encode("x".repeat(300_000));
      const first = await running(store.backend, { input: large });
      expect(first.input).toBe(large);
      await commitOne(store.backend, { runId: first.runId, fence: 1, seen: 1, events: [{ ...completed, value: large } as WorkflowEvent, { ...ended, value: large } as WorkflowEvent] });
      expect((await store.backend.readHistory(first.runId, 1)).map((event) => "value" in event && event.value === large)).toEqual([true, true]);
      const second = await running(store.backend);
      await commitOne(store.backend, { runId: second.runId, fence: 1, seen: 1, events: [{ type: "workflow.failed", at: t0, value: large }] });
      expect([(await record(store.backend, first.runId)).result, (await record(store.backend, second.runId)).error]).toEqual([large, large]);
    });

    test("the row is the fold of the history (I10)", async () => {
      const { runId } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started, completed, ended] });
      const { status, startedAt, completedAt, result } = await record(store.backend, runId);
      const fold = foldHistory(t0, await store.backend.readHistory(runId, 0));
      expect({ status, startedAt, completedAt, result }).toEqual({ status: fold.status, startedAt: fold.startedAt, completedAt: fold.completedAt, result: fold.result });
      expect(status).toBe("completed");
    });

    test("runs are counted by status", async () => {
      await store.backend.createRun(run());
      await store.backend.createRun(run());
      await running(store.backend);
      expect(await store.backend.countRuns()).toEqual({ pending: 2, running: 1 });
    });

    test("those that have not ended are counted by workflow and status, with what is due and what is parked", async () => {
      const { backend } = store;
      expect(await backend.countLive(t0)).toEqual([]);
      const [held, asleep, over, drifted] = [await running(backend), await running(backend), await running(backend), await running(backend)];
      await backend.commit([
        { runId: asleep.runId, fence: 1, seen: 1, events: [suspended(t0 + 60_000)] },
        { runId: over.runId, fence: 1, seen: 1, events: [ended] },
        { runId: drifted.runId, fence: 1, seen: 1, events: [parked("v1")] },
      ]);
      await backend.createRun(run({ workflowName: "refund" }));
      await backend.createRun(run({ workflowName: "refund", createdAt: t0 + 100_000 }));
      const count = async (now: number) => (await backend.countLive(now)).map(({ workflowName, status, runs, due, ...others }) => [workflowName, status, runs, due, others.parked].join(" ")).toSorted();
      expect(held.status).toBe("running");
      expect(await count(t0)).toEqual(["order interrupted 1 0 1", "order running 1 0 0", "order suspended 1 0 0", "refund pending 2 1 0"]);
      expect(await count(t0 + 60_000)).toEqual(["order interrupted 1 0 1", "order running 1 0 0", "order suspended 1 1 0", "refund pending 2 1 0"]);
      expect(await count(t0 + 100_000)).toEqual(["order interrupted 1 0 1", "order running 1 0 0", "order suspended 1 1 0", "refund pending 2 2 0"]);
    });

    test("after close every call rejects", async () => {
      const workerId = await enter(store.backend);
      await store.backend.close();
      await expect(store.backend.claim(request(workerId))).rejects.toMatchObject({ code: "STORAGE", kind: "closed" });
      await expect(store.backend.createRun(run())).rejects.toMatchObject({ code: "STORAGE", kind: "closed" });
      await expect(store.backend.listWorkers()).rejects.toMatchObject({ code: "STORAGE", kind: "closed" });
    });
  });
}

// A key whose value is undefined would say "absent" in one backend and be absent in another.
function plain(event: object): object {
  return Object.fromEntries(Object.entries(event));
}

function everyEvent(): readonly WorkflowEvent[] {
  const operationId = operationIdOf("sleep", 1);
  const step = operationIdOf("step_a.b-c", 12);
  const [hook, child] = [operationIdOf("hook_ok", 1), operationIdOf("child_ship", 1)];
  const { runId: childRunId } = run();
  return [
    started,
    { type: "step.failed", at: t0, operationId: step, attempt: 1, isRetryable: true, value: encode(new Error("no")) },
    { type: "step.retrying", at: t0, operationId: step, attempt: 2, resumeAt: t0 + 500 },
    { type: "step.cancelled", at: t0, operationId: step, reason: "run_ended" },
    completed,
    { type: "sleep.started", at: t0, operationId, resumeAt: t0 + 60_000, after: 3, value: encode("1m") },
    { type: "sleep.completed", at: t0 + 60_000, operationId },
    { type: "hook.created", at: t0, operationId: hook, name: "ok", after: 4, expiresAt: t0 + 9, schema: { type: "object" } },
    { type: "hook.received", at: t0, operationId: hook, value: encode({ ok: true }) },
    { type: "hook.created", at: t0, operationId: operationIdOf("hook_ok", 2), name: "ok", after: 4 },
    { type: "hook.expired", at: t0, operationId: operationIdOf("hook_ok", 2) },
    { type: "hook.created", at: t0, operationId: operationIdOf("hook_ok", 3), name: "ok", after: 4 },
    { type: "hook.disposed", at: t0, operationId: operationIdOf("hook_ok", 3), reason: "cancelled" },
    { type: "child_workflow.started", at: t0, operationId: child, childRunId, workflowName: "ship", parentClose: "abandon", waits: false, after: 5, value: encode(1) },
    { type: "child_workflow.completed", at: t0, operationId: child, childRunId, parentClose: "abandon", value: encode(2) },
    { type: "child_workflow.failed", at: t0, operationId: operationIdOf("child_ship", 2), value: encode(new Error("no")) },
    { type: "child_workflow.cancelled", at: t0, operationId: operationIdOf("child_ship", 3), reason: "asked" },
    { type: "patch.recorded", at: t0, operationId: operationIdOf("patch_fee", 1), after: 6 },
    cancelRequested,
    { type: "workflow.cancelled", at: t0, reason: "asked", cleanupCompleted: false },
  ];
}
