import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import type { Config } from "../../src/config/config.js";
import { defaults } from "../../src/core/defaults.js";
import { declaredScheduleId } from "../../src/core/ids.js";
import { replayRun } from "../../src/engine/replay-run.js";
import { continueAsNew, runContext, step, workflow, type WorkflowDefinition } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import { findRun } from "../../src/services/find-run.js";
import { rerunRun } from "../../src/services/rerun-run.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import type { Backend } from "../../src/storage/backend.js";
import { executeDue, startRun } from "../support/in-memory.js";
import { soundResult, soundRun } from "../support/sound-run.js";

const due = Date.UTC(2026, 2, 1, 6);
const schedule = { scheduleId: declaredScheduleId("scheduled.report"), kind: "schedule" } as const;
const echo = step("scheduled.echo", async (text: string) => text);

const report = workflow("scheduled.report", async () => {
  const time = runContext().scheduledTime;
  return echo(time?.toISOString() ?? "none");
});

async function execute(backend: Backend, definition: WorkflowDefinition): Promise<void> {
  while ((await executeDue(backend, [definition])).length > 0);
}

test("a body is told the due time that its run was started for, live and on replay", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, report, { schedule, scheduledTime: due });
  await execute(backend, report);
  expect(await soundResult(backend, runId)).toBe("2026-03-01T06:00:00.000Z");
  const run = await soundRun(backend, runId);
  const history = await backend.readHistory(runId, 0);
  expect(await replayRun({ run, history }, report, defaults.limits)).toEqual({ fits: true });
  const { scheduledTime, ...untold } = run;
  expect(scheduledTime).toBe(due);
  expect(await replayRun({ run: untold, history }, report, defaults.limits)).toMatchObject({ fits: false, operationId: "step_scheduled.echo_1" });
});

test("a run that somebody started by hand has none", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, report);
  await execute(backend, report);
  expect(await soundResult(backend, runId)).toBe("none");
});

test("a Date that the body changes is its own", async () => {
  const backend = createMemoryBackend();
  const changing = workflow("scheduled.changing", async () => {
    runContext().scheduledTime?.setFullYear(1999);
    return runContext().scheduledTime;
  });
  const runId = await startRun(backend, changing, { scheduledTime: due });
  await execute(backend, changing);
  expect(await soundResult(backend, runId)).toEqual(new Date(due));
});

test("who goes on in its place has it too", async () => {
  const backend = createMemoryBackend();
  const twice = workflow("scheduled.twice", async (round: number): Promise<unknown> => (round > 1 ? runContext().scheduledTime : continueAsNew(round + 1)));
  const first = await startRun(backend, twice, { input: 1, schedule, scheduledTime: due });
  await execute(backend, twice);
  const { continuedTo = first } = await soundRun(backend, first);
  expect(await soundResult(backend, continuedTo)).toEqual(new Date(due));
  expect(await soundRun(backend, continuedTo)).toMatchObject({ schedule, scheduledTime: due, continuedFrom: first });
});

test("a rerun is about the same due time, and no run of the schedule", async () => {
  const backend = createMemoryBackend();
  const runId = await startRun(backend, report, { schedule, scheduledTime: due });
  await execute(backend, report);
  const project = { backend, clock: systemClock, config: { limits: defaults.limits } as Config, locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
  await rerunRun(project, { id: runId });
  const { runId: again } = await findRun(project, "@last");
  expect(again).not.toBe(runId);
  await execute(backend, report);
  expect(await soundResult(backend, again)).toBe("2026-03-01T06:00:00.000Z");
  expect((await soundRun(backend, again)).schedule).toBeUndefined();
});
