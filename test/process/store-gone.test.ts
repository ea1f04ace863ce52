import { spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEngine } from "../../src/index.js";
import { bareEnvironment, ended } from "../support/cli.js";
import { isAlive, TestProject, until } from "../support/project.js";

let project: TestProject;
let store: string;
beforeEach(() => {
  project = new TestProject();
  store = join(project.path, "store.db");
});
afterEach(() => project.remove());

test("workers, schedulers, who looks on, and an engine in a program end when the store is replaced under them", async () => {
  const runId = await project.startRun("holding", "a");
  const [worker, scheduler] = await Promise.all([project.runWorkers("-n", "1").ready(), project.runScheduler().ready()]);
  const pid = await project.pidOf("a second");
  const follower = await following(runId);
  const notes: string[] = [];
  const engine = await openEngine({ storage: `sqlite:${store}`, config: false, workflows: [], onNote: ({ message }) => void notes.push(message) });
  const result = engine.run(runId).result().catch((error: unknown) => error);
  await project.withStore((backend) => backend.backup({ path: join(project.path, "copy.db") }));
  renameSync(join(project.path, "copy.db"), store);

  expect(await Promise.all([worker.exited, scheduler.exited])).toEqual([1, 1]);
  for (const { stderr } of [worker, scheduler]) {
    expect(stderr).toContain(`Error: the store ${store} was replaced by another file while this process had it open\n  nothing is written any more;`);
    expect(stderr).not.toContain("trying again");
  }
  expect(isAlive(pid)).toBe(false);
  expect(await follower.ended).toEqual({ code: 1, stderr: expect.stringContaining("was replaced by another file") as string });
  expect(await result).toMatchObject({ code: "STORAGE", kind: "gone" });
  await until("the engine's worker to end", () => (notes.includes("this worker ends: its store is gone") ? true : undefined));
  await engine.close();
});

test("a worker whose store is deleted ends, and makes no new one", async () => {
  const worker = await project.runWorkers("-n", "1").ready();
  for (const rest of ["", "-wal", "-shm"]) rmSync(`${store}${rest}`);
  expect(await worker.exited).toBe(1);
  expect(worker.stderr).toContain(`the store ${store} was deleted`);
  expect(project.has("store.db")).toBe(false);
});

/** `runs logs --follow`, when it has printed the first of the run's events. */
async function following(runId: string): Promise<{ readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }> }> {
  const child = spawn(process.execPath, [resolve("bin/run.js"), "runs", "logs", runId, "--follow"], { cwd: project.path, env: bareEnvironment() });
  const end = Promise.all([ended(child), text(child.stderr)]);
  await once(child.stdout, "data");
  return { ended: end.then(([code, stderr]) => ({ code, stderr })) };
}
