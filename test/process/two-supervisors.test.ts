import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunId } from "../../src/core/ids.js";
import { pyworkflow, type Ended } from "../support/cli.js";
import { until, type TestProject } from "../support/project.js";
import { countRuns, effectsOf, tortureProject, wrongsOf } from "../support/torture.js";

let project: TestProject;
beforeEach(() => {
  project = tortureProject();
});
afterEach(() => project.remove());

const runs = 1000;

test("two supervisors and the command line on one file: no lock is met, and each run is one worker's at a time", { timeout: 180_000 }, async () => {
  const supervisors = [1, 2].map(() => project.runWorkers("-n", "2", "-c", "20"));
  await project.online(4);
  const ids = await project.startRuns("torture", Array.from({ length: runs }, (_, n) => ({ n, takes: 4 })));
  const expected = new Map<RunId, number>(ids.map((runId, n) => [runId, n + 5]));
  const beside: Ended[] = [];
  await until("all runs to complete", async () => {
    if (beside.length < 24) beside.push(...(await commandsBeside(expected)));
    const counts = await countRuns(project);
    return counts["completed"] === expected.size ? counts : undefined;
  });
  expect(new Set(beside.map(({ code }) => code))).toEqual(new Set([0]));
  expect(await wrongsOf(project, expected)).toEqual([]);
  expect(new Set(effectsOf(project).map(({ workerId }) => workerId)).size, "all four processes had their share").toBe(4);
  for (const text of [...beside, ...supervisors].map(({ stderr }) => stderr)) expect(text).not.toMatch(/locked|busy/i);
});

/** What a person does meanwhile: start a run, list what is running. */
async function commandsBeside(expected: Map<RunId, number>): Promise<readonly Ended[]> {
  const start = await pyworkflow(["workflows", "run", "torture", "--no-wait", "--args-json", '{"n": 0, "takes": 4}', "-o", "plain"], { cwd: project.path });
  expected.set(start.stdout.trim() as RunId, 5);
  return [start, await pyworkflow(["runs", "list", "--status", "running", "--all", "-o", "plain"], { cwd: project.path })];
}
