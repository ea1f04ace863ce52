import { afterEach, beforeEach, expect, test } from "vitest";
import { TestProject } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

// A file of its own: it runs beside the others.
test("a step that blocks its process for thirty seconds, under the lease of fifteen that holds without settings, completes with no recovery", async () => {
  await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("blocking", 30_000);
  expect(await project.ended(runId, 90_000)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  expect(await project.eventTypes(runId)).not.toContain("workflow.interrupted");
  expect(project.effects().filter(({ what }) => what === "blocking")).toHaveLength(1);
});
