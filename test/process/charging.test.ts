import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestProject, until } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject({ max_block: "2s" });
});
afterEach(() => project.remove());

function attemptsOf(what: string): number {
  return project.effects().filter((effect) => effect.what === what).length;
}

describe("a run that ends its process each time fails after its own attempts, and no neighbour is charged for it", () => {
  test.each([
    { how: "exit", error: "process.exit(3)" },
    { how: "throw", error: "uncaught TypeError: thrown where nobody catches" },
    { how: "block", error: "blocked its event loop for 2000 ms" },
  ])("$how", async ({ how, error }) => {
    const poison = await project.startRun("poison", how);
    const neighbour = await project.startRun("holding", "n");
    await project.runWorkers("-n", "1").ready();
    const ended = await project.ended(poison);
    project.touch("go");
    await project.ended(neighbour);

    expect(ended).toMatchObject({ status: "failed", recoveryAttempts: 4 });
    const losses = (await project.history(poison)).filter((event) => event.type === "workflow.interrupted");
    expect(losses).toMatchObject([1, 2, 3, 4].map((recoveryAttempt) => ({ error, recoveryAttempt })));
    expect(attemptsOf(`poison ${how}`)).toBe(4);
    const shared = (await project.history(neighbour)).filter((event) => event.type === "workflow.interrupted");
    // Beside it in the first two lives only: from the second loss on the poison executes alone.
    expect(shared).toMatchObject([
      { error, recoveryAttempt: 0 },
      { error, recoveryAttempt: 0 },
    ]);
  });
});

test("of a hundred runs in flight with one that kills its process without a word, the others complete", async () => {
  const poison = await project.startRun("poison", "kill");
  const others = await project.startRuns("steady", Array.from({ length: 99 }, () => 20));
  await project.runWorkers("-n", "2").ready();
  expect(await project.ended(poison)).toMatchObject({ status: "failed", recoveryAttempts: 4 });
  expect(attemptsOf("poison kill")).toBe(4);
  for (const runId of others) expect(await project.ended(runId)).toMatchObject({ status: "completed" });
  const histories = await Promise.all(others.map((runId) => project.eventTypes(runId)));
  expect(histories.flat()).toContain("workflow.interrupted");
});

test("a bad deploy is a crash loop: fifty runs that all end their process complete when it is mended", async () => {
  const runs = await project.startRuns("poison", Array.from({ length: 50 }, () => "exit"));
  const supervisor = await project.runWorkers("-n", "2").ready();
  await until("the report", () => (supervisor.stderr.includes("crash loop") ? true : undefined));
  const deaths = () => supervisor.stderr.split("is gone").length;
  const before = deaths();
  await until("more deaths", () => (deaths() > before + 1 ? true : undefined));
  project.touch("mended");
  for (const runId of runs) expect(await project.ended(runId)).toMatchObject({ status: "completed" });
});
