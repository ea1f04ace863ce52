import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { decode } from "../../src/base/codec.js";
import type { JsonSchema } from "../../src/base/json.js";
import type { Config } from "../../src/config/config.js";
import { defaults } from "../../src/core/defaults.js";
import {
  HookAlreadyReceivedError,
  HookDisposedError,
  HookExpiredError,
  HookNotFoundError,
  InvalidPayloadError,
  InvalidTokenError,
  NotStorableValueError,
  PayloadTooLargeError,
} from "../../src/core/errors.js";
import { operationIdOf, parseToken, tokenOf } from "../../src/core/ids.js";
import { defineHook, workflow } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import { listHooks, openHooks } from "../../src/services/list-hooks.js";
import type { Project } from "../../src/services/project.js";
import { resumeHook } from "../../src/services/resume-hook.js";
import { showHook, showHooksOfRun } from "../../src/services/show-hook.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startRun } from "../support/in-memory.js";
import { ManualClock } from "../support/manual-clock.js";
import { pendingHook, type PendingHookSettings } from "../support/pending-hook.js";

const approval = defineHook("resume.approval", z.object({ approved: z.boolean(), reviewer: z.string().transform((name) => name.toUpperCase()) }));
const approving = workflow("resume.approving", async () => approval.wait());

const storedSchema: JsonSchema = {
  type: "object",
  properties: { approved: { type: "boolean" }, level: { type: "integer", default: 2 }, by: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } },
  required: ["approved"],
};

/** A schema of a library that knows no JSON Schema. */
const mute = defineHook<string>("resume.mute", {
  "~standard": { version: 1, vendor: "test", validate: (value) => (value === "yes" ? { value } : { issues: [{ message: "say yes" }] }) },
});

/** A schema that takes its time. */
let duringTheCheck: () => Promise<void>;
const slow = defineHook("resume.slow", z.number().refine(async () => duringTheCheck().then(() => true)));

let clock: ManualClock;
let backend: Backend;
let project: Project;

