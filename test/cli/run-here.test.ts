import { afterAll, expect, test } from "vitest";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

const workflows = `import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { step, workflow } from "pyworkflow";

const hold = step("hold", async () => {
  writeFileSync("begun", "");
  while (!existsSync("go")) await pause(10);
});
export const held = workflow("held", async () => hold());
export const free = workflow("free", async () => "done");
`;

const project = new TestProject();
afterAll(() => project.remove());

test("a process that executes its own run is no worker for the run of another terminal, which executes that itself", async () => {
  project.touch("workflows/index.ts", workflows);
  const run = (name: string) => pyworkflow(["workflows", "run", name, "--wait", "--timeout", "30s", "-o", "json"], { cwd: project.path });
  const first = run("held");
  await until("the first run to begin", () => project.has("begun") || undefined);
  const second = await run("free");
  project.touch("go", "");
  expect([second.code, JSON.parse(second.stdout)]).toEqual([0, expect.objectContaining({ result: "done" })]);
  expect(second.stderr).toContain("so this process executes the run");
  expect((await first).code).toBe(0);
});
