import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunId } from "../../src/core/ids.js";
import type { TestProject, WorkerCommand } from "../support/project.js";
import { until } from "../support/project.js";
import { countRuns, effectsOf, tortureProject, wrongsOf } from "../support/torture.js";

let project: TestProject;
beforeEach(() => {
  project = tortureProject();
});
afterEach(() => project.remove());

const runs = 200;
const killsLeast = 30;
const stepsAtOnce = 12;
// The supervisor itself, and with it its whole group, at these kills.
const supervisorDiesAt = new Set([10, 20]);

test("two hundred runs and thirty kills: nothing is lost, nothing is done twice without need", { timeout: 240_000 }, async () => {
  const inputs = Array.from({ length: runs }, (_, n) => ({ n, takes: 200 }));
  const ids = await project.startRuns("torture", inputs, { maxRecoveryAttempts: 1000 });
  const expected = new Map<RunId, number>(ids.map((runId, n) => [runId, n + 5]));
  let supervisor = await start();
  for (let kills = 1; kills <= killsLeast; kills++) {
    await progress();
    if (supervisorDiesAt.has(kills)) {
      supervisor.killAll();
      supervisor = await start();
    } else {
      kill(await livingPid());
    }
    await pause(Math.random() * 200);
  }
  expect((await countRuns(project))["completed"] ?? 0, "the kills came too late").toBeLessThan(runs);
  await finished();
  expect(await wrongsOf(project, expected)).toEqual([]);
});

function start(): Promise<WorkerCommand> {
  return project.runWorkers("-n", "2", "-c", String(stepsAtOnce / 2)).ready();
}

// More effects than steps run at a time: some step was completed since the last kill. Without that the deaths were a crash
// loop, and its pauses would be what is tested.
async function progress(): Promise<void> {
  const before = effectsOf(project).length;
  await until("steps to get on", () => (effectsOf(project).length > before + stepsAtOnce ? true : undefined), { withinMs: 90_000 });
}

// As long as runs complete, there is no reason to give up.
async function finished(): Promise<void> {
  for (let completed = 0; completed < runs; ) completed = await moreThan(completed);
}

function moreThan(completed: number): Promise<number> {
  return until(`more than ${completed} runs to complete`, async () => {
    const count = (await countRuns(project))["completed"] ?? 0;
    return count > completed ? count : undefined;
  }, { withinMs: 90_000 });
}

function livingPid(): Promise<number> {
  return until("a living worker", async () => pick(await project.livingPids()));
}

function pick(pids: readonly number[]): number | undefined {
  return pids[Math.floor(Math.random() * pids.length)];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has just gone
  }
}
