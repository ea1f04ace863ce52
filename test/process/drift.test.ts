import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pyworkflow } from "../support/cli.js";
import { TestProject } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

function edit(module: "workflows/index.ts" | "workflows/steps.ts", from: string, to: string): void {
  const text = readFileSync(join(project.path, module), "utf8");
  expect(text).toContain(from);
  project.touch(module, text.replace(from, to));
}

test("renaming a step of a run in flight parks the run; it completes after the rename is undone", async () => {
  const before = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a");
  await project.pidOf("a second");
  before.killAll();
  const effects = project.effects().length;

  edit("workflows/steps.ts", 'step("hold"', 'step("hold_on"');
  const renamed = await project.runWorkers("-n", "1").ready();
  const parked = await project.runOnce(runId, (run) => run.parked !== undefined);
  expect(parked).toMatchObject({ status: "interrupted", parked: { code: "NON_DETERMINISTIC", operationId: "step_hold_1" } });
  expect(project.effects()).toHaveLength(effects);
  const { code, stdout } = await pyworkflow(["runs", "status", runId, "-o", "json"], { cwd: project.path });
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, status: "interrupted", parked: { code: "NON_DETERMINISTIC", operation_id: "step_hold_1" } });
  expect(await pyworkflow(["runs", "wait", runId], { cwd: project.path })).toMatchObject({ code: 7, stderr: expect.stringContaining("step_hold_1") });
  renamed.signal("SIGTERM");
  expect(await renamed.exited).toBe(0);

  edit("workflows/steps.ts", 'step("hold_on"', 'step("hold"');
  project.touch("go");
  await project.runWorkers("-n", "1").ready();
  expect(await project.ended(runId)).toMatchObject({ status: "completed" });
  expect(project.effects().filter(({ what }) => what === "a first")).toHaveLength(1);
});

test("a body that awaits a file before its step is refused, naming the call", async () => {
  edit("workflows/index.ts", "export const quick", `import { readFile } from "node:fs/promises";
export const impatient = workflow("impatient", async () => {
  const late = async () => {
    await readFile("package.json");
    return act("late");
  };
  return Promise.all([act("early"), late()]);
});
export const quick`);
  await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("impatient");
  const { parked } = await project.runOnce(runId, (run) => run.parked !== undefined);
  expect(parked).toMatchObject({ code: "NON_DURABLE_AWAIT", operationId: "step_act_2", place: expect.stringMatching(/workflows\/index\.ts:\d+:\d+$/) });
  expect(project.effects().map(({ what }) => what)).not.toContain("late");
});
