import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { operationIdOf, type OperationId, type RunId } from "../../src/core/ids.js";
import type { RunRecord } from "../../src/core/run.js";
import type { Backend, CommitResult } from "../../src/storage/backend.js";
import { claimed, commitOne, completed, ended, enter, record, request, run, running, started, suspended, t0 } from "./contract/support.js";
import { openWatched, plansOf, type Plan, type WatchedStore } from "./sqlite/plans.js";

let store: WatchedStore;
let backend: Backend;
beforeEach(async () => {
  store = await openWatched();
  ({ backend } = store);
});
afterEach(() => store.remove());

/** How SQLite would run each statement that was prepared so far. */
function plans(): readonly Plan[] {
  return plansOf(store.path, store.watched.texts);
}

const scan = /SCAN (?:runs|events|payloads|hooks)/;
const scanWithoutIndex = /SCAN (?:runs|events|payloads|hooks)(?! USING)/;

function using(index: string): readonly string[] {
  return plans().flatMap(({ sql, plan }) => (plan.includes(index) ? [sql] : []));
}

test("every look goes through an index, however many runs there are", async () => {
  const { runId, workerId } = await running(backend);
  await backend.commit([{ runId, fence: 1, seen: 1, events: [started, completed] }]);
  await backend.claim(request(await enter(backend)));
  await backend.listRuns({ limit: 5, before: runId });
  await backend.listRuns({ limit: 5, statuses: ["running"], before: runId });
  await backend.listRuns({ limit: 5, workflowName: "order" });
  if (workerId) await backend.listRuns({ limit: 5, workerId });
  await backend.listRuns({ limit: 5, chain: runId });
  await backend.lastOfChain(runId);
  await backend.lastOfChain(run().runId);
  await backend.findRunIds("run_0", 5);
  await backend.findRunIds("", 5);
  const found = plans();
  expect(found.length).toBeGreaterThan(12);
  expect(found.filter(({ plan }) => scanWithoutIndex.test(plan))).toEqual([]);
  expect([using("runs_parked").length, using("runs_due").length]).toEqual([1, 2]);
  expect(using("runs_chain")).toHaveLength(3); // the list, the last of a chain, and the family of a claim
  expect([using("runs_closing").length, using("runs_taken").length]).toEqual([1, 1]);
});

test("a plain step costs its two events and one look at its run", async () => {
  const { runId } = await running(backend);
  const step = (seen: number) => commitOne(backend, { runId, fence: 1, seen, events: [started, completed] });
  await step(1);
  const before = store.watched.calls;
  await step(3);
  expect(store.watched.calls - before).toBe(5); // BEGIN, the run, two events, COMMIT
});

test("the children of a run, and those to be closed, are found without a look at others", async () => {
  const parent = await withChild();
  await backend.listRuns({ limit: 5, parentId: parent.runId });
  await backend.listRuns({ limit: 5, parentId: parent.runId, statuses: ["pending"], workflowName: "order" });
  await commitOne(backend, { runId: parent.runId, fence: 1, seen: 2, events: [ended] });
  expect(await backend.closeChildren(10, t0)).toBe(1);
  const found = plans();
  expect(found.filter(({ plan }) => scanWithoutIndex.test(plan))).toEqual([]);
  expect(using("runs_children")).toHaveLength(3); // both lists, and the family of a claim
  expect(using("runs_live_children")).toHaveLength(1);
  expect(using("runs_closing")).toHaveLength(2);
});

async function withChild(): Promise<RunRecord> {
  const parent = await running(backend);
  const operationId = operationIdOf("child_order", 1);
  const child = run({ nestingDepth: 1, parent: { runId: parent.runId, operationId, parentClose: "terminate" } });
  const began: WorkflowEvent = {
    type: "child_workflow.started",
    at: t0,
    operationId,
    childRunId: child.runId,
    workflowName: "order",
    parentClose: "terminate",
    waits: true,
    after: 1,
    value: encode(null),
  };
  await commitOne(backend, { runId: parent.runId, fence: 1, seen: 1, events: [began], create: [child] });
  return record(backend, parent.runId);
}

