import { describe, expect, test } from "vitest";
import { decode } from "../../../src/base/codec.js";
import { alive, claimed, commitOne, eachWith, enter, record, request, run, running, started, t0, worker, type MakeStore } from "./support.js";

const dayMs = 86_400_000;

export function workersContract(make: MakeStore): void {
  describe("workers and their loss", () => {
    const store = eachWith(make);

    test("a registered worker is listed with its facts, newest first", async () => {
      const [first, second] = [worker({ role: "supervisor" }), worker()];
      await store.backend.registerWorker(first);
      const child = { ...second, parentId: first.workerId };
      await store.backend.registerWorker(child);
      const life = { status: "online", counter: 0, heartbeatAt: t0, activeRuns: 0, processed: 0, stopRequested: false };
      expect(await store.backend.listWorkers()).toEqual([{ ...child, ...life }, { ...first, ...life }]);
    });

    test("a worker id is used once", async () => {
      const once = worker();
      await store.backend.registerWorker(once);
      await expect(store.backend.registerWorker(once)).rejects.toThrow(/used twice/);
    });

    test("a heartbeat raises the counter; what it notes is shown", async () => {
      const { workerId = await enter(store.backend) } = await running(store.backend);
      expect(await store.backend.beat(workerId, t0 + 10)).toBe(true);
      expect(await store.backend.beat(workerId, t0 + 20)).toBe(true);
      await store.backend.updateWorker(workerId, { status: "draining", processed: 7 });
      expect(await store.backend.listWorkers()).toMatchObject([{ counter: 2, heartbeatAt: t0 + 20, status: "draining", processed: 7, activeRuns: 1 }]);
    });

    test("a request to stop reaches the worker with its next claim", async () => {
      const workerId = await enter(store.backend);
      expect(alive(await store.backend.claim(request(workerId))).stopRequested).toBe(false);
      await store.other.updateWorker(workerId, { stopRequested: true });
      expect(alive(await store.backend.claim(request(workerId))).stopRequested).toBe(true);
    });

    test("a lost worker's runs are interrupted, due at once, under a new epoch", async () => {
      const { runId, workerId = await enter(store.backend) } = await running(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started] });
      const lost = await store.backend.loseWorker({ workerId, now: t0 + 50, error: "killed by SIGKILL", charge: "all" });
      expect(lost).toEqual([{ runId, status: "interrupted", recoveryAttempts: 1 }]);
      const after = await record(store.backend, runId);
      expect(after).toMatchObject({ status: "interrupted", dueAt: t0 + 50, wakeReason: "recovery", epoch: 2, recoveryAttempts: 1 });
      expect(after.workerId).toBeUndefined();
      expect((await store.backend.readHistory(runId, 2)).at(0)).toEqual({
        type: "workflow.interrupted",
        sequence: 3,
        at: t0 + 50,
        reason: "worker_lost",
        workerId,
        lastEventSequence: 2,
        error: "killed by SIGKILL",
        recoveryAttempt: 1,
        recoverable: true,
      });
    });

    test("a second loss changes nothing", async () => {
      const { runId, workerId = await enter(store.backend) } = await running(store.backend);
      const loss = { workerId, now: t0, error: "gone", charge: "all" } as const;
      await store.backend.loseWorker(loss);
      const before = await record(store.backend, runId);
      expect(await store.other.loseWorker(loss)).toEqual([]);
      expect(await record(store.backend, runId)).toEqual(before);
    });

    test("a dead or unknown worker neither beats nor claims", async () => {
      const workerId = await enter(store.backend);
      const { workerId: unknown } = worker();
      await store.backend.createRun(run());
      await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "none" });
      for (const id of [workerId, unknown]) {
        expect(await store.backend.beat(id, t0)).toBe(false);
        expect(await store.backend.claim(request(id))).toEqual({ worker: "dead" });
      }
      expect(await store.backend.countRuns()).toEqual({ pending: 1 });
      expect(await store.backend.listWorkers()).toMatchObject([{ workerId, status: "dead", counter: 0 }]);
    });

    test("only the run to blame is charged", async () => {
      const workerId = await enter(store.backend);
      const [guilty, neighbour] = [await store.backend.createRun(run()), await store.backend.createRun(run({ recoverOnWorkerLoss: false }))];
      await claimed(store.backend, request(workerId));
      const lost = await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: guilty.runId });
      expect(lost).toEqual([
        { runId: guilty.runId, status: "interrupted", recoveryAttempts: 1 },
        { runId: neighbour.runId, status: "interrupted", recoveryAttempts: 0 },
      ]);
    });

    test("a run that allows no recovery is failed, with the reason", async () => {
      const { runId, workerId = await enter(store.backend) } = await running(store.backend, { recoverOnWorkerLoss: false });
      const [lost] = await store.backend.loseWorker({ workerId, now: t0, error: "killed by SIGKILL", charge: "all" });
      expect(lost).toMatchObject({ runId, status: "failed" });
      const { status, error, dueAt } = await record(store.backend, runId);
      expect([status, dueAt, error]).toEqual(["failed", undefined, lost?.error]);
      expect(decode(error ?? raise())).toMatchObject({ code: "RECOVERY_DISABLED" });
      const history = await store.backend.readHistory(runId, 1);
      expect(history.map(({ type }) => type)).toEqual(["workflow.interrupted", "workflow.failed"]);
    });

    test("beyond its attempts a run is failed", async () => {
      const { runId } = await store.backend.createRun(run({ maxRecoveryAttempts: 1 }));
      for (const status of ["interrupted", "failed"]) {
        const workerId = await enter(store.backend);
        await claimed(store.backend, request(workerId));
        expect(await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "all" })).toMatchObject([{ runId, status }]);
      }
      expect(decode((await record(store.backend, runId)).error ?? raise())).toMatchObject({ code: "RECOVERY_EXHAUSTED" });
    });

    test("the dead are kept for a day, then forgotten", async () => {
      const workerId = await enter(store.backend);
      await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "none" });
      await enter(store.backend, { startedAt: t0 + dayMs });
      expect(await store.backend.listWorkers()).toHaveLength(2);
      await enter(store.backend, { startedAt: t0 + dayMs + 1 });
      expect((await store.backend.listWorkers()).map(({ status }) => status)).toEqual(["online", "online"]);
      expect(await store.backend.beat(workerId, t0)).toBe(false);
    });
  });
}

function raise(): never {
  throw new Error("a failed run has an error");
}
