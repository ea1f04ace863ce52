import { expect, onTestFinished, test } from "vitest";
import { decode, encode } from "../../src/base/codec.js";
import { operationIdOf } from "../../src/core/ids.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { hook, NonDeterministicWorkflowError, patched, step } from "../../src/index.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { openTestEngine, replayHistory, type StoredHistory } from "../../src/testing/index.js";
import { executeDue, startRun } from "../support/in-memory.js";

const act = step("patched.act", async (what: string) => what);

// Not workflow(): it would refuse the second body under the name, and that is what a changed file is.
function codeWith(run: () => Promise<unknown>): WorkflowDefinition {
  return { kind: "workflow", name: "patched.order", options: { name: "patched.order" }, place: undefined, run };
}

const before = codeWith(async () => {
  const charged = await act("charge");
  await hook("packed");
  return [charged, await act("ship")];
});
const during = codeWith(async () => {
  const checks = patched("check");
  const done = checks ? [await act("check"), await act("charge")] : [await act("charge")];
  await hook("packed");
  return [...done, await act("ship")];
});
// When no run from before is left, the old branch and the call may go.
const after = codeWith(async () => {
  const done = [await act("check"), await act("charge")];
  await hook("packed");
  return [...done, await act("ship")];
});

/** A run of this code that waits for its hook, and one that has ended. */
async function historiesOf(code: WorkflowDefinition): Promise<{ readonly waiting: StoredHistory; readonly ended: StoredHistory }> {
  const engine = await openTestEngine({ workflows: [code] });
  onTestFinished(() => engine.close());
  const { runId } = await engine.start(code, undefined as never);
  const waiting = await engine.historyOf(runId);
  await engine.resumeHook(`${runId}:hook_packed_1`, null);
  return { waiting, ended: await engine.historyOf(runId) };
}

test("a run from before the deploy takes the old branch, wherever it stands; a new one takes the new branch, and its log says so", async () => {
  const old = await historiesOf(before);
  await replayHistory(during, old.waiting);
  await replayHistory(during, old.ended);
  const { ended } = await historiesOf(during);
  expect(ended.history.slice(0, 3).map(({ type }) => type)).toEqual(["workflow.started", "patch.recorded", "step.started"]);
  expect(ended.history.filter(({ type }) => type === "step.completed")).toHaveLength(3);
});

test("without the call, the run from before does not fit", async () => {
  const { waiting } = await historiesOf(before);
  await expect(replayHistory(after, waiting)).rejects.toThrow(NonDeterministicWorkflowError);
});

test("when the call is removed later, the runs that took the new branch go on", async () => {
  const { waiting, ended } = await historiesOf(during);
  expect(ended.history.map(({ type }) => type)).toContain("patch.recorded");
  await replayHistory(after, waiting);
  await replayHistory(after, ended);
});

test("ahead of where an old run stands the patch is true for it, too: what comes is new for everybody", async () => {
  const longer = codeWith(async () => {
    const charged = await act("charge");
    await hook("packed");
    const insured = patched("insure") ? [await act("insure")] : [];
    return [charged, ...insured, await act("ship")];
  });
  const { ended } = await historiesOf(before);
  await replayHistory(longer, ended);
  const backend = createMemoryBackend();
  const runId = await startRun(backend, before);
  expect(await executeDue(backend, [before])).toEqual(["suspended"]);
  await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: 1, operationId: operationIdOf("hook_packed", 1), value: encode(null) }] }]);
  expect(await executeDue(backend, [longer])).toEqual(["ended"]);
  const run = await backend.getRun(runId);
  expect(run?.result && decode(run.result)).toEqual(["charge", "insure", "ship"]);
});
