import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newRunId, newWorkerId, type WorkerId } from "../../src/core/ids.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import type { ProcessLocks } from "../../src/runtime/process-lock.js";
import { newFolder } from "../support/cli.js";

let folder: ReturnType<typeof newFolder>;
let locks: ProcessLocks;
let workerId: WorkerId;
beforeEach(() => {
  folder = newFolder();
  locks = processLocksOf({ backend: "sqlite", path: join(folder.path, "store.db"), durability: "full" });
  workerId = newWorkerId(0, randomBytes);
});
afterEach(() => folder.remove());

/** A process that holds the lock, and has a child of its own. */
async function holder() {
  const module = pathToFileURL(resolve("dist/main/process-lock.js")).href;
  const storage = JSON.stringify({ backend: "sqlite", path: join(folder.path, "store.db"), durability: "full" });
  const script = `
    const { processLocksOf } = await import(${JSON.stringify(module)});
    globalThis.lock = processLocksOf(${storage}).hold(${JSON.stringify(workerId)});
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
    process.stdout.write(String(child.pid));
    setInterval(() => {}, 1000);`;
  const held = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [pid] = (await once(held.stdout, "data")) as [Buffer];
  return { held, grandchild: Number(String(pid)) };
}

test("the lock is taken while its process lives, and free with its death, though a child of it lives on", async () => {
  const { held, grandchild } = await holder();
  expect([locks.isFree(workerId), locks.isFree(workerId)]).toEqual([false, false]);
  const exit = once(held, "exit");
  held.kill("SIGKILL");
  await exit;
  expect(locks.isFree(workerId)).toBe(true);
  process.kill(grandchild);
  locks.forget(workerId);
  expect(readdirSync(join(folder.path, "store.db.locks"))).toEqual([]);
});

test("a lock that this process holds is not free, and leaves nothing when it is released", () => {
  const lock = locks.hold(workerId);
  expect([locks.isFree(workerId), locks.isFree(workerId)]).toEqual([false, false]);
  lock.release();
  expect(locks.isFree(workerId)).toBe(true);
  expect(readdirSync(join(folder.path, "store.db.locks"))).toEqual([]);
});

test("a worker whose row came with a copy of the store holds no lock beside the copy; one is found by way of a link", () => {
  const lock = locks.hold(workerId);
  const [store, link, copy] = ["store.db", "link.db", "copy.db"].map((name) => join(folder.path, name)) as [string, string, string];
  writeFileSync(store, "");
  symlinkSync(store, link);
  const isFree = (path: string) => processLocksOf({ backend: "sqlite", path, durability: "full" }).isFree(workerId);
  expect([isFree(link), isFree(copy)]).toEqual([false, true]);
  lock.release();
});

test("last words name the run, or none", () => {
  const lock = locks.hold(workerId);
  expect(locks.lastWords(workerId)).toBeUndefined();
  const runId = newRunId(0, randomBytes);
  locks.writeLastWords(workerId, { runId, error: "uncaught Error: two\nlines" });
  expect(locks.lastWords(workerId)).toEqual({ runId, error: "uncaught Error: two\nlines" });
  locks.writeLastWords(workerId, { error: "process.exit(1)" });
  expect(locks.lastWords(workerId)).toEqual({ error: "process.exit(1)" });
  lock.release();
});

test("a store in memory has no locks: nothing can be known", () => {
  const none = processLocksOf({ backend: "memory" });
  none.hold(workerId).release();
  expect(none.isFree(workerId)).toBe(false);
});

test("the folder of the locks is for whoever may write beside the store", () => {
  chmodSync(folder.path, 0o775);
  const lock = locks.hold(workerId);
  expect(statSync(join(folder.path, "store.db.locks")).mode & 0o777).toBe(0o775);
  lock.release();
});

test("where no lock can be held, the error names the folder, and who could not", () => {
  writeFileSync(join(folder.path, "store.db.locks"), "no folder");
  expect(() => locks.hold(workerId)).toThrow(expect.objectContaining({ code: "STORAGE", message: expect.stringMatching(/^\S.* can't lock a file in .*store\.db\.locks, as every process does that executes runs: /) as string }));
});
