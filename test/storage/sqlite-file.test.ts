import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { operationIdOf } from "../../src/core/ids.js";
import { networkFileSystem } from "../../src/storage/sqlite/open.js";
import { migrations } from "../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { claimed, enter, hookCreated, request, run, running, t0 } from "./contract/support.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-file-"));
  path = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const next = { since: "9.0.0", sql: "CREATE TABLE news (id INTEGER PRIMARY KEY) STRICT" };

test("a missing folder is made, and the store is there for the next process", async () => {
  path = join(folder, "a", "b", "store.db");
  const given = run();
  const first = await openSqlite({ path });
  await first.createRun(given);
  await first.close();
  const second = await openSqlite({ path });
  expect(await second.getRun(given.runId)).toMatchObject({ runId: given.runId, status: "pending" });
  await second.close();
});

test("the file is kept as it was promised: WAL, full synchronisation, only what belongs to it beside it", async () => {
  const seen: unknown[] = [];
  const look = (database: Sqlite.Database) => {
    seen.push(database.pragma("journal_mode", { simple: true }), database.pragma("synchronous", { simple: true }), database.pragma("busy_timeout", { simple: true }));
    return database;
  };
  await (await openSqlite({ path, wrap: look })).close();
  await (await openSqlite({ path, durability: "normal", blocking: true, wrap: look })).close();
  expect(seen).toEqual(["wal", 2, 0, "wal", 1, 10_000]);
  expect(readdirSync(folder).toSorted()).toEqual(["store.db", "store.db.bell"]);
});

test("a file of a newer version is refused with the version that reads it, and stays as it is", async () => {
  await (await openSqlite({ path, migrations: [...migrations, next] })).close();
  for (const readOnly of [false, true]) {
    await expect(openSqlite({ path, readOnly })).rejects.toMatchObject({ code: "STORAGE", kind: "newer", hint: expect.stringContaining("9.0.0") as string });
  }
});

test("an older file is migrated by a writer, never by a reader", async () => {
  await (await openSqlite({ path })).close();
  const newer = { path, migrations: [...migrations, next] };
  await (await openSqlite({ ...newer, readOnly: true })).close();
  await (await openSqlite({ path })).close(); // still of the older one
  await (await openSqlite(newer)).close();
  await expect(openSqlite({ path })).rejects.toMatchObject({ kind: "newer" });
  await (await openSqlite({ ...newer, readOnly: true })).close();
});

test("an older file is not migrated while a worker of the older version lives", async () => {
  const old = await openSqlite({ path });
  const workerId = await enter(old);
  const beating = setInterval(() => void old.beat(workerId, t0), 50);
  const newer = { path, migrations: [...migrations, next] };
  await expect(openSqlite(newer)).rejects.toMatchObject({ kind: "older", message: expect.stringContaining(workerId) as string });
  clearInterval(beating);
  await old.loseWorker({ workerId, now: t0, error: "stopped", charge: "none" });
  await (await openSqlite(newer)).close();
  await expect(openSqlite({ path })).rejects.toMatchObject({ kind: "newer" });
  await old.close();
});

test.for([true, false])("what is no database, or another program's, is refused by name (readOnly: %s)", async (readOnly) => {
  const text = join(folder, "notes.txt");
  writeFileSync(text, "these are my notes, not a database, and they are long enough to have a header ".repeat(20));
  await expect(openSqlite({ path: text, readOnly })).rejects.toMatchObject({ code: "STORAGE", kind: "unreadable", message: expect.stringContaining(text) as string });
  await expect(openSqlite({ path: folder, readOnly })).rejects.toMatchObject({ kind: "unreadable", message: expect.stringContaining(folder) as string });
  const foreign = join(folder, "foreign.db");
  new Sqlite(foreign).exec("CREATE TABLE theirs (id INTEGER)").close();
  await expect(openSqlite({ path: foreign, readOnly })).rejects.toMatchObject({ kind: "unreadable", message: expect.stringContaining("another program") as string });
  expect(new Sqlite(foreign).pragma("journal_mode", { simple: true })).toBe("delete");
});

test("a folder that can't be made is refused by name", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(openSqlite({ path: join(folder, "file", "store.db") })).rejects.toMatchObject({ kind: "unreadable", message: expect.stringContaining("file") as string });
});

test("reading a store that isn't there yet: it is empty, and nothing is made", async () => {
  const backend = await openSqlite({ path, readOnly: true });
  expect([await backend.listRuns({ limit: 5 }), await backend.countRuns(), await backend.listWorkers()]).toEqual([[], {}, []]);
  await expect(backend.createRun(run())).rejects.toThrow(/opened for reading/);
  await backend.close();
  expect(existsSync(path)).toBe(false);
});

test("a reader sees what a writer commits, and wakes", async () => {
  const writer = await openSqlite({ path });
  const reader = await openSqlite({ path, readOnly: true });
  const woken = new Promise<void>((resolve) => {
    reader.onWake(resolve);
  });
  const { runId } = await writer.createRun(run());
  await woken;
  expect(await reader.getRun(runId)).toMatchObject({ runId });
  await reader.close();
  await writer.close();
});

