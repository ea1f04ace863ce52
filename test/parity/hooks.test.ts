import { expect, test } from "vitest";
import { z } from "zod";
import { newRunId, operationIdOf, parseToken, tokenOf } from "../../src/core/ids.js";
import { defineHook, hook, HookAlreadyReceivedError, HookExpiredError, HookNotFoundError, InvalidTokenError, step, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { errorOf, eventually, found, openParity } from "./support.js";

const approval = defineHook("approval", z.object({ approved: z.boolean(), by: z.string().default("nobody") }));
const runId = newRunId(0, (count) => new Uint8Array(count));
const hookId = operationIdOf("hook_approval", 1);

test("a hook is waited for in the body of a durable run, and nowhere else", async () => {
  expect(await errorOf(hook("approval"))).toMatchObject({ code: "NOT_IN_WORKFLOW" });
  const waitsInStep = step("parity.waits_in_step", () => hook("approval"));
  const inStep = workflow("parity.in_step", async () => waitsInStep().catch((error: unknown) => (error as { code: string }).code));
  const transient = workflow({ name: "parity.transient_hook", durable: false }, async () => hook("approval"));
  const { engine, store } = await openParity({ workflows: [inStep, transient] });
  expect(await errorOf((await engine.start(transient, undefined)).result())).toMatchObject({ cause: { code: "DURABLE_RUN_REQUIRED" } });
  const { runId: started } = await engine.start(inStep, undefined);
  await eventually(async () => (await store.readHistory(started, 0)).find(({ type }) => type === "step.failed")).toMatchObject({ value: expect.stringContaining("NOT_IN_WORKFLOW") });
});

test("the token names the run and the hook, onCreated is told of it once the hook can be resumed, and a timeout gives it an end", async () => {
  const told: string[] = [];
  const waits = workflow("parity.approves", async () => approval.wait({ timeout: "24h", onCreated: (token) => told.push(token) }));
  const { engine, events, store } = await openParity({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await eventually(() => told).toEqual([`${run.runId}:hook_approval_1`]);
  const [created] = await events(run, "hook.created");
  expect(created?.expiresAt).toBe((created?.at ?? 0) + 86_400_000);
  expect(await store.getHook(run.runId, hookId)).toMatchObject({ status: "pending", name: "approval", expiresAt: created?.expiresAt, schema: { type: "object" } });
  expect(await engine.resumeHook(found(told[0]), { approved: true, by: "Ada" })).toMatchObject({ runId: run.runId, hookId });
  expect(await run.result()).toEqual({ approved: true, by: "Ada" });
  expect(await events(run, "hook.created")).toHaveLength(1);
  expect(told).toHaveLength(1);
});

test("a payload that the schema refuses is refused where it is given: nothing is recorded, and the hook still waits", async () => {
  const waits = workflow("parity.strict", async () => approval.wait());
  const { engine, events, types } = await openParity({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await eventually(() => types(run)).toContain("hook.created hook_approval_1");
  const token = tokenOf(run.runId, hookId);
  expect(await errorOf(engine.resumeHook(token, { approved: "perhaps" }))).toMatchObject({ code: "INVALID_PAYLOAD", token, issues: [{ path: "approved" }] });
  expect(await events(run, "hook.received")).toEqual([]);
  await engine.resumeHook(token, { approved: true });
  expect(await run.result()).toEqual({ approved: true, by: "nobody" });
});

test("what can't be resumed says why: no token, no such hook, received before", async () => {
  const waits = workflow("parity.once", async () => hook("approval"));
  const { engine, events, types } = await openParity({ workflows: [waits] });
  const run = await engine.start(waits, undefined);
  await eventually(() => types(run)).toContain("hook.created hook_approval_1");
  expect(await errorOf(engine.resumeHook("nonsense", 1))).toMatchObject({ code: "INVALID_TOKEN", token: "nonsense" });
  for (const missing of [`${run.runId}:hook_approval_2`, tokenOf(runId, hookId)]) expect(await errorOf(engine.resumeHook(missing, 1))).toMatchObject({ code: "HOOK_NOT_FOUND", token: missing });
  const token = tokenOf(run.runId, hookId);
  await engine.resumeHook(token, { approved: true });
  expect(await errorOf(engine.resumeHook(token, { approved: true }))).toMatchObject({ code: "HOOK_ALREADY_RECEIVED", token });
  expect(await events(run, "hook.received")).toHaveLength(1);
  // A registration of the name does not bind who uses hook() without a schema of its own.
  expect(await run.result()).toEqual({ approved: true });
});

test("a hook that nobody resumes in time expires: the run goes on with the error, and it can't be resumed any more", async () => {
  const waits = workflow("parity.hurried", async () => hook("signature", { timeout: "1h" }));
  const engine = await openTestEngine({ workflows: [waits] });
  const late = await engine.start(waits, undefined);
  const inTime = await engine.start(waits, undefined);
  await engine.advance("59m");
  await engine.resumeHook(`${inTime.runId}:hook_signature_1`, "signed");
  expect(await inTime.result()).toBe("signed");
  await engine.advance("1m");
  const token = `${late.runId}:hook_signature_1`;
  expect(await errorOf(late.result())).toMatchObject({ cause: { code: "HOOK_EXPIRED", token } });
  expect(await errorOf(engine.resumeHook(token, "signed"))).toMatchObject({ code: "HOOK_EXPIRED", token });
  expect(await engine.history(late.runId)).toEqual(["workflow.started", "hook.created hook_signature_1", "workflow.suspended", "workflow.resumed", "hook.expired hook_signature_1", "workflow.failed"]);
  await engine.close();
});

test("two runs that wait for a hook of one name have two hooks", async () => {
  const waits = workflow("parity.pairs", async () => hook("pair"));
  const engine = await openTestEngine({ workflows: [waits] });
  const [a, b] = [await engine.start(waits, undefined), await engine.start(waits, undefined)];
  await engine.resumeHook(`${b.runId}:hook_pair_1`, "b");
  await engine.resumeHook(`${a.runId}:hook_pair_1`, "a");
  expect([await a.result(), await b.result()]).toEqual(["a", "b"]);
  await engine.close();
});

test("in a test, hooks that have a stand-in resume by themselves, with a payload or with what is made of the token", async () => {
  const tokens: string[] = [];
  const waits = workflow("parity.stands_in", async () => [await hook("first"), await hook("second")]);
  const hooks = { first: { ok: true }, second: (token: string) => tokens.push(token) };
  const engine = await openTestEngine({ workflows: [waits], hooks });
  const run = await engine.start(waits, undefined);
  expect(await run.result()).toEqual([{ ok: true }, 1]);
  expect(tokens).toEqual([`${run.runId}:hook_second_1`]);
  await engine.close();
});

test("a token is read back as it was written", () => {
  expect(tokenOf(runId, hookId)).toBe(`${runId}:hook_approval_1`);
  expect(parseToken(tokenOf(runId, hookId))).toEqual({ runId, hookId });
});

test.each(["", ":", runId, `${runId}:`, ":hook_approval_1", `${runId}:approval`, `${runId}:hook_approval_0`, `${runId}:hook_approval_1:x`, `run_1:${hookId}`, `${runId}:step_a_1`])("%j is no token", (text) => {
  expect(parseToken(text)).toBeUndefined();
});

test("the errors of hooks keep the token, and say it", () => {
  const token = tokenOf(runId, hookId);
  for (const error of [new HookNotFoundError(token), new HookExpiredError(token), new HookAlreadyReceivedError(token), new InvalidTokenError(token)]) {
    expect(error).toMatchObject({ token, message: expect.stringContaining(token), hint: expect.stringMatching(/\w/) });
  }
});
