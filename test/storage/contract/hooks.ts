import { describe, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { HookEvent } from "../../../src/core/events/hook.js";
import { operationIdOf, type OperationId, type RunId } from "../../../src/core/ids.js";
import type { Backend, HookFilter } from "../../../src/storage/backend.js";
import { claimed, commitOne, completed, eachWith, ended, enter, hookCreated, record, request, run, running, started, suspended, t0, type MakeStore } from "./support.js";

const approval = operationIdOf("hook_approval", 1);
const received = (at = t0 + 20, hookId = approval): HookEvent => ({ type: "hook.received", at, operationId: hookId, value: encode({ approved: at }) });
const expired: HookEvent = { type: "hook.expired", at: t0 + 30, operationId: approval };
const disposed: HookEvent = { type: "hook.disposed", at: t0 + 30, operationId: approval, reason: "run_ended" };

export function hooksContract(make: MakeStore): void {
  describe("hooks", () => {
    const store = eachWith(make);

    test("a created hook is pending, with its facts", async () => {
      const { runId } = await running(store.backend);
      const schema = { type: "object", properties: { approved: { type: "boolean" } } };
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [{ ...hookCreated(approval, t0 + 500), schema }] });
      expect(await store.other.getHook(runId, approval)).toEqual({ runId, hookId: approval, name: "approval", status: "pending", createdAt: t0 + 10, expiresAt: t0 + 500, schema });
    });

    test("a hook that nobody created is undefined, of an unknown run too", async () => {
      const { runId } = await waiting(store.backend);
      expect(await store.backend.getHook(runId, operationIdOf("hook_approval", 2))).toBeUndefined();
      expect(await store.backend.getHook(run().runId, approval)).toBeUndefined();
    });

    test("who resumes it wakes the suspended run, and the payload is kept", async () => {
      const { runId } = await waiting(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 2, events: [suspended()] });
      expect(await commitOne(store.other, { runId, seen: 0, events: [received()] })).toMatchObject({ accepted: true });
      expect(await record(store.backend, runId)).toMatchObject({ status: "suspended", dueAt: t0 + 20, wakeReason: "hook" });
      expect(await store.backend.getHook(runId, approval)).toMatchObject({ status: "received", receivedAt: t0 + 20, payload: encode({ approved: t0 + 20 }) });
      await claimed(store.backend, request(await enter(store.backend)));
      expect((await store.backend.readHistory(runId, 3)).map(({ type }) => type)).toEqual(["hook.received", "workflow.resumed"]);
    });

    test("who resumes it while the run executes reaches its inbox, and refuses the suspension that has not seen it", async () => {
      const { runId } = await waiting(store.backend);
      await commitOne(store.other, { runId, seen: 0, events: [received()] });
      expect(await record(store.backend, runId)).toMatchObject({ status: "running", inbox: 3 });
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 2, expect: true, events: [suspended()] })).toEqual({ accepted: false, refused: "expect" });
    });

    test("of two that resume it one wins, and the other changes nothing", async () => {
      const { runId } = await waiting(store.backend);
      const results = await Promise.all([store.backend, store.other].map((backend, n) => commitOne(backend, { runId, seen: 0, events: [received(t0 + 20 + n)] })));
      expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
      expect(results.find(({ accepted }) => !accepted)).toEqual({ accepted: false, refused: "hook", hookId: approval });
      expect((await store.backend.readHistory(runId, 0)).map(({ type }) => type)).toEqual(["workflow.started", "hook.created", "hook.received"]);
      expect(await record(store.backend, runId)).toMatchObject({ inbox: 3 });
    });

    test("nobody resumes it past its expiry, also where that is not written yet", async () => {
      const { runId } = await waiting(store.backend, t0 + 100);
      expect(await commitOne(store.other, { runId, seen: 0, events: [received(t0 + 100)] })).toEqual({ accepted: false, refused: "hook", hookId: approval });
      expect(await store.backend.getHook(runId, approval)).toMatchObject({ status: "pending" });
      expect(await commitOne(store.other, { runId, seen: 0, events: [received(t0 + 99)] })).toMatchObject({ accepted: true });
    });

    test("a hook that does not exist is not resumed", async () => {
      const { runId } = await running(store.backend);
      expect(await commitOne(store.other, { runId, seen: 0, events: [received()] })).toEqual({ accepted: false, refused: "hook", hookId: approval });
      expect((await record(store.backend, runId)).inbox).toBeUndefined();
    });

    test.for([
      ["expired", expired],
      ["disposed", disposed],
    ] as const)("the holder writes that it is %s, once, and not after it was received", async ([status, event]) => {
      const [first, second] = [await waiting(store.backend), await waiting(store.backend)];
      await commitOne(store.backend, { runId: first.runId, fence: 1, seen: 2, events: [event] });
      expect(await store.backend.getHook(first.runId, approval)).toMatchObject({ status });
      for (const late of [received(), event]) {
        expect(await commitOne(store.backend, { runId: first.runId, fence: 1, seen: 3, events: [late] })).toEqual({ accepted: false, refused: "hook", hookId: approval });
      }
      await commitOne(store.other, { runId: second.runId, seen: 0, events: [received()] });
      expect(await commitOne(store.backend, { runId: second.runId, fence: 1, seen: 2, events: [event] })).toEqual({ accepted: false, refused: "hook", hookId: approval });
      expect(await store.backend.getHook(second.runId, approval)).toMatchObject({ status: "received" });
    });

    test("a member that is refused for a hook writes nothing at all; its neighbours are accepted", async () => {
      const [first, second] = [await waiting(store.backend), await waiting(store.backend)];
      await commitOne(store.other, { runId: first.runId, seen: 0, events: [received()] });
      const before = await record(store.backend, first.runId);
      const created = run();
      const other = operationIdOf("hook_other", 1);
      const results = await store.backend.commit([
        { runId: first.runId, fence: 1, seen: 2, events: [started, hookCreated(other), expired, completed], create: [created], linked: [{ runId: second.runId, events: [{ type: "cancellation.requested", at: t0, requestedBy: "somebody" }] }] },
        { runId: second.runId, fence: 1, seen: 2, events: [expired] },
      ]);
      expect(results).toMatchObject([{ accepted: false, refused: "hook", hookId: approval }, { accepted: true }]);
      expect(await record(store.backend, first.runId)).toEqual(before);
      expect(await store.backend.readHistory(first.runId, 3)).toEqual([]);
      expect([await store.backend.getHook(first.runId, other), await store.backend.getRun(created.runId)]).toEqual([undefined, undefined]);
      expect((await record(store.backend, second.runId)).cancellationRequested).toBeUndefined();
    });

    test("the events of one member are folded one after another", async () => {
      const { runId } = await running(store.backend);
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [hookCreated(approval), expired, disposed] })).toMatchObject({ refused: "hook" });
      expect(await store.backend.getHook(runId, approval)).toBeUndefined();
      expect(await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [hookCreated(approval), expired] })).toMatchObject({ accepted: true });
      expect(await store.backend.getHook(runId, approval)).toMatchObject({ status: "expired" });
    });

    test("an end disposes of pending hooks, whoever writes it; what was received stays", async () => {
      const second = operationIdOf("hook_second", 1);
      const own = await waiting(store.backend);
      await commitOne(store.backend, { runId: own.runId, fence: 1, seen: 2, events: [hookCreated(second)] });
      await commitOne(store.other, { runId: own.runId, seen: 0, events: [received()] });
      await commitOne(store.backend, { runId: own.runId, fence: 1, seen: 4, events: [ended] });
      expect(await statuses(store.backend, own.runId, [approval, second])).toEqual(["received", "disposed"]);

      const foreign = await waiting(store.backend);
      await commitOne(store.other, { runId: foreign.runId, seen: 0, events: [{ type: "workflow.cancelled", at: t0, cleanupCompleted: false }] });
      const lost = await waiting(store.backend, undefined, { recoverOnWorkerLoss: false });
      await store.backend.loseWorker({ workerId: lost.workerId ?? (await enter(store.backend)), now: t0, error: "gone", charge: "all" });
      for (const { runId } of [foreign, lost]) expect(await statuses(store.backend, runId, [approval])).toEqual(["disposed"]);
      expect(await commitOne(store.other, { runId: foreign.runId, seen: 0, events: [received()] })).toEqual({ accepted: false, refused: "ended" });
    });

    test("suspension, parking and loss leave a hook pending", async () => {
      const { runId, workerId = await enter(store.backend) } = await waiting(store.backend);
      await store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "none" });
      expect(await statuses(store.backend, runId, [approval])).toEqual(["pending"]);
      expect(await commitOne(store.other, { runId, seen: 0, events: [received()] })).toMatchObject({ accepted: true });
      expect(await record(store.backend, runId)).toMatchObject({ status: "interrupted", wakeReason: "recovery" });
    });

    test("a large payload and schema survive", async () => {
      const { runId } = await running(store.backend);
      const schema = { description: "s".repeat(20_000) };
      const value = encode("x".repeat(300_000));
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [{ ...hookCreated(approval), schema }] });
      await commitOne(store.other, { runId, seen: 0, events: [{ type: "hook.received", at: t0, operationId: approval, value }] });
      const hook = await store.backend.getHook(runId, approval);
      expect([hook?.payload === value, hook?.schema]).toEqual([true, schema]);
    });

    test("they are listed newest first, by run and by status", async () => {
      const [first, second] = [await running(store.backend), await running(store.backend)];
      const ids = [1, 2, 3].map((n) => operationIdOf("hook_approval", n));
      for (const [index, hookId] of ids.entries()) {
        const { runId } = index === 1 ? second : first;
        await commitOne(store.backend, { runId, fence: 1, seen: 0, events: [{ ...hookCreated(hookId), at: t0 + index }] });
      }
      await commitOne(store.other, { runId: first.runId, seen: 0, events: [received(t0 + 9, ids[0])] });
      expect(await list(store.backend, {})).toEqual([ids[2], ids[1], ids[0]]);
      expect(await list(store.backend, { limit: 2 })).toEqual([ids[2], ids[1]]);
      expect(await list(store.backend, { runId: first.runId })).toEqual([ids[2], ids[0]]);
      expect(await list(store.backend, { status: "pending" })).toEqual([ids[2], ids[1]]);
      expect(await list(store.backend, { runId: first.runId, status: "received" })).toEqual([ids[0]]);
      expect(await list(store.backend, { status: "expired" })).toEqual([]);
      expect(await list(store.backend, { runId: run().runId })).toEqual([]);
    });
  });
}

/** A run that is held and has a pending hook. */
async function waiting(backend: Backend, expiresAt?: number, change: Parameters<typeof running>[1] = {}): ReturnType<typeof running> {
  const held = await running(backend, change);
  await commitOne(backend, { runId: held.runId, fence: 1, seen: 1, events: [hookCreated(approval, expiresAt)] });
  return held;
}

async function statuses(backend: Backend, runId: RunId, hookIds: readonly OperationId[]): Promise<readonly (string | undefined)[]> {
  const hooks = await Promise.all(hookIds.map((hookId) => backend.getHook(runId, hookId)));
  return hooks.map((hook) => hook?.status);
}

async function list(backend: Backend, filter: Partial<HookFilter>): Promise<readonly OperationId[]> {
  return (await backend.listHooks({ limit: 10, ...filter })).map(({ hookId }) => hookId);
}
