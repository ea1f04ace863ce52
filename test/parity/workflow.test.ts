import { expect, test } from "vitest";
import { runChild, runContext, sleep, step, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { errorOf, openParity, thrownBy } from "./support.js";

const here = () => ({ runId: runContext().runId, name: runContext().workflowName });
const nowhere = { code: "NOT_IN_WORKFLOW", message: "runContext() was called outside a workflow" };
const note = step("parity.note", async (what: string) => what);

test("a definition bears its name, its options and its place, and can't be called", () => {
  const nightly = workflow({ name: "parity.nightly", maxDuration: "2h", tags: ["eu", "night"], description: "counts" }, async () => {});
  expect(nightly).toMatchObject({ kind: "workflow", name: "parity.nightly", options: { maxDuration: "2h", tags: ["eu", "night"], description: "counts" } });
  expect(nightly.place).toContain("workflow.test.ts:");
  expect(nightly).not.toBeTypeOf("function");
});

test("an engine that is told of no workflows executes every one that was defined in the process", async () => {
  const known = workflow("parity.known", async (input: { readonly a: number; readonly list: readonly string[]; readonly at: Date }) => input);
  const { engine } = await openParity();
  const input = { a: 1, list: ["x"], at: new Date(0) };
  expect(await (await engine.start(known, input)).result()).toEqual(input);
});

test("the context is the run's while its body executes, also behind a wait, and nobody's before and after", async () => {
  const aware = workflow("parity.aware", async () => {
    const first = here();
    await note("a");
    await sleep("1h");
    return [first, here()];
  });
  expect(thrownBy(runContext)).toMatchObject(nowhere);
  const engine = await openTestEngine({ workflows: [aware] });
  const run = await engine.start(aware, undefined);
  await engine.advance("1h");
  const own = { runId: run.runId, name: "parity.aware" };
  expect(await run.result()).toEqual([own, own]);
  expect(thrownBy(runContext)).toMatchObject(nowhere);
  await engine.close();
});

test("a body that throws fails its run with that error, and leaves no context", async () => {
  const throwing = workflow("parity.throwing", async () => {
    await note("a");
    throw new RangeError("too far");
  });
  const engine = await openTestEngine({ workflows: [throwing] });
  const run = await engine.start(throwing, undefined);
  expect(await errorOf(run.result())).toMatchObject({ code: "RUN_FAILED", cause: { name: "RangeError", message: "too far" } });
  expect(thrownBy(runContext)).toMatchObject(nowhere);
  expect((await engine.history(run.runId)).at(-1)).toBe("workflow.failed");
  await engine.close();
});

test("a run that completes says so with its last event", async () => {
  const plain = workflow("parity.plain", async () => note("a"));
  const engine = await openTestEngine({ workflows: [plain] });
  const run = await engine.start(plain, undefined);
  expect(await run.result()).toBe("a");
  expect((await engine.history(run.runId)).at(-1)).toBe("workflow.completed");
  await engine.close();
});

test("a child's body has the context of the child, and its parent keeps its own", async () => {
  const inner = workflow("parity.inner", async () => here());
  const outer = workflow("parity.outer", async () => {
    const before = here();
    const child = await runChild(inner, undefined);
    return { before, child, after: here() };
  });
  const engine = await openTestEngine({ workflows: [outer, inner] });
  const run = await engine.start(outer, undefined);
  const { before, child, after } = await run.result();
  const own = { runId: run.runId, name: "parity.outer" };
  expect([before, after]).toEqual([own, own]);
  expect(child.name).toBe("parity.inner");
  expect(child.runId).not.toBe(run.runId);
  await engine.close();
});
