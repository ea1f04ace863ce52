import { afterEach, expect, test } from "vitest";
import { pyworkflow } from "../support/cli.js";
import { TestProject } from "../support/project.js";

let project: TestProject | undefined;
afterEach(() => project?.remove());

test("workers that were killed with nobody left to notice are neither listed nor asked to stop", async () => {
  project = new TestProject();
  const workers = await project.runWorkers("--processes", "1").ready();
  const command = (...words: string[]) => pyworkflow([...words, "-o", "json"], { cwd: project?.path ?? "" });
  const alive = await command("worker", "list");
  expect(JSON.parse(alive.stdout)).toMatchObject([{ pid: workers.process.pid, status: "online" }]);

  workers.killAll();
  await workers.exited;

  const [listed, stopped] = [await command("worker", "list"), await command("worker", "stop")];
  expect([listed.code, listed.stdout, stopped.code, stopped.stdout]).toEqual([0, "[]\n", 0, "[]\n"]);
});
