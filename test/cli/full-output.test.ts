import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { run } from "../storage/contract/support.js";
import { bareEnvironment, ended, newFolder } from "../support/cli.js";

const folder = newFolder();
beforeAll(async () => {
  const store = await openSqlite({ path: join(folder.path, "pyworkflow_data", "pyworkflow.db") });
  await store.createRun(run());
  await store.close();
});
afterAll(() => folder.remove());

/** The command with its stdout on a disk without room. */
async function intoNothing(args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [resolve("bin/run.js"), ...args], { cwd: folder.path, env: bareEnvironment(), stdio: ["ignore", full, "pipe"] });
  closeSync(full);
  const [stderr, code] = await Promise.all([child.stderr ? text(child.stderr) : "", ended(child)]);
  return { code, stderr };
}

test.skipIf(process.platform !== "linux")("what can't be printed is told once, as what it is, in every form and by either way of starting", async () => {
  const table = await intoNothing(["runs", "list"]);
  expect(table).toEqual({ code: 1, stderr: "Error: stdout can't be written: ENOSPC: no space left on device, write\n  what was printed is cut: make room where it goes, then look with another command whether anything is to be done again\n" });
  const json = await intoNothing(["runs", "list", "-o", "json"]);
  expect([json.code, JSON.parse(json.stderr)]).toMatchObject([1, { error: { code: "OUTPUT_CUT" } }]);
  for (const args of [["runs", "list", "-o", "plain"], ["runs", "export", "@last"], ["--help"], ["runs", "list", "-o", "jsonl"]]) {
    const { code, stderr } = await intoNothing(args);
    expect([code, stderr.match(/stdout can't be written/g)?.length, stderr.match(/ {4}at |process ended/)]).toEqual([1, 1, null]);
  }
});
