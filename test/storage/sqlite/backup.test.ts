import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import { checkStore } from "../../../src/services/check-store.js";
import type { Backend } from "../../../src/storage/backend.js";
import { createMemoryBackend } from "../../../src/storage/memory/memory-backend.js";
import { migrations } from "../../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../../src/storage/sqlite/sqlite-backend.js";
import { run } from "../contract/support.js";

let folder: string;
let path: string;
let copy: string;
let backend: Backend;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-backup-"));
  [path, copy] = [join(folder, "store.db"), join(folder, "copies", "copy.db")];
  mkdirSync(join(folder, "copies"));
  backend = await openSqlite({ path });
});
afterEach(async () => {
  await backend.close();
  rmSync(folder, { recursive: true });
});

const copies = () => readdirSync(join(folder, "copies"));

test("a copy is whole as of one moment while others write on: it is not begun anew with each of their commits", async () => {
  const input = encode("x".repeat(200_000));
  for (let index = 0; index < 60; index++) await backend.createRun(run({ input }));
  let written = 0;
  const stop = new AbortController();
  const writing = (async () => {
    while (!stop.signal.aborted) {
      await backend.createRun(run());
      written++;
    }
  })();
  const seen: number[] = [];
  const reader = await openSqlite({ path, readOnly: true });
  await reader.backup({ path: copy, onProgress: (done, of) => void seen.push(done / of) });
  stop.abort();
  await writing;
  await reader.close();
  expect(written).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThan(1);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(copies()).toEqual(["copy.db"]);

  const restored = await openSqlite({ path: copy });
  const { runs, findings } = await checkStore({ backend: restored });
  expect(findings).toEqual([]);
  expect(runs).toBeGreaterThanOrEqual(60);
  expect(runs).toBeLessThanOrEqual(60 + written);
  expect(await restored.findFaults()).toEqual([]);
  await restored.close();
});

test("never over a file that is there, unless it is forced to; then in one step", async () => {
  writeFileSync(copy, "mine");
  await expect(backend.backup({ path: copy })).rejects.toMatchObject({ code: "FILE_EXISTS", path: copy });
  expect(readFileSync(copy, "utf8")).toBe("mine");
  await backend.backup({ path: copy, force: true });
  await (await openSqlite({ path: copy, readOnly: true })).close();
  expect(copies()).toEqual(["copy.db"]);
});

test("what can't be is refused by name, and leaves nothing behind", async () => {
  await expect(backend.backup({ path, force: true })).rejects.toMatchObject({ message: expect.stringContaining("the store itself") as string });
  await expect(backend.backup({ path: join(folder, "copies") })).rejects.toMatchObject({ message: expect.stringContaining("is a folder") as string });
  await expect(backend.backup({ path: join(folder, "nowhere", "copy.db") })).rejects.toMatchObject({ message: expect.stringContaining("there is no folder") as string });
  const empty = await openSqlite({ path: join(folder, "none.db"), readOnly: true });
  await expect(empty.backup({ path: copy })).rejects.toMatchObject({ code: "STORE_NOT_FOUND", path: join(folder, "none.db") });
  await expect(empty.findFaults()).rejects.toMatchObject({ code: "STORE_NOT_FOUND" });
  await empty.close();
  await expect(createMemoryBackend().backup({ path: copy })).rejects.toMatchObject({ code: "STORAGE", kind: "unsupported" });
  expect([copies(), existsSync(join(folder, "none.db"))]).toEqual([[], false]);
});

test("a file of an older format is copied as it is", async () => {
  const old = join(folder, "old.db");
  await (await openSqlite({ path: old, migrations: migrations.slice(0, 2) })).close();
  const reader = await openSqlite({ path: old, readOnly: true });
  await reader.backup({ path: copy });
  await reader.close();
  const copied = await openSqlite({ path: copy, readOnly: true });
  expect((await copied.describe()).format).toEqual({ version: 2, newest: migrations.length });
  await copied.close();
});

test("interrupted on its way, and when all is copied, it leaves nothing; what a killed one left goes with the next", async () => {
  const abortion = new AbortController();
  const stop = (): void => abortion.abort(new Error("enough"));
  await expect(backend.backup({ path: copy, signal: abortion.signal, onProgress: stop })).rejects.toThrow("enough");
  await expect(backend.backup({ path: copy, signal: AbortSignal.abort(new Error("at once")) })).rejects.toThrow("at once");
  expect(copies()).toEqual([]);
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const others = [`copy.db.${process.ppid}.part`, `other.db.${dead}.part`, `copy.db.${dead}.parts`];
  for (const name of [...others, `copy.db.${dead}.part`, `copy.db.${dead}.part-journal`]) writeFileSync(join(folder, "copies", name), "");
  await backend.backup({ path: copy });
  expect(copies()).toEqual(["copy.db", ...others].toSorted());
});
