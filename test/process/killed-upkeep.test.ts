import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { migrations } from "../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { claimed, enter, request, run } from "../storage/contract/support.js";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { insertOldRun } from "../support/old-run.js";

// The commands that look after a store are killed in the middle: what is left is sound, and the same command ends the work.

const folder = newFolder();
const path = join(folder.path, "store.db");
const many = 450;
const ids: string[] = [];

beforeAll(async () => {
  const backend = await openSqlite({ path, durability: "normal" });
  const then = systemClock.now() - 40 * 86_400_000;
  for (let index = 0; index < many; index++) {
    const { runId } = await backend.createRun(run({ createdAt: then + index }));
    ids.push(runId);
  }
  const workerId = await enter(backend);
  const held = await claimed(backend, request(workerId, { limit: many, now: systemClock.now() }));
  await backend.commit(held.map(({ runId, createdAt }) => ({ runId, fence: 1, seen: 1, events: [{ type: "workflow.completed", at: createdAt + 10, value: encode("done") }] })));
  await backend.loseWorker({ workerId, now: systemClock.now(), error: "stopped", charge: "none" });
  await backend.close();
});
afterAll(() => folder.remove());

const onStore = (store: string, args: readonly string[], env = {}): Promise<Ended> => pyworkflow(["--storage-path", store, ...args], { cwd: folder.path, env });
const call = (...args: readonly string[]): Promise<Ended> => onStore(path, args);

/** The command dies by SIGKILL right before the n-th statement that begins so. */
async function killedBefore([nth, begins]: readonly [nth: number, begins: string], args: readonly string[], store = path): Promise<void> {
  const { code, stdout } = await onStore(store, args, { NODE_OPTIONS: `--require ${resolve("test/fixtures/killed.cjs")}`, DIES_BEFORE: JSON.stringify({ begins, nth }) });
  expect([args, code, stdout]).toEqual([args, null, ""]);
}

async function runsIn(store = path): Promise<number> {
  const checked = await onStore(store, ["storage", "check", "-o", "json"]);
  const { runs, findings } = JSON.parse(checked.stdout) as { readonly runs: number; readonly findings: unknown };
  expect([checked.code, findings]).toEqual([0, []]);
  return runs;
}

test("storage backup: there is no copy, or a whole one", async () => {
  const copy = join(folder.path, "copy.db");
  await killedBefore([1, "integrity_check"], ["storage", "backup", copy]);
  expect([existsSync(copy), await runsIn()]).toEqual([false, many]);
  expect((await call("storage", "backup", copy)).code).toBe(0);
  expect(await runsIn(copy)).toBe(many);
});

test("runs prune: a run is gone whole or there whole; runs import: all or none", async () => {
  const bundle = join(folder.path, "bundle.json");
  const chosen = ids.slice(0, 20);
  writeFileSync(bundle, (await call("runs", "export", ...chosen)).stdout);

  const prune = ["runs", "prune", "--older-than", "30d", "--yes"];
  await killedBefore([300, "DELETE FROM runs"], prune);
  const left = await runsIn();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(many);
  expect((await call(...prune)).code).toBe(0);
  expect(await runsIn()).toBe(0);

  const taking = ["runs", "import", bundle];
  await killedBefore([25, "INSERT INTO events"], taking);
  expect(await runsIn()).toBe(0);
  expect((await call(...taking)).code).toBe(0);
  expect(await runsIn()).toBe(chosen.length);
});

test("storage migrate: the store has the old format, or the new one", async () => {
  const store = join(folder.path, "old.db");
  await (await openSqlite({ path: store, migrations: migrations.slice(0, 3) })).close();
  insertOldRun(store);
  const formatNow = async () => (JSON.parse((await onStore(store, ["storage", "info", "-o", "json"])).stdout) as { readonly format: number }).format;
  await killedBefore([1, "INSERT INTO migrations"], ["storage", "migrate"], store);
  expect(await formatNow()).toBe(3);
  expect((await onStore(store, ["storage", "migrate"])).code).toBe(0);
  expect([await formatNow(), await runsIn(store)]).toEqual([migrations.length, 1]);
});
