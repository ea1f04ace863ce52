import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunId } from "../../src/core/ids.js";
import { isAlive, TestProject, until } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

const recovered = [
  "workflow.started",
  "step.started",
  "step.completed",
  "step.started",
  "workflow.interrupted",
  "workflow.resumed",
  "step.started",
  "step.completed",
  "step.started",
  "step.completed",
  "workflow.completed",
];

// A step does not wait for the record of its start.
async function startRecorded(runId: RunId): Promise<void> {
  await until("the record of the second step", async () => ((await project.eventTypes(runId)).length === 4 ? true : undefined));
}

describe("a worker process dies in the middle of a step", () => {
  test("its run goes on at that step in the other process, and the process is replaced", async () => {
    await project.runWorkers("-n", "2").ready();
    const runId = await project.startRun("holding", "a");
    const dead = await project.pidOf("a second");
    await startRecorded(runId);
    process.kill(dead, "SIGKILL");
    await until("the second attempt", () => (project.effects().filter(({ what }) => what === "a second").length === 2 ? true : undefined));
    project.touch("go");
    const run = await project.ended(runId);

    expect(run).toMatchObject({ status: "completed", recoveryAttempts: 0 });
    expect(await project.eventTypes(runId)).toEqual(recovered);
    const history = await project.history(runId);
    expect(history[4]).toMatchObject({ reason: "worker_lost", error: "killed by SIGKILL", recoveryAttempt: 1, recoverable: true });
    expect(history[5]).toMatchObject({ reason: "recovery" });
    expect(project.effects().map(({ what }) => what)).toEqual(["a first", "a second", "a second", "a third"]);
    await until("the replacement", async () => ((await project.livingPids()).length === 2 ? true : undefined));
    expect(await project.livingPids()).not.toContain(dead);
  });

  test("although a process that its step started still holds its output open", async () => {
    await project.runWorkers("-n", "2").ready();
    const runId = await project.startRun("parent");
    process.kill(await project.pidOf("grandchild"), "SIGKILL");
    const grandchild = Number(readFileSync(join(project.path, "grandchild.txt"), "utf8"));
    await until("the second attempt", () => (project.effects().length === 2 ? true : undefined));
    expect(isAlive(grandchild)).toBe(true);
    project.touch("go");
    expect(await project.ended(runId)).toMatchObject({ status: "completed" });
    for (const pid of readFileSync(join(project.path, "grandchild.txt"), "utf8").trimEnd().split("\n").map(Number)) if (isAlive(pid)) process.kill(pid);
  });
});

describe("a supervisor is killed", () => {
  test("its processes stop by themselves, hand their runs over, and charge nothing", async () => {
    const supervisor = await project.runWorkers("-n", "1", "--shutdown-timeout", "0s").ready();
    const runId = await project.startRun("holding", "a");
    const pid = await project.pidOf("a second");
    supervisor.signal("SIGKILL");
    await until("the process to end", () => (isAlive(pid) ? undefined : true));
    expect(await project.run(runId)).toMatchObject({ status: "suspended", wakeReason: "released", recoveryAttempts: 0 });

    project.touch("go");
    await project.runWorkers("-n", "1").ready();
    expect(await project.ended(runId)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  });

  test("with all of its processes: the next one finds their locks free and takes their runs over", async () => {
    const supervisor = await project.runWorkers("-n", "2").ready();
    const runId = await project.startRun("holding", "a");
    await startRecorded(runId);
    supervisor.killAll();
    await supervisor.exited;
    project.touch("go");
    await project.runWorkers("-n", "1").ready();
    await project.ended(runId);

    expect(await project.eventTypes(runId)).toEqual(recovered);
    const history = await project.history(runId);
    expect(history[4]).toMatchObject({ error: "its process has ended", recoveryAttempt: 1 });
  });

  test("another supervisor on the same store takes its runs over while it works on its own", async () => {
    const first = await project.runWorkers("-n", "1").ready();
    const runId = await project.startRun("holding", "a");
    const pid = await project.pidOf("a second");
    await project.runWorkers("-n", "1").ready();
    const other = await project.startRun("quick", 1);
    await project.ended(other);
    first.killAll();
    await until("the second attempt", () => (project.effects().filter(({ what }) => what === "a second").length === 2 ? true : undefined));
    project.touch("go");
    expect(await project.ended(runId)).toMatchObject({ status: "completed" });
    expect(project.effects().find(({ what }) => what === "a third")?.pid).not.toBe(pid);
  });
});
