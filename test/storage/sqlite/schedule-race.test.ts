import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkStore } from "../../../src/services/check-store.js";
import { openSqlite } from "../../../src/storage/sqlite/sqlite-backend.js";
import { current, decideOne, enterSchedule, refused, runOf, tick } from "../contract/scheduled.js";
import { t0 } from "../contract/support.js";
import type { DeciderReport } from "./fixtures/decider.js";

const processes = 4;
const ticks = 100;

let folder: string;
let decider: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-schedule-race-"));
  // Under node_modules, so that the bundle finds the packages that it leaves outside.
  const built = join("node_modules", ".cache", "pyworkflow-test");
  mkdirSync(built, { recursive: true });
  decider = join(mkdtempSync(join(built, "decider-")), "decider.mjs");
  await build({ entryPoints: ["test/storage/sqlite/fixtures/decider.ts"], bundle: true, format: "esm", platform: "node", packages: "external", outfile: decider });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(join(decider, ".."), { recursive: true });
});

test("four processes decide a hundred ticks while runs end: each tick once, and never two runs at a time", { timeout: 120_000 }, async () => {
  const path = join(folder, "processes.db");
  const backend = await openSqlite({ path });
  const { scheduleId } = await enterSchedule(backend, "race", { nextDueAt: undefined, wakeAt: undefined });
  const given = [path, scheduleId, t0, ticks, processes].map(String);
  const outputs = await Promise.all(Array.from({ length: processes }, () => execa(process.execPath, [decider, ...given])));
  const reports = outputs.map(({ stdout }) => JSON.parse(stdout) as DeciderReport);

  expect(reports.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(ticks);
  expect(reports.reduce((sum, report) => sum + report.refused, 0)).toBeGreaterThan(0);
  expect(Math.max(...reports.map(({ mostLive }) => mostLive))).toBe(1);
  const ledger = await backend.listTicks({ scheduleId, limit: 2 * ticks });
  expect(ledger.map(({ due }) => due - t0)).toEqual(Array.from({ length: ticks }, (_, index) => ticks - 1 - index));
  const fired = ledger.filter(({ runId }) => runId !== undefined).length;
  expect(await current(backend, { scheduleId })).toMatchObject({ version: 1 + ticks + fired, totalRuns: fired, successfulRuns: fired, skippedRuns: ticks - fired });
  expect(await checkStore({ backend })).toEqual({ runs: fired, events: 2 * fired, findings: [] });
  await backend.close();
});

test("of several connections that decide on one version, one is accepted, and the others leave nothing behind", async () => {
  const path = join(folder, "connections.db");
  const backends = await Promise.all(Array.from({ length: processes }, () => openSqlite({ path })));
  const [backend] = backends;
  if (!backend) throw new Error("there are several");
  const before = await enterSchedule(backend, "race");
  const results = await Promise.all(
    backends.map((each, index) => {
      const run = runOf(before, { scheduledTime: t0 + index });
      return decideOne(each, before, { ticks: [tick(t0 + index, { decision: "fired", runId: run.runId })], create: [run], state: { totalRuns: 1 } });
    }),
  );
  expect(results.filter(({ accepted }) => !accepted)).toEqual(Array.from({ length: processes - 1 }, () => refused("version")));
  expect(await current(backend, before)).toMatchObject({ version: 2, totalRuns: 1 });
  expect(await checkStore({ backend })).toEqual({ runs: 1, events: 0, findings: [] });
  await Promise.all(backends.map((each) => each.close()));
});
