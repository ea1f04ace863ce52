import { expect, test } from "vitest";
import { z } from "zod";
import {
  ChildWorkflowCancelledError, ChildWorkflowFailedError, continueAsNew, hook, MaxNestingDepthError, PyworkflowError, runChild, sleep, startChild, step, workflow,
} from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { errorOf, eventually, found, openParity, reaches, valueOf } from "./support.js";

const double = step("parity.double", async (n: number) => n * 2);
const doubles = workflow({ name: "parity.doubles", input: z.number() }, async (n) => double(n));
const failing = workflow("parity.fails", async (): Promise<number> => {
  throw new RangeError("too far");
});
const napping = workflow("parity.naps", async () => sleep("1h"));

test("the errors of children are of the family, and tell which child and why", () => {
  const runId = "run_x" as never;
  const failed = new ChildWorkflowFailedError("ship", runId, new RangeError("too far"));
  expect(failed).toMatchObject({ code: "CHILD_FAILED", childRunId: runId, childWorkflowName: "ship", message: "the child workflow ship (run_x) failed: too far", cause: { name: "RangeError" } });
  expect(new ChildWorkflowCancelledError("ship", runId)).toMatchObject({ code: "CHILD_CANCELLED", message: expect.stringContaining("cancelled") });
  expect(new MaxNestingDepthError("ship", 3)).toMatchObject({ code: "MAX_NESTING_DEPTH", maxDepth: 3, message: expect.stringContaining("3 levels") });
  for (const error of [failed, new MaxNestingDepthError("ship", 3)]) expect(error).toBeInstanceOf(PyworkflowError);
});

test("runChild gives the child's result, and both logs say so", async () => {
  const waits = workflow("parity.waits", async () => runChild(doubles, 21));
  const { engine, store, record, events, types } = await openParity({ workflows: [waits, doubles] });
  const run = await engine.start(waits, undefined);
  expect(await run.result()).toBe(42);
  const [child] = await store.listRuns({ parentId: run.runId, limit: 9 });
  expect(child).toMatchObject({ workflowName: "parity.doubles", status: "completed", nestingDepth: 1, parent: { runId: run.runId, parentClose: "terminate" } });
  expect(child?.startedAt).toBeTypeOf("number");
  expect(await types(found(child))).toEqual(["workflow.started", "step.started step_parity.double_1", "step.completed step_parity.double_1", "workflow.completed"]);
  expect(await record(run)).toMatchObject({ nestingDepth: 0, closableChildren: 0 });
  expect((await record(run)).parent).toBeUndefined();
  expect(await events(run, "child_workflow.started")).toMatchObject([{ operationId: "child_parity.doubles_1", childRunId: child?.runId, workflowName: "parity.doubles", waits: true }]);
  const [completed] = await events(run, "child_workflow.completed");
  expect([completed?.childRunId, valueOf(completed?.value)]).toEqual([child?.runId, 42]);
});

test("startChild goes on beside the child, which outlives its parent", async () => {
  const starts = workflow("parity.starts", async () => (await startChild(doubles, 1)).runId);
  const { engine, store, events } = await openParity({ workflows: [starts, doubles] });
  const run = await engine.start(starts, undefined);
  const childId = await run.result();
  expect(await engine.run(childId).result()).toBe(2);
  expect(await store.listRuns({ parentId: run.runId, limit: 9 })).toMatchObject([{ runId: childId, status: "completed" }]);
  expect(await events(run, "child_workflow.started")).toMatchObject([{ childRunId: childId, waits: false, parentClose: "abandon" }]);
});

test("a handle has the child's id, tells its status and its result, and a replay sees the same", async () => {
  const seen: unknown[] = [];
  const holds = workflow("parity.holds", async () => {
    const child = await startChild(napping, undefined);
    seen.push(`${child.runId} ${await child.status()}`);
    await sleep("2h");
    await child.result();
    return { runId: child.runId, after: await child.status() };
  });
  const engine = await openTestEngine({ workflows: [holds, napping] });
  const run = await engine.start(holds, undefined);
  await engine.advance("2h");
  const { runId, after } = await run.result();
  expect(after).toBe("completed");
  // The child has gone on between the looks; all but the first are replays.
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen).size).toBe(1);
  expect(seen[0]).toMatch(new RegExp(`^${runId} (pending|running|suspended)$`));
  expect(await engine.run(runId).status()).toBe("completed");
  await engine.close();
});

test("a child's failure can be caught, with its error as the cause; one that is not caught fails the parent", async () => {
  const catches = workflow("parity.catches", async () => {
    const error = await errorOf(runChild(failing, undefined));
    return error instanceof ChildWorkflowFailedError && [error.childWorkflowName, error.cause instanceof RangeError, error.message.endsWith("too far")];
  });
  const passes = workflow("parity.passes", async () => (await startChild(failing, undefined)).result());
  const engine = await openTestEngine({ workflows: [catches, passes, failing] });
  expect(await (await engine.start(catches, undefined)).result()).toEqual(["parity.fails", true, true]);
  expect(await errorOf((await engine.start(passes, undefined)).result())).toMatchObject({ cause: { code: "CHILD_FAILED", cause: { message: "too far" } } });
  await engine.close();
});

