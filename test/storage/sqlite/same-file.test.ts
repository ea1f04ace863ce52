import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Backend } from "../../../src/storage/backend.js";
import { openSqlite } from "../../../src/storage/sqlite/sqlite-backend.js";
import { run } from "../contract/support.js";
import { until } from "../../support/project.js";

let folder: string;
let path: string;
let store: Backend;
const given = run();
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-same-"));
  path = join(folder, "store.db");
  store = await openSqlite({ path, durability: "normal" });
  await store.createRun(given);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const replaced = { code: "STORAGE", kind: "gone", outcome: "rolled_back", message: expect.stringContaining("was replaced by another file") as string };
const deleted = { ...replaced, message: expect.stringContaining("was deleted") as string };

test("a store whose file was replaced takes nothing and tells nothing more, from the first write on", async () => {
  const reader = await openSqlite({ path, readOnly: true });
  const bell: string[] = [];
  reader.onWake(() => void bell.push("rang"));
  await store.backup({ path: join(folder, "copy.db") });
  renameSync(join(folder, "copy.db"), path);
  await expect(store.createRun(run())).rejects.toMatchObject(replaced);
  await expect(store.getRun(given.runId)).rejects.toMatchObject(replaced);
  await until("the bell", () => (bell.length > 0 ? true : undefined)); // nobody wrote: who only listens hears of it, too
  await expect(reader.listRuns({ limit: 1 })).rejects.toMatchObject(replaced);
  await store.maintain();
  await reader.close();
});

test("what lies beside the new file is left as it is when the old one is closed", async () => {
  for (const rest of ["", "-wal", "-shm"]) rmSync(`${path}${rest}`);
  const other = await openSqlite({ path, durability: "normal" });
  const mine = run();
  await other.createRun(mine);
  const log = readFileSync(`${path}-wal`);
  await expect(store.createRun(run())).rejects.toMatchObject(replaced);
  await store.maintain();
  await store.close();
  expect(existsSync(`${path}-shm`)).toBe(true);
  expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
  expect(await other.listRuns({ limit: 5 })).toMatchObject([{ runId: mine.runId }]);
  expect(await other.findFaults()).toEqual([]);
  await other.close();
  store = await openSqlite({ path });
  expect(await store.listRuns({ limit: 5 })).toMatchObject([{ runId: mine.runId }]);
});

test("a store that was deleted comes back for nobody, also where another stands in its place later", async () => {
  rmSync(path);
  await expect(store.createRun(run())).rejects.toMatchObject(deleted);
  await (await openSqlite({ path })).close();
  await expect(store.createRun(run())).rejects.toMatchObject(deleted);
});
