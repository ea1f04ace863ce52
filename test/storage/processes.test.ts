import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operationIdOf, tokenOf } from "../../src/core/ids.js";
import { checkStore } from "../../src/services/check-store.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { hookCreated, running, suspended } from "./contract/support.js";
import type { WriterReport } from "./fixtures/writer.js";

const processes = 10;
const keys = 60;

let folder: string;
let writer: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-processes-"));
  // Under node_modules, so that the bundle finds the packages that it leaves outside.
  const built = join("node_modules", ".cache", "pyworkflow-test");
  mkdirSync(built, { recursive: true });
  writer = join(mkdtempSync(join(built, "writer-")), "writer.mjs");
  await build({ entryPoints: ["test/storage/fixtures/writer.ts"], bundle: true, format: "esm", platform: "node", packages: "external", outfile: writer });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(join(writer, ".."), { recursive: true });
});

test("ten processes on one new file: one run a key, each run claimed once, no `database is locked`", { timeout: 120_000 }, async () => {
  const path = join(folder, "made", "by", "them", "store.db");
  const reports = await race(path, String(keys));

  expect(reports.reduce((sum, { created }) => sum + created, 0)).toBe(keys);
  for (const { runIds } of reports) expect(runIds).toEqual(reports[0]?.runIds);
  const ended = reports.flatMap((report) => report.ended);
  expect([ended.length, new Set(ended).size]).toEqual([keys, keys]);

  const backend = await openSqlite({ path, readOnly: true });
  expect(await backend.countRuns()).toEqual({ completed: keys });
  const epochs = (await backend.listRuns({ limit: 1000 })).map(({ epoch }) => epoch);
  expect(new Set(epochs)).toEqual(new Set([1]));
  expect(await checkStore({ backend })).toEqual({ runs: keys, events: keys * 10, findings: [] });
  await backend.close();
});

test("ten processes that resume one hook: one of them does", { timeout: 120_000 }, async () => {
  const path = join(folder, "hook.db");
  const backend = await openSqlite({ path });
  const { runId } = await running(backend, { workflowName: "approve" }); // which the processes don't claim
  const hookId = operationIdOf("hook_approval", 1);
  await backend.commit([{ runId, fence: 1, seen: 1, events: [hookCreated(hookId), suspended()] }]);
  const reports = await race(path, "0", tokenOf(runId, hookId));
  expect(reports.filter(({ resumed }) => resumed)).toHaveLength(1);
  expect((await backend.readHistory(runId, 3)).map(({ type }) => type)).toEqual(["hook.received"]);
  await backend.close();
});

/** What ten processes report that were given these arguments at the same time. */
async function race(...given: readonly string[]): Promise<readonly WriterReport[]> {
  const outputs = await Promise.all(Array.from({ length: processes }, () => execa(process.execPath, [writer, ...given])));
  expect(outputs.map(({ stderr }) => stderr).join("")).toBe("");
  return outputs.map(({ stdout }) => JSON.parse(stdout) as WriterReport);
}
