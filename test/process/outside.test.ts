import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { decode, encode } from "../../src/base/codec.js";
import { defaults } from "../../src/core/defaults.js";
import { HookExpiredError } from "../../src/core/errors.js";
import { operationIdOf, tokenOf, type RunId } from "../../src/core/ids.js";
import { resumeHook } from "../../src/services/resume-hook.js";
import { pyworkflow, type Ended } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

// What people do to runs from other processes, with the real command line.

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

const hookId = operationIdOf("hook_answer", 1);

function command(...args: readonly string[]): Promise<Ended> {
  return pyworkflow(args, { cwd: project.path, env: project.env });
}

function codeIn({ stderr }: Ended): unknown {
  return (JSON.parse(stderr) as { readonly error: { readonly code: string } }).error.code;
}

function whatWasDone(): readonly string[] {
  return project.effects().map(({ what }) => what);
}

describe("a run in the middle of a step of one hour", () => {
  let runId: RunId;
  beforeEach(async () => {
    await project.runWorkers("-n", "1").ready();
    runId = await project.startRun("lasting");
    await project.pidOf("began");
  });

  test("is cancelled: the step is aborted, and then the run ends", async () => {
    const { code, stdout } = await command("runs", "cancel", runId, "--reason", "wrong order", "--wait", "-o", "json");

    expect([code, JSON.parse(stdout)]).toMatchObject([0, { run_id: runId, cancelled: true, status: "cancelled" }]);
    expect(whatWasDone()).toEqual(["began", "aborted"]);
    const history = await project.history(runId);
    expect(history.map(({ type }) => type)).toEqual(["workflow.started", "step.started", "cancellation.requested", "step.cancelled", "workflow.cancelled"]);
    expect(history[2]).toMatchObject({ reason: "wrong order" });
  });

  test("is ended by force: the step is aborted, and nothing of the run is written after that", async () => {
    await until("the record of the step", async () => ((await project.eventTypes(runId)).length === 2 ? true : undefined));

    const { code, stdout } = await command("runs", "cancel", runId, "--force", "-o", "json");

    expect([code, JSON.parse(stdout)]).toMatchObject([0, { run_id: runId, cancelled: true, status: "cancelled" }]);
    await project.pidOf("aborted");
    // The worker lives, and gets on with other runs.
    expect(await project.ended(await project.startRun("quick", 1))).toMatchObject({ status: "completed" });
    expect(await project.eventTypes(runId)).toEqual(["workflow.started", "step.started", "workflow.cancelled"]);
    expect(whatWasDone()).toEqual(["began", "aborted", "quick 1"]);
  });
});

test("a hook whose time is over is not resumed, though no process lives that could have noticed", async () => {
  const died = project.diesAfter("hook.created", { all: true });
  const workers = project.runWorkers("-n", "1");
  const runId = await project.startRun("expiring");
  await died();
  await workers.exited;
  const hook = await project.withStore((store) => store.getHook(runId, hookId));
  const expiresAt = hook?.expiresAt ?? Infinity;
  await until("the time to be over", () => (systemClock.now() >= expiresAt ? true : undefined));
  const [token, before] = [tokenOf(runId, hookId), await project.eventTypes(runId)];

  await project.withStore(async (store) => {
    const [result] = await store.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: hookId, value: encode(1) }] }]);
    expect(result).toEqual({ accepted: false, refused: "hook", hookId });
    await expect(resumeHook({ backend: store, clock: systemClock, config: defaults }, { token, payload: 1 })).rejects.toBeInstanceOf(HookExpiredError);
  });
  const refused = await command("hooks", "resume", token, "--payload", "1", "-o", "json");
  expect([refused.code, codeIn(refused)]).toEqual([5, "HOOK_EXPIRED"]);
  expect([hook?.status, await project.eventTypes(runId)]).toEqual(["pending", before]);

  await project.runWorkers("-n", "1").ready();
  const run = await project.ended(runId);
  expect([run.status, run.error && decode(run.error)]).toMatchObject(["failed", { code: "HOOK_EXPIRED" }]);
});

test("of two processes that resume a hook at the same moment one wins, and the other is told so", async () => {
  await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("asking");
  await project.runOnce(runId, ({ status }) => status === "suspended");
  // Both have seen that the hook is pending before either writes.
  project.env["NODE_OPTIONS"] = `--require ${resolve("test/fixtures/gate.cjs")}`;
  const payloads = ["one", "two"];
  const resumes = payloads.map((payload) => command("hooks", "resume", tokenOf(runId, hookId), "--payload", JSON.stringify(payload), "-o", "json"));
  await until("both to be about to write", () => (readdirSync(project.path).filter((name) => name.startsWith("waits-")).length === 2 ? true : undefined));
  project.touch("gate");
  const ended = await Promise.all(resumes);

  expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([0, 5]));
  expect(ended.filter(({ code }) => code === 5).map(codeIn)).toEqual(["HOOK_ALREADY_RECEIVED"]);
  const { result } = await project.ended(runId);
  expect(result && decode(result)).toEqual(["before", payloads[ended.findIndex(({ code }) => code === 0)], "after"]);
  expect((await project.eventTypes(runId)).filter((type) => type === "hook.received")).toHaveLength(1);
});
