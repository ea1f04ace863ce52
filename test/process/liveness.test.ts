import { resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import type { RunId } from "../../src/core/ids.js";
import { isAlive, TestProject, until } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject({ lease: "2s" });
});
afterEach(() => project.remove());

function effectsOf(what: string): number {
  return project.effects().filter((effect) => effect.what === what).length;
}

test("a step that blocks its process for several leases loses nothing", async () => {
  await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("blocking", 7000);
  expect(await project.ended(runId)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  expect(await project.eventTypes(runId)).not.toContain("workflow.interrupted");
  expect(effectsOf("blocking")).toBe(1);
});

test("a process stopped for longer than its lease is lost and ended; its run goes on elsewhere", async () => {
  await project.runWorkers("-n", "2").ready();
  const runId = await project.startRun("holding", "a");
  const stopped = await project.pidOf("a second");
  process.kill(stopped, "SIGSTOP");
  await until("the second attempt", () => (effectsOf("a second") === 2 ? true : undefined));
  await until("the end of the stopped process", () => (isAlive(stopped) ? undefined : true));
  project.touch("go");
  expect(await project.ended(runId)).toMatchObject({ status: "completed" });
  const loss = (await project.history(runId)).find(({ type }) => type === "workflow.interrupted");
  expect(loss).toMatchObject({ error: expect.stringContaining("no heartbeat for") });
});

test("a supervisor and its process stopped together, and taken over, write nothing and start nothing when they go on", async () => {
  const first = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a");
  const stopped = await project.pidOf("a second");
  first.signal("SIGSTOP");
  process.kill(stopped, "SIGSTOP");
  await project.runWorkers("-n", "1").ready();
  await until("the second attempt", () => (effectsOf("a second") === 2 ? true : undefined));
  project.touch("go");
  await project.ended(runId);
  const types = await project.eventTypes(runId);

  process.kill(stopped, "SIGCONT");
  // The first process finds its step's file made, too, and itself dead.
  await until("its end", () => (isAlive(stopped) ? undefined : true));
  expect(await project.eventTypes(runId)).toEqual(types);
  expect(effectsOf("a third")).toBe(1);

  // A supervisor that was taken for dead goes on under a new id, and works.
  first.signal("SIGCONT");
  await until("its return", async () => {
    return (await aliveSupervisors()).includes(first.process.pid ?? 0) ? true : undefined;
  });
  first.signal("SIGTERM");
  expect(await first.exited).toBe(0);
});

test("a supervisor stopped alone, and taken for dead, costs its process nothing, and writes nothing when it goes on", async () => {
  const first = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a");
  const pid = await project.pidOf("a second");
  await project.runWorkers("-n", "1").ready();
  first.signal("SIGSTOP");
  await until("its declared death", async () => ((await aliveSupervisors()).includes(first.process.pid ?? 0) ? undefined : true));
  project.touch("go");
  expect(await project.ended(runId)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  const types = await project.eventTypes(runId);
  expect(types).not.toContain("workflow.interrupted");
  expect(await project.pidOf("a third")).toBe(pid);

  first.signal("SIGCONT");
  await until("its return", async () => ((await aliveSupervisors()).includes(first.process.pid ?? 0) ? true : undefined));
  expect(await project.eventTypes(runId)).toEqual(types);
});

test("a process stopped between the interrupt of its run and the next claim writes nothing and starts nothing when it goes on", async () => {
  const first = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a");
  const stopped = await project.pidOf("a second");
  first.signal("SIGSTOP");
  process.kill(stopped, "SIGSTOP");
  await project.withStore(async (store) => {
    const holder = (await store.getRun(runId))?.workerId;
    if (holder !== undefined) await store.loseWorker({ workerId: holder, now: systemClock.now(), error: "declared by the test", charge: "all" });
  });
  const types = await project.eventTypes(runId);
  expect(types.at(-1)).toBe("workflow.interrupted");

  project.touch("go");
  process.kill(stopped, "SIGCONT");
  await until("its end", () => (isAlive(stopped) ? undefined : true));
  expect(await project.eventTypes(runId)).toEqual(types);
  expect(effectsOf("a third")).toBe(0);

  first.signal("SIGCONT");
  expect(await project.ended(runId)).toMatchObject({ status: "completed" });
});

test("a wall clock that jumps by an hour, forth and back, interrupts nothing", async () => {
  project.env["NODE_OPTIONS"] = `--require ${resolve("test/fixtures/jumping-clock.cjs")}`;
  await project.runWorkers("-n", "2").ready();
  const pids = await until("both processes", async () => pairOf(await project.livingPids()));
  const watched = await project.startRun("steady", 100);
  const runs = [watched, await project.startRun("steady", 100)];
  const hour = 3_600_000;
  for (const offsetMs of [hour, -hour, 0]) {
    project.touch("clock-offset.txt", String(offsetMs));
    await moreEvents(watched, 20);
  }
  for (const runId of runs) {
    expect(await project.ended(runId)).toMatchObject({ status: "completed", recoveryAttempts: 0 });
    expect(await project.eventTypes(runId)).not.toContain("workflow.interrupted");
  }
  expect(await project.livingPids()).toEqual(pids);
});

async function aliveSupervisors(): Promise<readonly number[]> {
  return (await project.workers()).filter(({ role, status }) => role === "supervisor" && status !== "dead").map(({ pid }) => pid);
}

async function moreEvents(runId: RunId, count: number): Promise<void> {
  const before = (await project.history(runId)).length;
  await until("more events", async () => ((await project.history(runId)).length > before + count ? true : undefined));
}

function pairOf(pids: readonly number[]): readonly number[] | undefined {
  return pids.length === 2 ? pids : undefined;
}
