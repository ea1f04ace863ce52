import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { continueAsNew, defineHook, hook, runChild, sleep, startChild, step, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";

const child = workflow("misuse.child", async () => 1);
const plain = step("misuse.plain", async () => 1);
const approval = defineHook("misuse.approval", z.string());

const noWorkflows: readonly unknown[] = [undefined, null, "misuse.child", { name: "x" }, plain];
const durableCalls: Readonly<Record<string, () => Promise<unknown>>> = {
  ...Object.fromEntries(noWorkflows.map((wrong, place) => [`runChild() of no workflow, ${place}`, () => runChild(wrong as never, 1)])),
  ...Object.fromEntries(noWorkflows.map((wrong, place) => [`startChild() of no workflow, ${place}`, () => startChild(wrong as never, 1)])),
  "startChild() with no parentClose": () => startChild(child, undefined, { parentClose: "stop" as never }),
  "hook() with a bad name": () => hook("two words"),
  "hook() with a bad timeout": () => hook("late", { timeout: "soon" as never }),
  "wait() with a bad timeout": () => approval.wait({ timeout: "soon" as never }),
  "sleep() of no duration": () => sleep("soon"),
};

// A call that threw would pass the `.catch` by.
function codeOf(call: () => Promise<unknown>): Promise<unknown> {
  return call().then(
    () => "resolved",
    (error: { readonly code?: string; readonly hint?: string }) => `${error.code}${error.hint ? "" : " without a hint"}`,
  );
}

async function inBody(body: () => Promise<unknown>, { durable = true } = {}): Promise<unknown> {
  const caller = workflow({ name: `misuse.caller_${callers++}`, durable }, body);
  const engine = await openTestEngine({ workflows: [caller, child] });
  onTestFinished(() => engine.close());
  return (await engine.start(caller, undefined)).result();
}
let callers = 0;

test.each(Object.entries(durableCalls))("%s is a rejection, and the run goes on", async (_, call) => {
  expect(await inBody(async () => [await codeOf(call), await plain()])).toEqual(["INVALID_DEFINITION", 1]);
});

test("a misuse that nobody awaits kills nothing", async () => {
  const forgetful = async () => {
    for (const call of Object.values(durableCalls)) void call();
    return plain();
  };
  expect(await inBody(forgetful)).toBe(1);
});

test("what is no workflow is named, with the call that it was given to", async () => {
  const messageOf = (call: () => Promise<unknown>) => inBody(() => call().catch((error: unknown) => (error as Error).message));
  expect(await messageOf(() => runChild(undefined as never, 1))).toBe("runChild(): undefined is no workflow");
  expect(await messageOf(() => startChild({ name: "x" } as never, 1))).toBe("startChild(): { name: 'x' } is no workflow");
});

const bodyCalls = [() => hook("misuse"), () => approval.wait(), () => runChild(child, undefined), () => startChild(child, undefined), () => continueAsNew(1)];

test("outside a body and in a transient run the calls that return promises reject", async () => {
  const codes = () => Promise.all(bodyCalls.map(codeOf));
  expect(await codes()).toEqual(bodyCalls.map(() => "NOT_IN_WORKFLOW"));
  expect(await inBody(codes, { durable: false })).toEqual(bodyCalls.map(() => "DURABLE_RUN_REQUIRED"));
});

test("so do those of a child's handle", async () => {
  const handles: Awaited<ReturnType<typeof startChild>>[] = [];
  await inBody(async () => void handles.push(await startChild(child, undefined)));
  const [handle] = handles;
  if (handle === undefined) throw new Error("there is no handle");
  for (const call of [() => handle.result(), () => handle.status(), () => handle.cancel()]) expect(await codeOf(call)).toBe("NOT_IN_WORKFLOW");
});

test("an engine of a test refuses what is no workflow, too", async () => {
  const engine = await openTestEngine({ workflows: [child] });
  onTestFinished(() => engine.close());
  for (const wrong of noWorkflows) expect(await codeOf(() => engine.start(wrong as never, 1))).toBe("INVALID_DEFINITION");
  expect(await codeOf(() => engine.cancel(undefined as never))).toBe("RUN_NOT_FOUND");
  expect(await codeOf(() => engine.resumeHook(undefined as never, 1))).toBe("INVALID_TOKEN");
});
