import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import Sqlite from "better-sqlite3";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { systemClock } from "../../src/base/clock.js";
import { migrations } from "../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { claimed, enter, request, run } from "../storage/contract/support.js";
import { bareEnvironment, ended as endOf, newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { violations } from "../support/json-schema.js";
import { until } from "../support/project.js";
import { insertOldRun } from "../support/old-run.js";

const dayMs = 86_400_000;
const many = 5000;
const seeded = newFolder();
let folder: ReturnType<typeof newFolder>;
let path: string;

// One store for all, copied by the command that is to be tested as well.
beforeAll(async () => {
  const backend = await openSqlite({ path: join(seeded.path, "seed.db"), durability: "normal" });
  const then = systemClock.now() - 40 * dayMs;
  await Promise.all(Array.from({ length: many }, (_, index) => backend.createRun(run({ createdAt: then + index, workflowName: index % 10 === 0 ? "refund" : "order" }))));
  const young = run({ createdAt: systemClock.now() });
  await backend.createRun(young);
  const workerId = await enter(backend, { workflows: ["order", "refund"] });
  const held = await claimed(backend, request(workerId, { workflows: ["order", "refund"], limit: many + 1, now: systemClock.now() }));
  await backend.commit(
    held.slice(0, -1).map(({ runId, createdAt }, index) => {
      const end = index % 5 === 0 ? { type: "workflow.failed" as const, value: encode(new Error("no")) } : { type: "workflow.completed" as const, value: encode(index) };
      return { runId, fence: 1, seen: 1, events: [{ ...end, at: createdAt + 10 }] };
    }),
  );
  await backend.loseWorker({ workerId, now: systemClock.now(), error: "stopped", charge: "none" });
  await backend.backup({ path: join(seeded.path, "store.db") });
  await backend.close();
});
afterAll(() => seeded.remove());
beforeEach(async () => {
  folder = newFolder();
  path = join(folder.path, "store.db");
  const backend = await openSqlite({ path: join(seeded.path, "store.db"), readOnly: true });
  await backend.backup({ path });
  await backend.close();
});
afterEach(() => folder.remove());

function call(...args: readonly string[]): Promise<Ended> {
  return pyworkflow(["--storage-path", path, ...args], { cwd: folder.path });
}

const json = (ended: Ended): unknown => JSON.parse(ended.stdout);

test("storage info: what is there, as a card, as JSON and plain", async () => {
  const card = await call("storage", "info");
  expect(card.stdout).toContain(`Store: ${path}\nFormat: ${migrations.length}\n`);
  expect(card.stdout).toContain(`Runs: ${many + 1} (1 interrupted, 4000 completed, 1000 failed)`);
  const document = json(await call("storage", "info", "-o", "json"));
  expect(violations("storage-info.json", document)).toEqual([]);
  expect(document).toMatchObject({ path, format: migrations.length, runs: many + 1, runs_by_status: { completed: 4000, failed: 1000, pending: 0 }, pruned_runs: 0, pruned_ticks: 0 });
  expect((await call("storage", "info", "-o", "plain")).stdout).toBe(`${path}\n`);
  rmSync(path);
  const none = await call("storage", "info", "-o", "json");
  expect(violations("storage-info.json", json(none))).toEqual([]);
  expect([none.code, existsSync(path)]).toEqual([0, false]);
});

test("runs prune: counts, refuses to guess, deletes, and says what became of the file", async () => {
  const dry = await call("runs", "prune", "--older-than", "30d", "--status", "failed", "--dry-run", "-o", "json");
  expect(violations("runs-prune.json", json(dry))).toEqual([]);
  expect(json(dry)).toMatchObject({ runs: 1000, events: null, dry_run: true, older_than: 2_592_000, statuses: ["failed"], workflow_name: null });
  const mute = await call("runs", "prune", "--older-than", "30d");
  expect([mute.code, mute.stdout]).toEqual([2, ""]);
  expect(mute.stderr).toContain("--yes deletes them, --dry-run counts them");
  const hasty = await call("runs", "prune", "--older-than", "10s", "--yes");
  expect([hasty.code, hasty.stderr]).toEqual([2, expect.stringContaining("shorter than 1m")]);

  const some = await call("runs", "prune", "--older-than", "30d", "--status", "failed", "--workflow", "refund", "--yes");
  expect(some.stdout).toMatch(/^Pruned: 500 runs with 1000 events\nEnded Before: .*\nStatuses: failed\nWorkflow: refund\n$/);
  const all = await call("runs", "prune", "--older-than", "30d", "--yes", "-o", "json");
  expect(violations("runs-prune.json", json(all))).toEqual([]);
  expect(json(all)).toMatchObject({ runs: 4500, events: 9000, dry_run: false });
  expect(all.stderr).toContain("The file keeps its size");
  const nothing = await call("runs", "prune", "--older-than", "30d", "--yes", "-o", "plain");
  expect([nothing.code, nothing.stdout, nothing.stderr]).toEqual([0, "0\n", expect.stringContaining("Nothing fits: no run of these statuses")]);
  expect((await call("runs", "list", "--all", "-o", "plain")).stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(json(await call("storage", "check", "-o", "json"))).toEqual({ runs: 1, events: 2, findings: [] });
});

test("storage check: all is well; what is broken is named, and the exit code says so", async () => {
  await call("runs", "prune", "--older-than", "30d", "--status", "completed", "--yes");
  const well = await call("storage", "check");
  expect([well.code, well.stdout]).toEqual([0, ""]);
  expect(well.stderr).toContain("1001 runs and 2002 events checked: all is well.");
  const file = new Sqlite(path);
  const runId = file.prepare<[], string>("SELECT run_id FROM runs WHERE status = 'failed' LIMIT 1").pluck().get();
  file.exec("UPDATE runs SET status = 'completed' WHERE key = (SELECT key FROM runs WHERE status = 'failed' LIMIT 1)");
  file.close();
  const broken = await call("storage", "check", "-o", "json");
  expect(violations("storage-check.json", json(broken))).toEqual([]);
  expect([broken.code, json(broken)]).toEqual([1, expect.objectContaining({ findings: [expect.objectContaining({ invariant: "I10", run_id: runId })] })]);
  expect((await call("storage", "check")).stdout).toMatch(new RegExp(`^I10\t${runId}\tstatus is "completed"`));
  expect((await call("storage", "check", "-o", "plain")).stdout).toBe(`${runId}\n`);
});

test("where there is no store, none is said to be well, and none is made", async () => {
  const there = (...args: readonly string[]) => pyworkflow([...args, "--storage-path", "nope.db"], { cwd: folder.path });
  const [check, backup, cancel, info] = await Promise.all([there("storage", "check"), there("storage", "backup", "nope-copy.db"), there("runs", "cancel", "--status", "running", "--yes"), there("storage", "info")]);
  expect([check.code, check.stdout, check.stderr]).toEqual([4, "", expect.stringContaining(`there is no store at ${join(folder.path, "nope.db")}`)]);
  expect([backup.code, backup.stdout]).toEqual([4, ""]);
  expect([cancel.code, cancel.stderr]).toEqual([0, expect.stringContaining("There is no store at ")]);
  expect([info.code, info.stdout]).toEqual([0, expect.stringContaining("none yet")]);
  expect(readdirSync(folder.path).filter((name) => name.startsWith("nope"))).toEqual([]);
});

test("storage backup: Ctrl+C leaves nothing of it, and says so", async () => {
  const database = new Sqlite(path);
  database.exec("CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(100000000))");
  database.close();
  const child = spawn(process.execPath, [resolve("bin/run.js"), "storage", "backup", "late.db", "--storage-path", path], { cwd: folder.path, env: bareEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
  const told = text(child.stderr);
  const parts = () => readdirSync(folder.path).filter((name) => name.startsWith("late.db"));
  await until("a part of the copy", () => (parts().length > 0 ? true : undefined));
  child.kill("SIGINT");
  expect(await endOf(child)).toBe(130);
  expect([await told, parts()]).toEqual([expect.stringContaining("what was begun was taken back"), []]);
});

test("storage backup: a copy that opens, and never over a file without --force", async () => {
  const done = await call("storage", "backup", "copy.db", "-o", "json");
  expect(violations("storage-backup.json", json(done))).toEqual([]);
  expect(json(done)).toMatchObject({ path: join(folder.path, "copy.db") });
  const again = await call("storage", "backup", "copy.db");
  expect([again.code, again.stderr]).toEqual([5, expect.stringContaining("--force")]);
  const forced = await call("storage", "backup", "copy.db", "--force");
  expect([forced.code, forced.stdout]).toEqual([0, expect.stringContaining("Backup: ")]);
  expect((await pyworkflow(["storage", "check", "--storage-path", "copy.db"], { cwd: folder.path })).code).toBe(0);
  const memory = await pyworkflow(["storage", "backup", "x.db", "--storage", "memory"], { cwd: folder.path });
  expect([memory.code, memory.stderr]).toEqual([1, expect.stringContaining("no file to be copied")]);
});

test("storage migrate, and a store of an older version that is only looked at", async () => {
  const nothing = await call("storage", "migrate", "-o", "json");
  expect(violations("storage-migrate.json", json(nothing))).toEqual([]);
  expect([json(nothing), nothing.stderr]).toEqual([{ path, previous_format: migrations.length, format: migrations.length, migrated: false, dry_run: false }, expect.stringContaining("nothing to migrate")]);

  rmSync(path);
  await (await openSqlite({ path, migrations: migrations.slice(0, 3) })).close();
  insertOldRun(path);
  const bytes = readFileSync(path);
  const list = await call("runs", "list", "-o", "plain");
  expect([list.code, list.stdout.trimEnd().split("\n").length]).toEqual([0, 1]);
  expect(list.stderr).toContain("has the older format 3");
  const dry = await call("storage", "migrate", "--dry-run", "-o", "json");
  expect(json(dry)).toEqual({ path, previous_format: 3, format: migrations.length, migrated: true, dry_run: true });
  expect(dry.stderr).toContain(`It would be brought from format 3 to ${migrations.length}.`);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(json(await call("storage", "migrate", "-o", "json"))).toEqual({ path, previous_format: 3, format: migrations.length, migrated: true, dry_run: false });
  expect((await call("runs", "list")).stderr).toBe("");
});