test("a child that is cancelled is ChildWorkflowCancelledError for its parent", async () => {
  const cancels = workflow("parity.cancels", async () => {
    const child = await startChild(napping, undefined);
    await child.cancel("not needed");
    const error = await errorOf(child.result());
    return error instanceof ChildWorkflowCancelledError && error.childRunId === child.runId;
  });
  const engine = await openTestEngine({ workflows: [cancels, napping] });
  expect(await (await engine.start(cancels, undefined)).result()).toBe(true);
  await engine.close();
});

test("three children side by side all complete, and calls alike are children of their own", async () => {
  const three = workflow("parity.three", async () => Promise.all([1, 1, 2].map((n) => runChild(doubles, n))));
  const { engine, store } = await openParity({ workflows: [three, doubles] });
  const run = await engine.start(three, undefined);
  expect(await run.result()).toEqual([2, 2, 4]);
  expect((await store.listRuns({ parentId: run.runId, limit: 9 })).map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
});

test("a child that suspends, or continues as new, wakes its parent when its last run ends", async () => {
  const counts = workflow("parity.counts", async (n: number): Promise<number> => {
    await sleep("1h");
    return n < 3 ? continueAsNew(n + 1) : n;
  });
  const waits = workflow("parity.waits_long", async () => runChild(counts, 1));
  const engine = await openTestEngine({ workflows: [waits, counts] });
  const run = await engine.start(waits, undefined);
  await engine.advance("2h");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.result()).toBe(3);
  await engine.close();
});

test("the fourth generation is refused where it is asked for", async () => {
  const nests = workflow("parity.nests", async (n: number): Promise<number> => (n === 0 ? 0 : (await runChild<number, number>(nests, n - 1)) + 1));
  const engine = await openTestEngine({ workflows: [nests] });
  expect(await (await engine.start(nests, 3)).result()).toBe(3);
  const error = await errorOf((await engine.start(nests, 4)).result());
  expect(chainOf(error)).toEqual(["RUN_FAILED", "CHILD_FAILED", "CHILD_FAILED", "CHILD_FAILED", "MAX_NESTING_DEPTH"]);
  await engine.close();
});

function chainOf(error: unknown): readonly unknown[] {
  return error instanceof Error ? [Reflect.get(error, "code"), ...chainOf(error.cause)] : [];
}

test("a child belongs into the body of a durable run, and its input is checked before it begins", async () => {
  expect(await errorOf(runChild(doubles, 1))).toMatchObject({ code: "NOT_IN_WORKFLOW" });
  const wrong = workflow("parity.wrong", async () => runChild(doubles, "many" as unknown as number));
  const { engine, store } = await openParity({ workflows: [wrong, doubles] });
  const run = await engine.start(wrong, undefined);
  expect(await errorOf(run.result())).toMatchObject({ cause: { code: "CHILD_FAILED", cause: { code: "INVALID_INPUT" } } });
  expect(await store.listRuns({ parentId: run.runId, limit: 9 })).toEqual([]);
});

test.each([
  { parentClose: "terminate", status: "cancelled" },
  { parentClose: "cancel", status: "cancelled" },
  { parentClose: "abandon", status: "suspended" },
] as const)("a parent that ends leaves its child $status where that is to $parentClose", async ({ parentClose, status }) => {
  const child = workflow(`parity.left_${parentClose}`, async () => hook("never"));
  const ends = workflow(`parity.ends_${parentClose}`, async () => {
    const { runId } = await startChild(child, undefined, { parentClose });
    await hook("end");
    return runId;
  });
  const { engine, types } = await openParity({ workflows: [ends, child] });
  const run = await engine.start(ends, undefined);
  await eventually(() => types(run)).toContain("hook.created hook_end_1");
  await engine.resumeHook(`${run.runId}:hook_end_1`, null);
  const left = engine.run(await run.result());
  await reaches(left, status);
  expect((await types(left)).includes("cancellation.requested")).toBe(parentClose === "cancel");
});

test("children of a child that its parent closes are closed with it", async () => {
  const leaf = workflow("parity.leaf", async () => hook("never"));
  const branch = workflow("parity.branch", async () => runChild(leaf, undefined));
  const root = workflow("parity.root", async () => {
    await startChild(branch, undefined, { parentClose: "terminate" });
    await sleep("1h");
  });
  const { engine, store } = await openParity({ workflows: [root, branch, leaf] });
  const run = await engine.start(root, undefined);
  await eventually(async () => (await store.listHooks({ limit: 9 })).length).toBe(1);
  await engine.cancel(run);
  await eventually(async () => (await store.listRuns({ limit: 9 })).map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
  expect(await store.listHooks({ limit: 9 })).toMatchObject([{ status: "disposed" }]);
});