test("without a bell the slow look at the data version still wakes", async () => {
  const [writer, sleeper] = [await openSqlite({ path }), await openSqlite({ path })];
  rmSync(`${path}.bell`);
  const woken = new Promise<void>((resolve) => {
    sleeper.onWake(resolve);
  });
  await writer.createRun(run());
  await woken;
  expect(existsSync(`${path}.bell`)).toBe(true);
  await writer.close();
  await sleeper.close();
});

test("an idle store empties its write-ahead log", async () => {
  const timers: (() => void)[] = [];
  let elapsed = 0;
  const clock = {
    now: () => t0,
    monotonic: () => elapsed,
    setTimer: (fire: () => void) => {
      timers.push(fire);
      return { cancel: () => undefined };
    },
  };
  const backend = await openSqlite({ path, clock });
  await backend.createRun(run());
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  elapsed = 10_000;
  for (const fire of timers) fire();
  expect(statSync(`${path}-wal`).size).toBe(0);
  await backend.close();
});

test("commits that leave the checkpoints to others move nothing into the file; maintain does, once there is much to move", async () => {
  const writer = await openSqlite({ path, checkpoints: false });
  const thread = await openSqlite({ path });
  const sizeOfFile = () => statSync(path).size;
  const large = () => run({ input: encode("x".repeat(1_000_000)) });
  await writer.createRun(large());
  const before = sizeOfFile();
  await thread.maintain();
  expect(sizeOfFile()).toBe(before);
  for (let n = 0; n < 8; n++) await writer.createRun(large());
  expect(sizeOfFile()).toBe(before);
  await thread.maintain();
  expect(sizeOfFile()).toBeGreaterThan(8_000_000);
  await thread.close();
  await writer.close();
});

test("a writer that holds the lock delays a commit, and never fails it", async () => {
  const backend = await openSqlite({ path });
  const holder = new Sqlite(path);
  holder.exec("BEGIN IMMEDIATE");
  let isSettled = false;
  const created = backend.createRun(run()).finally(() => {
    isSettled = true;
  });
  expect(await backend.countRuns()).toEqual({}); // readers go on
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  expect(isSettled).toBe(false);
  holder.exec("ROLLBACK");
  expect(await created).toMatchObject({ created: true });
  holder.close();
  await backend.close();
});

test("a step without input and result takes at most 300 bytes on the disk", async () => {
  const [runs, steps] = [200, 10];
  const backend = await openSqlite({ path });
  const workerId = await enter(backend);
  for (let index = 0; index < runs; index++) await backend.createRun(run());
  const held = await claimed(backend, request(workerId, { limit: runs }));
  for (let step = 1; step <= steps; step++) {
    const operationId = operationIdOf("step_charge_card", step);
    const seen = 2 * step - 1;
    await backend.commit(
      held.map(({ runId }) => ({
        runId,
        fence: 1,
        seen,
        events: [
          { type: "step.started", at: t0, operationId, attempt: 1, after: seen, value: encode([]) },
          { type: "step.completed", at: t0, operationId, value: encode(undefined) },
        ],
      })),
    );
  }
  await backend.close();
  // The runs themselves are counted too.
  expect(statSync(path).size / (runs * steps)).toBeLessThanOrEqual(300);
});

test("a large payload of a hook is stored once for its event and the hook, and its large schema is not written again", async () => {
  const backend = await openSqlite({ path });
  const { runId } = await running(backend);
  const hookId = operationIdOf("hook_approval", 1);
  const schema = { description: "s".repeat(10_000) };
  const value = encode("x".repeat(100_000));
  await backend.commit([{ runId, fence: 1, seen: 1, events: [{ ...hookCreated(hookId), schema }] }]);
  const payloads = () => new Sqlite(path, { readonly: true }).prepare("SELECT length(text) AS chars FROM payloads ORDER BY id").pluck().all();
  const before = payloads();
  await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: t0, operationId: hookId, value }] }]);
  expect(payloads()).toEqual([...before, value.length]);
  expect(await backend.getHook(runId, hookId)).toMatchObject({ status: "received", payload: value, schema });
  expect(await backend.readHistory(runId, 2)).toMatchObject([{ type: "hook.received", value }]);
  await backend.commit([{ runId, fence: 1, seen: 3, events: [{ type: "workflow.completed", at: t0, value: encode(null) }] }]);
  expect(payloads()).toHaveLength(before.length + 1);
  expect(await backend.listHooks({ limit: 1 })).toMatchObject([{ payload: value, schema }]);
  await backend.close();
});

test("network file systems are told by their number", () => {
  expect([0x69_69, 0xff_53_4d_42 - 2 ** 32, 0xef_53].map(networkFileSystem)).toEqual(["NFS", "CIFS", undefined]);
});
