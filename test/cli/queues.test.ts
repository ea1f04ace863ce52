import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { newFolder, pyworkflow } from "../support/cli.js";
import { fillStore } from "../support/filled-store.js";
import { violations } from "../support/json-schema.js";
import { TestProject, until } from "../support/project.js";
import { hasTerminals, onTerminal } from "../support/pty.js";

const folder = newFolder();
const cwd = folder.path;
let project: TestProject;

beforeAll(async () => {
  const backend = await openSqlite({ path: join(cwd, "pyworkflow_data", "pyworkflow.db") });
  const { workerId } = await fillStore(backend);
  await backend.loseWorker({ workerId, now: 0, error: "gone", charge: "none" });
  await backend.close();
});
afterAll(() => folder.remove());
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

test("what has not ended is counted by workflow; that nobody executes it is said in a word", async () => {
  const { code, stdout } = await pyworkflow(["worker", "queues", "-o", "json"], { cwd });
  const rows: unknown = JSON.parse(stdout);
  expect([code, violations("worker-queues.json", rows)]).toEqual([0, []]);
  const none = { pending_runs: 0, running_runs: 0, suspended_runs: 0, interrupted_runs: 0, due_runs: 0, parked_runs: 0, workers: 0 };
  expect(rows).toEqual([
    { ...none, workflow_name: "process_order", suspended_runs: 1, interrupted_runs: 1, due_runs: 1, parked_runs: 1 },
    { ...none, workflow_name: "send_mail", pending_runs: 1, due_runs: 1 },
  ]);
  const table = await pyworkflow(["worker", "queues"], { cwd });
  expect([table.stdout, table.stderr]).toEqual(["process_order\t0\t0\t1\t1\t1\t1\tnone\nsend_mail\t1\t0\t0\t0\t1\t0\tnone\n", ""]);
  expect((await pyworkflow(["worker", "queues", "-o", "plain"], { cwd })).stdout).toBe("process_order\nsend_mail\n");
});

test.skipIf(!hasTerminals)("a narrow terminal keeps what matters: the workflow, what is due, who is there", async () => {
  const terminal = onTerminal(["worker", "queues"], { cwd, columns: 46, env: { NO_COLOR: "1" } });
  expect(await terminal.ended).toBe(0);
  expect(terminal.screen().join("\n")).toMatchSnapshot();
});

test("those that execute a workflow are counted, and a worker that starts names what nobody does", async () => {
  const empty = await pyworkflow(["worker", "queues", "-o", "json"], { cwd: project.path });
  expect([empty.code, empty.stdout]).toEqual([0, "[]\n"]);
  await project.startRun("head", { children: 0, parentClose: "abandon" });
  await project.startRuns("renamed", [1, 2]);
  const worker = project.runWorkers("-n", "2");
  await project.pidOf("head");
  const rows: unknown = JSON.parse((await pyworkflow(["worker", "queues", "-o", "json"], { cwd: project.path })).stdout);
  expect(rows).toMatchObject([
    { workflow_name: "head", running_runs: 1, due_runs: 0, workers: 2 },
    { workflow_name: "renamed", pending_runs: 2, due_runs: 2, workers: 0 },
  ]);
  const note = "2 runs of renamed wait for a worker that executes it: this one does not, and no other is alive.";
  await until("the note", () => worker.stderr.includes(note) || undefined, { tell: () => worker.stderr });
  project.touch("go");
});

test.skipIf(process.platform === "win32")("a worker that is stopped is silent a lease later, for all who look, and heeds what was asked when it goes on", async () => {
  const { path: at } = project;
  writeFileSync(join(at, "pyworkflow.config.yaml"), "module: ./workflows\nstorage: { path: ./store.db }\nworker: { lease: 2s }\n");
  const worker = await project.runWorkers("-n", "1").ready();
  const group = -(worker.process.pid ?? Number.NaN);
  const statuses = async () => {
    const rows: unknown = JSON.parse((await pyworkflow(["worker", "list", "-o", "json"], { cwd: at })).stdout);
    expect(violations("worker-list.json", rows)).toEqual([]);
    return (rows as readonly { status: string; processes: readonly { status: string }[] }[]).map(({ status, processes }) => [status, ...processes.map((each) => each.status)].join(" "));
  };
  expect(await statuses()).toEqual(["online online"]);
  process.kill(group, "SIGSTOP");
  await until("a lease without a sign of life", async () => (String(await statuses()) === "silent silent" ? true : undefined));
  const runId = await project.startRun("quick", 1);
  const [why, queues, doctor, stop] = await Promise.all([
    pyworkflow(["runs", "why", runId], { cwd: at }),
    pyworkflow(["worker", "queues"], { cwd: at }),
    pyworkflow(["doctor", "--quick"], { cwd: at }),
    pyworkflow(["worker", "stop"], { cwd: at }),
  ]);
  expect(why.stdout).toMatch(/No worker is alive\. worker_\w+ \(pid \d+ on .+\) executes it, and gave its last sign of life .+ ago\./);
  expect(queues.stdout).toMatch(/^quick\t.*\tnone\n/);
  expect(doctor.stdout).toMatch(/warning\tworkers\tworker_\w+ .* has shown no sign of life for /);
  expect(doctor.stdout).toContain("1 run is due for quick, which no live worker executes");
  expect(stop.stderr).toMatch(/gives no sign of life: it stops when it goes on; else end process \d+ on /);
  process.kill(group, "SIGCONT");
  await worker.exited;
});
