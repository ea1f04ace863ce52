import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestProject } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

async function expectNothingStarted(): Promise<void> {
  expect((await project.workers()).filter(({ status }) => status !== "dead")).toEqual([]);
}

test("a module that throws when it is imported: exit 1 with the place and the message, and nothing is left running", async () => {
  writeFileSync(join(project.path, "workflows/index.ts"), 'export const a = 1;\nthrow new RangeError("the price list is missing");\n');
  const supervisor = project.runWorkers("-n", "2");
  expect(await supervisor.exited).toBe(1);
  expect(supervisor.stderr).toContain("the price list is missing");
  expect(supervisor.stderr).toContain("index.ts:2:");
  expect(supervisor.stderr).not.toContain("processes  ");
  await expectNothingStarted();
});

test("a module that ends its process when it is imported: exit 1, saying so", async () => {
  writeFileSync(join(project.path, "workflows/index.ts"), "process.exit(9);\n");
  const supervisor = project.runWorkers("-n", "2");
  expect(await supervisor.exited).toBe(1);
  expect(supervisor.stderr).toContain("a worker process ended with exit code 9 before it was ready");
  await expectNothingStarted();
});

test("a workflow that no module defines: exit 4, naming those there are", async () => {
  const supervisor = project.runWorkers("-n", "1", "--workflow", "nowhere");
  expect(await supervisor.exited).toBe(4);
  expect(supervisor.stderr).toContain("nowhere");
  expect(supervisor.stderr).toContain("holding");
});

test("a store in memory can't be shared by processes: exit 1, naming what to choose", async () => {
  const supervisor = project.runWorkers("--storage", "memory");
  expect(await supervisor.exited).toBe(1);
  expect(supervisor.stderr).toContain("--storage sqlite");
});

test("a signal while the modules are being loaded ends it with 0", async () => {
  writeFileSync(join(project.path, "workflows/index.ts"), 'import { writeFileSync } from "node:fs";\nwriteFileSync("loading", "");\nawait new Promise(() => setTimeout(() => {}, 1e9));\n');
  const supervisor = project.runWorkers("-n", "1");
  const { until } = await import("../support/project.js");
  await until("the import", () => (project.has("loading") ? true : undefined));
  supervisor.signal("SIGTERM");
  expect(await supervisor.exited).toBe(0);
});
