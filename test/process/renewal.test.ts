import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestProject, until, type WorkerCommand } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

function says(supervisor: WorkerCommand, text: string): Promise<true> {
  return until(text, () => (supervisor.stderr.includes(text) ? true : undefined), { tell: () => supervisor.stderr });
}

test("a process that grows past --max-memory makes room for a fresh one: its step ends, its run goes on there, and nothing is charged", async () => {
  const supervisor = await project.runWorkers("-n", "1", "--max-memory", "400M").ready();
  const runId = await project.startRun("hoarding");
  const old = await project.pidOf("hoarded");
  await says(supervisor, "a fresh one takes its place");
  const fresh = await until("the old one to make room", async () => {
    const workers = await project.workers();
    if (!workers.some(({ pid, status }) => pid === old && status === "draining")) return undefined;
    return workers.find(({ role, pid, status }) => role === "worker" && pid !== old && status === "online")?.pid;
  });
  const next = await project.startRun("quick", 1);
  await project.ended(next);
  expect(await project.pidOf("quick 1")).toBe(fresh);
  expect(await project.run(runId)).toMatchObject({ status: "running" });
  project.touch("go");

  expect(await project.ended(runId)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  expect(await project.eventTypes(runId)).not.toContain("workflow.interrupted");
  expect(await project.pidOf("after hoarding")).toBe(fresh);
  expect(supervisor.stderr).not.toContain("is gone");
});

test("--watch takes up new code, keeps to the old where that can't run, and tells of runs that do not fit", async () => {
  const module = join(project.path, "workflows/index.ts");
  const supervisor = await project.runWorkers("-n", "2", "--watch", "--shutdown-timeout", "0s").ready();
  // A process that is still loading would load what is broken below.
  await project.online(2);
  const held = await project.startRun("holding", "a");
  await project.pidOf("a second");

  const good = readFileSync(module, "utf8");
  appendFileSync(module, "export const broken = ;\n");
  const line = good.split("\n").length;
  await says(supervisor, `workflows/index.ts:${line}:`);
  await project.ended(await project.startRun("quick", 1));

  const newer = `${good.replace("act(`${name} first`)", "act(`${name} changed`)")}\nexport const late = workflow("late", async () => act("late"));\n`;
  writeFileSync(module, newer);
  await says(supervisor, "2 worker processes run the new code");
  await project.ended(await project.startRun("late"));
  await says(supervisor, "1 run does not fit the new code and is parked");
  expect(await project.run(held)).toMatchObject({ status: "interrupted", parked: { code: "NON_DETERMINISTIC" } });

  writeFileSync(module, good);
  await project.pidOf("a second");
  project.touch("go");
  expect(await project.ended(held)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  expect(supervisor.stderr).not.toContain("is gone");
});
