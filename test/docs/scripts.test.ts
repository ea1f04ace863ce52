import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { newRunId, newWorkerId } from "../../src/core/ids.js";
import { newProject } from "../../src/services/new-project.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { bareEnvironment, newFolder } from "../support/cli.js";

// What examples/scripts/ and the crontab show is run as it stands there, against a project of quickstart.

const folder = newFolder();
const dir = join(folder.path, "orders");
const patienceMs = 120_000;

beforeAll(async () => {
  await newProject({ dir, template: "basic" });
  const program = join(folder.path, "pyworkflow");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${resolve("bin/run.js")}" "$@"\n`);
  chmodSync(program, 0o755);
});
afterAll(() => folder.remove());

function shell(...args: string[]) {
  const env = { ...bareEnvironment(), PATH: [folder.path, process.env["PATH"]].join(delimiter) };
  const { status, stdout, stderr } = spawnSync("sh", args, { cwd: dir, env, encoding: "utf8", timeout: patienceMs });
  return { code: status, stdout: stdout.replaceAll(/run_\w{26}/g, "run_…"), stderr };
}

test("operate.sh does what it says, on both streams", () => {
  const { code, stdout, stderr } = shell(resolve("examples/scripts/operate.sh"));
  const [started, completed, ...rest] = stdout.trimEnd().split("\n");
  expect({ code, stderr: stderr.replaceAll(/^No live worker .*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
  expect(started).toBe("started run_…");
  expect(completed).toMatch(/^completed: \{"orderId":"ORD-7","status":"completed",.*\}$/);
  expect(rest).toEqual(["refused: RUN_NOT_FOUND", "would cancel 3", "left alive: 0", "read 2 pages of two", "exported a whole history", "pruned 0", "imported unchanged"]);
}, patienceMs);

describe("crontab.example", () => {
  const lines = readFileSync("examples/scripts/crontab.example", "utf8").split("\n");
  const jobs = lines.flatMap((line) => /^(?:\S+ ){5}(cd .*)$/.exec(line)?.slice(1) ?? []);
  const run = (job: string) => shell("-c", job.replace("cd /srv/orders", `cd '${dir}'`));

  test("each line is a comment, a variable, or a time and a command", () => {
    expect(lines.filter((line) => !/^(?:|#.*|[A-Z]+=.*|(?:[\d*/,-]+ ){5}cd \/srv\/orders && .*)$/.test(line))).toEqual([]);
    expect(jobs.length).toBeGreaterThan(2);
  });

  test("each command works, and prints nothing while there is nothing to tell", () => {
    expect(jobs.map(run)).toEqual(jobs.map(() => ({ code: 0, stdout: "", stderr: "" })));
  }, patienceMs);

  test("a run that lost its worker is told of", async () => {
    await loseRun();
    const told = jobs.map(run).filter(({ stdout }) => stdout !== "");
    expect(told).toEqual([{ code: 0, stdout: "runs were interrupted in the last hour\n", stderr: "" }]);
  }, patienceMs);
});

async function loseRun(): Promise<void> {
  const backend = await openSqlite({ path: join(dir, "pyworkflow_data", "pyworkflow.db") });
  const now = systemClock.now();
  const workerId = newWorkerId(now, randomBytes);
  await backend.registerWorker({ workerId, role: "worker", hostname: "gone", pid: 1, version: "v1", concurrency: 1, workflows: ["lost"], startedAt: now });
  await backend.createRun({ runId: newRunId(now, randomBytes), workflowName: "lost", durable: true, input: encode({}), createdAt: now, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3, nestingDepth: 0 });
  await backend.claim({ workerId, workflows: ["lost"], version: "v1", company: "any", limit: 1, now });
  await backend.loseWorker({ workerId, now, error: "killed by SIGKILL", charge: "all" });
  await backend.close();
}
