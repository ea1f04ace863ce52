import { afterEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { systemClock } from "../../src/base/clock.js";
import { operationIdOf } from "../../src/core/ids.js";
import type { LogFormat } from "../../src/core/log-options.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import type { ExecutorNote } from "../../src/engine/executor.js";
import { hook, step } from "../../src/index.js";
import { logLine } from "../../src/main/log-line.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { startProcess, startRun } from "../support/in-memory.js";

let drifted = false;
afterEach(() => {
  drifted = false;
});

const first = step("note.first", async () => 1);
const second = step("note.second", async () => 2);

// Not workflow(): what changes between two lives is its code.
const order: WorkflowDefinition<string> = {
  kind: "workflow",
  name: "note.order",
  options: { name: "note.order" },
  place: "order.ts:1:1",
  run: async (end) => {
    await (drifted ? second() : first());
    if (end === "fails") throw new TypeError("no such\n  customer");
    if (end === "waits") await hook("note.hook");
    return end;
  },
};

const workflows = [order as WorkflowDefinition];

/** What the log of a worker says that executes what is due. */
async function notesOf(backend: Backend): Promise<readonly ExecutorNote[]> {
  const { claim, executor, notes } = await startProcess(backend, { workflows });
  await Promise.all((await claim()).map((run) => executor.execute(run)));
  return notes;
}

/** What it says of a run of the order. */
async function notesOfOne(end: string): Promise<readonly ExecutorNote[]> {
  const backend = createMemoryBackend();
  await startRun(backend, order, { input: end });
  return notesOf(backend);
}

test.each([
  ["completes", "run completed"],
  ["waits", "run suspended"],
])("a run that %s is told to who debugs, and to nobody else", async (end, message) => {
  expect(await notesOfOne(end)).toMatchObject([{ level: "debug", message, inHistory: true, fields: { workflow: "note.order" } }]);
});

test("a run that fails is a warning, in one line, with its workflow and its error", async () => {
  const [note] = await notesOfOne("fails");
  expect(note).toMatchObject({ level: "warn", message: "run failed", fields: { workflow: "note.order" } });
  const line = (form: LogFormat) => note && logLine(note, form, { at: 0, source: "worker" });
  expect(line("pretty")).toMatch(/^00:00:00\.000 WARN {2}worker run_\w+ run failed workflow=note\.order error=TypeError: no such customer$/);
  expect(JSON.parse(line("json") ?? "")).toMatchObject({ level: "warn", run_id: note?.runId, workflow: "note.order", error: { name: "TypeError", message: "no such\n  customer" } });
});

test("a parked run is an error that says what does not fit, and where", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, order, { input: "waits" });
  await notesOf(backend);
  await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf("hook_note.hook", 1), value: encode(1) }] }]);
  drifted = true;
  expect(await notesOf(backend)).toMatchObject([
    {
      level: "error",
      message: "run parked: the history has step_note.first_1 (event 3), but the code did not ask for it: it asked for step_note.second_1 instead",
      runId,
      inHistory: true,
      fields: { workflow: "note.order", code: "NON_DETERMINISTIC", operation_id: "step_note.first_1", at: expect.stringMatching(/departure-note\.test\.ts:\d+:\d+$/) },
    },
  ]);
});