beforeEach(() => {
  clock = new ManualClock();
  backend = createMemoryBackend();
  project = { backend, clock, config: { limits: defaults.limits } as Config, locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
});

/** The token of a hook that waits. */
async function waitingHook(settings: Omit<PendingHookSettings, "at"> = {}): Promise<string> {
  return (await pendingHook(backend, { ...settings, at: clock.now() })).token;
}

async function typesOf(token: string): Promise<readonly string[]> {
  const runId = parseToken(token)?.runId;
  return runId === undefined ? [] : (await backend.readHistory(runId, 0)).map(({ type }) => type);
}

const untouched = ["workflow.started", "hook.created", "workflow.suspended"];

describe("a payload", () => {
  test("is recorded as the schema of the definition gives it back, and the run goes on with it", async () => {
    const runId = await startRun(backend, approving);
    await executeDue(backend, [approving]);
    const token = tokenOf(runId, operationIdOf("hook_resume.approval", 1));

    const resumed = await resumeHook(project, { token, payload: { approved: true, reviewer: "ada" } });

    expect(resumed).toEqual({ runId, hookId: "hook_resume.approval_1", checkedWith: "definition" });
    await executeDue(backend, [approving]);
    const { status, result } = (await backend.getRun(runId)) ?? {};
    expect([status, result && decode(result)]).toEqual(["completed", { approved: true, reviewer: "ADA" }]);
  });

  test("is checked with the stored schema where this process does not define the hook, and gets its defaults", async () => {
    const token = await waitingHook({ schema: storedSchema });

    const resumed = await resumeHook(project, { token, payload: { approved: true } });

    expect(resumed.checkedWith).toBe("stored_schema");
    expect((await showHook(project, { token })).payload).toEqual({ approved: true, level: 2 });
  });

  test("that does not fit is refused with the path of the field, and the hook still waits", async () => {
    const token = await waitingHook({ schema: storedSchema });

    const error: unknown = await resumeHook(project, { token, payload: { approved: "yes", by: { name: 7 } } }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect((error as InvalidPayloadError).issues.map(({ path }) => path)).toEqual(["approved", "by.name"]);
    expect(await typesOf(token)).toEqual(untouched);
    await expect(resumeHook(project, { token, payload: { approved: false } })).resolves.toMatchObject({ checkedWith: "stored_schema" });
  });

  test("may be anything where no schema is known, or none that is understood", async () => {
    const free = await waitingHook();
    const strange = await waitingHook({ schema: { type: "object", unevaluatedProperties: false } });

    const resumed = [await resumeHook(project, { token: free, payload: undefined }), await resumeHook(project, { token: strange, payload: 5 })];

    expect(resumed.map(({ checkedWith }) => checkedWith)).toEqual(["nothing", "nothing"]);
    expect((await showHook(project, { token: free })).payload).toBeNull();
  });

  test("may be anything for a hook without a schema, whatever another of that name is defined with", async () => {
    const token = await waitingHook({ name: approval.name });

    expect((await resumeHook(project, { token, payload: 5 })).checkedWith).toBe("nothing");
  });

  test("is checked with a definition whose schema has no JSON form, which can't be stored", async () => {
    const token = await waitingHook({ name: mute.name });

    await expect(resumeHook(project, { token, payload: "no" })).rejects.toBeInstanceOf(InvalidPayloadError);
    expect((await resumeHook(project, { token, payload: "yes" })).checkedWith).toBe("definition");
  });

  test("that can't be stored, or is too large, is refused before anything is recorded", async () => {
    const token = await waitingHook();

    await expect(resumeHook(project, { token, payload: { done: () => true } })).rejects.toBeInstanceOf(NotStorableValueError);
    await expect(resumeHook(project, { token, payload: "x".repeat(defaults.limits.payloadBytes) })).rejects.toBeInstanceOf(PayloadTooLargeError);
    expect(await typesOf(token)).toEqual(untouched);
  });
});

describe("a hook that can't be resumed says why, whatever the payload", () => {
  test("no token, no such hook", async () => {
    const token = await waitingHook();

    await expect(resumeHook(project, { token: "approval", payload: 1 })).rejects.toBeInstanceOf(InvalidTokenError);
    await expect(resumeHook(project, { token: token.replace("approval", "other"), payload: 1 })).rejects.toBeInstanceOf(HookNotFoundError);
  });

  test("already received", async () => {
    const token = await waitingHook({ schema: storedSchema });
    await resumeHook(project, { token, payload: { approved: true } });

    await expect(resumeHook(project, { token, payload: "does not fit either" })).rejects.toBeInstanceOf(HookAlreadyReceivedError);
    expect(await typesOf(token)).toEqual([...untouched, "hook.received"]);
  });

  test("past its time, though no worker has noticed", async () => {
    const token = await waitingHook({ expiresAt: clock.now() + 1000 });
    clock.jump(1000);

    await expect(resumeHook(project, { token, payload: 1 })).rejects.toBeInstanceOf(HookExpiredError);
    expect(await typesOf(token)).toEqual(untouched);
  });

  test("its run was cancelled", async () => {
    const token = await waitingHook();
    await endRun(token);

    await expect(resumeHook(project, { token, payload: 1 })).rejects.toBeInstanceOf(HookDisposedError);
  });
});

describe("what happens between the look at a hook and the commit decides", () => {
  test("of two who resume it at once, one wins", async () => {
    const token = await waitingHook();

    const [first, second] = await Promise.allSettled([resumeHook(project, { token, payload: 1 }), resumeHook(project, { token, payload: 2 })]);

    expect([first.status, second.status === "rejected" && second.reason instanceof HookAlreadyReceivedError]).toEqual(["fulfilled", true]);
    expect((await showHook(project, { token })).payload).toBe(1);
  });

  test.each([
    ["its time was over", () => clock.jump(1000), HookExpiredError],
    ["its run ended", endRun, HookDisposedError],
  ])("%s", async (_, meanwhile, expected) => {
    const token = await waitingHook({ name: slow.name, schema: { type: "number" }, expiresAt: clock.now() + 1000 });
    duringTheCheck = async () => meanwhile(token);

    await expect(resumeHook(project, { token, payload: 1 })).rejects.toBeInstanceOf(expected);
    expect(await typesOf(token)).not.toContain("hook.received");
  });
});

describe("the list of hooks", () => {
  test("narrows by run and status, newest first, and says whether there are more", async () => {
    const old = await waitingHook();
    clock.jump(1);
    const received = await waitingHook();
    await resumeHook(project, { token: received, payload: 1 });
    const tokens = async (filter: Parameters<typeof listHooks>[1]) => (await listHooks(project, filter)).hooks.map(({ token }) => token);

    expect(await tokens({ limit: 2 })).toEqual([received, old]);
    expect(await tokens({ limit: 2, status: "pending" })).toEqual([old]);
    expect(await tokens({ limit: 2, runId: parseToken(received)?.runId ?? (received as never) })).toEqual([received]);
    expect([(await listHooks(project, { limit: 1 })).more, (await listHooks(project, { limit: 2 })).more]).toEqual([true, false]);
  });

  test("to choose from leaves out what can't be resumed", async () => {
    const open = await waitingHook({ expiresAt: clock.now() + 5000 });
    await waitingHook({ expiresAt: clock.now() + 1000 });
    await resumeHook(project, { token: await waitingHook(), payload: 1 });
    clock.jump(1000);

    expect((await openHooks(project, 10)).map(({ token }) => token)).toEqual([open]);
  });

  test("a hook is found by the beginning of its run's id, or @last", async () => {
    const token = await waitingHook({ schema: storedSchema });

    expect(await showHook(project, { token: "@last:hook_approval_1" })).toEqual({
      token,
      hook_id: "hook_approval_1",
      run_id: parseToken(token)?.runId,
      name: "approval",
      status: "pending",
      created_at: new Date(clock.now()),
      expires_at: null,
      has_schema: true,
      received_at: null,
      payload: null,
      payload_schema: storedSchema,
    });
    expect((await showHook(project, { token: "run_:hook_approval_1" })).token).toBe(token);
    expect((await showHooksOfRun(project, { id: "@last" })).map((hook) => hook.token)).toEqual([token]);
  });
});

async function endRun(token: string): Promise<void> {
  const runId = parseToken(token)?.runId;
  if (runId !== undefined) await backend.commit([{ runId, seen: 0, events: [{ type: "workflow.cancelled", at: clock.now(), cleanupCompleted: false }] }]);
}