test("of ten thousand pending hooks one is read, resumed and given up without a look at the others", async () => {
  const waiting = await Promise.all(Array.from({ length: 100 }, async () => backend.createRun(run())));
  const workerId = await enter(backend);
  const held = await claimed(backend, request(workerId, { limit: 100 }));
  expect(held).toHaveLength(waiting.length);
  const hooks = Array.from({ length: 100 }, (_, index) => operationIdOf("hook_approval", index + 1));
  await backend.commit(held.map(({ runId }) => ({ runId, fence: 1, seen: 1, events: [...hooks.map(created), suspended()] })));
  const [first] = held;
  if (!first) throw new Error("nothing was claimed");

  const { runId } = first;
  const hookId = operationIdOf("hook_approval", 77);
  expect(await backend.getHook(runId, hookId)).toMatchObject({ hookId, status: "pending" });
  expect(await resume(runId, hookId)).toMatchObject({ accepted: true });
  expect(await resume(runId, hookId)).toEqual({ accepted: false, refused: "hook", hookId });
  expect(await claimed(backend, request(workerId))).toMatchObject([{ runId }]);
  expect(await backend.listHooks({ runId, status: "pending", limit: 200 })).toHaveLength(99);
  await commitOne(backend, { runId, fence: 2, seen: 103, events: [ended] });
  expect(await backend.listHooks({ runId, status: "disposed", limit: 200 })).toHaveLength(99);
  expect(await backend.listHooks({ runId, limit: 200 })).toHaveLength(100);

  const looks = plans();
  expect(looks.filter(({ sql }) => sql.includes("hooks")).length).toBeGreaterThan(4);
  expect(looks.filter(({ plan }) => scan.test(plan) || plan.includes("hooks_by_status") || plan.includes("hooks_newest"))).toEqual([]);
  expect(await backend.listHooks({ status: "pending", limit: 20_000 })).toHaveLength(9900);
  expect(await backend.listHooks({ limit: 20_000 })).toHaveLength(10_000);
  expect([using("hooks_by_status").length, using("hooks_newest").length]).toEqual([1, 1]);
});

function created(operationId: OperationId): WorkflowEvent {
  return { type: "hook.created", at: t0, operationId, name: "approval", after: 1 };
}

function resume(runId: RunId, operationId: OperationId): Promise<CommitResult> {
  return commitOne(backend, { runId, seen: 0, events: [{ type: "hook.received", at: t0 + 1, operationId, value: encode("yes") }] });
}

test("the newest run that somebody started is found without a look at children, and not by a sort", async () => {
  await backend.listRuns({ topLevel: true, limit: 1 });
  const look = plans().find(({ plan }) => plan.includes("runs_newest_top"));
  expect(look?.plan).not.toContain("TEMP B-TREE");
  expect(look?.sql).toContain("ORDER BY created_at DESC");
});

test("runs that live are counted without a look at those that ended", async () => {
  await backend.countLive(t0);
  const [look, ...others] = plans().filter(({ sql }) => sql.includes("GROUP BY workflow"));
  expect([look?.plan, others]).toEqual([expect.stringContaining("SEARCH runs USING INDEX runs_by_status (status=?)"), []]);
});

test("ten thousand due runs of a workflow that nobody here knows are not looked at: the known ones come, in their order", async () => {
  await Promise.all(Array.from({ length: 10_000 }, () => backend.createRun(run({ workflowName: "unknown" }))));
  const known = [run({ createdAt: t0 + 2 }), run({ createdAt: t0 + 1 }), run({ createdAt: t0 + 3 })];
  for (const each of known) await backend.createRun(each);
  const workerId = await enter(backend);
  const found = await claimed(backend, request(workerId, { limit: 10, now: t0 + 10 }));
  expect(found.map(({ runId }) => runId)).toEqual([known[1], known[0], known[2]].map((each) => each?.runId));
  const looks = plans().filter(({ sql }) => sql.includes("FROM runs") && sql.includes("due_at <= ?"));
  // The workflow leads the index: rows of others are no part of the range.
  expect(looks.map(({ plan }) => plan)).toEqual([expect.stringContaining("SEARCH runs USING INDEX runs_due (workflow=? AND due_at")]);
});
