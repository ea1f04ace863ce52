import { afterEach, beforeEach, expect, test } from "vitest";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

async function expectNoWorkers(): Promise<void> {
  expect((await project.workers()).filter(({ status }) => status !== "dead")).toEqual([]);
}

test("SIGTERM lets a step finish, hands the run over behind it, and exits 0", async () => {
  const supervisor = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("holding", "a");
  await project.pidOf("a second");
  supervisor.signal("SIGTERM");
  await until("the drain", async () => ((await project.workers()).some(({ role, status }) => role === "worker" && status === "draining") ? true : undefined));
  project.touch("go");

  expect(await supervisor.exited).toBe(0);
  expect(await project.eventTypes(runId)).toEqual(["workflow.started", "step.started", "step.completed", "step.started", "step.completed", "workflow.suspended"]);
  expect(await project.run(runId)).toMatchObject({ wakeReason: "released", recoveryAttempts: 0 });
  await expectNoWorkers();
});

test("a step that takes too long is left behind: its run is released without its outcome", async () => {
  const supervisor = await project.runWorkers("-n", "1", "--shutdown-timeout", "0s").ready();
  const runId = await project.startRun("holding", "a");
  await project.pidOf("a second");
  supervisor.signal("SIGINT");

  expect(await supervisor.exited).toBe(0);
  expect(await project.eventTypes(runId)).toEqual(["workflow.started", "step.started", "step.completed", "step.started", "workflow.suspended"]);
  await expectNoWorkers();
});

test("a second signal ends everything at once with 130, and charges no run", async () => {
  const supervisor = await project.runWorkers("-n", "2").ready();
  const runId = await project.startRun("holding", "a");
  await project.pidOf("a second");
  supervisor.signal("SIGINT");
  await until("the drain", async () => ((await project.workers()).some(({ status }) => status === "draining") ? true : undefined));
  supervisor.signal("SIGINT");

  expect(await supervisor.exited).toBe(130);
  expect(await project.run(runId)).toMatchObject({ status: "interrupted", recoveryAttempts: 0 });
  await expectNoWorkers();
});

test("a worker process that alone gets SIGTERM hands over, and is replaced", async () => {
  await project.runWorkers("-n", "1", "--shutdown-timeout", "0s").ready();
  const runId = await project.startRun("holding", "a");
  const pid = await project.pidOf("a second");
  process.kill(pid, "SIGTERM");
  await until("the second attempt", () => (project.effects().filter(({ what }) => what === "a second").length === 2 ? true : undefined));
  project.touch("go");
  const run = await project.ended(runId);

  expect(run).toMatchObject({ status: "completed", recoveryAttempts: 0 });
  expect(await project.eventTypes(runId)).not.toContain("workflow.interrupted");
});

test("worker stop reaches it through the store", async () => {
  const supervisor = await project.runWorkers("-n", "2").ready();
  await project.online(2);
  const listed = await pyworkflow(["worker", "list", "-o", "json"], { cwd: project.path });
  const [worker, ...others] = JSON.parse(listed.stdout) as { worker_id: string; pid: number; processes: unknown[] }[];
  expect(others).toEqual([]);
  expect(worker).toMatchObject({ pid: supervisor.process.pid, status: "online", concurrency: 200, active_runs: 0, processed: 0 });
  expect(worker?.processes).toHaveLength(2);

  const unknown = await pyworkflow(["worker", "stop", "worker_nobody"], { cwd: project.path });
  expect(unknown.code).toBe(4);
  const stopped = await pyworkflow(["worker", "stop", worker?.worker_id ?? "", "-o", "plain"], { cwd: project.path });
  expect(stopped).toMatchObject({ code: 0, stdout: `${worker?.worker_id}\n` });
  expect(await supervisor.exited).toBe(0);
  expect(await pyworkflow(["worker", "status", "-o", "json"], { cwd: project.path })).toMatchObject({ code: 0, stdout: "[]\n" });
});

test("--drain does what is due, leaves what is not, and exits 0", async () => {
  const quick = await project.startRuns("quick", [1, 2, 3, 4, 5]);
  const later = await project.startRun("sleepy");
  const supervisor = project.runWorkers("-n", "2", "--drain");

  expect(await supervisor.exited).toBe(0);
  for (const runId of quick) expect(await project.run(runId)).toMatchObject({ status: "completed" });
  expect(await project.run(later)).toMatchObject({ status: "suspended", wakeReason: "timer" });
  expect(project.effects().map(({ what }) => what)).toContain("before");
  expect(project.effects().map(({ what }) => what)).not.toContain("after");
  await expectNoWorkers();
});

test("--workflow leaves the runs of others alone", async () => {
  const other = await project.startRun("sleepy");
  const quick = await project.startRun("quick", 1);
  expect(await project.runWorkers("-n", "1", "--drain", "--workflow", "quick").exited).toBe(0);
  expect(await project.run(quick)).toMatchObject({ status: "completed" });
  expect(await project.run(other)).toMatchObject({ status: "pending" });
});
