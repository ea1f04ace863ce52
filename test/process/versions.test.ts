import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decode } from "../../src/base/codec.js";
import type { RunId } from "../../src/core/ids.js";
import { TestProject, until } from "../support/project.js";

// A deploy: workers of the old code and of a new one that does not fit the runs in flight, on one store.

let old: TestProject;
let next: TestProject;
beforeEach(() => {
  old = new TestProject();
  next = new TestProject();
  writeFileSync(join(next.path, "pyworkflow.config.yaml"), `module: ./workflows\nstorage: { backend: sqlite, path: ${JSON.stringify(join(old.path, "store.db"))}, durability: normal }\nworker: { shutdown_timeout: 20s }\n`);
  const module = "workflows/index.ts";
  const text = readFileSync(join(next.path, module), "utf8");
  next.touch(module, text.replaceAll("${name} first", "${name} begun"));
});
afterEach(async () => {
  await next.remove();
  await old.remove();
});

function names(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}

async function resultsOf(runIds: readonly RunId[]): Promise<readonly unknown[]> {
  const runs = await Promise.all(runIds.map((runId) => old.ended(runId)));
  return runs.map(({ status, result }) => (status === "completed" && result !== undefined ? decode(result) : status));
}

test("while workers of both versions are alive, no run is failed or parked: each goes on with the code that fits it", async () => {
  await old.runWorkers("-n", "1").ready();
  const before = await old.startRuns("stopovers", names(15, "a"));
  await until("all to have begun", () => (old.effects().filter(({ what }) => what.endsWith("first")).length === 15 ? true : undefined));
  await next.runWorkers("-n", "1").ready();
  const after = await old.startRuns("stopovers", names(15, "b"));

  expect(await resultsOf(before)).toEqual(names(15, "a").map((name) => [`${name} first`, `${name} second`, `${name} third`]));
  for (const [n, result] of (await resultsOf(after)).entries()) {
    expect([["first", "second", "third"], ["begun", "second", "third"]].map((done) => done.map((what) => `b${n} ${what}`))).toContainEqual(result);
  }
  for (const runId of [...before, ...after]) expect(await old.eventTypes(runId)).not.toContain("workflow.interrupted");
});

test("when the last worker of the old version has gone, its runs are parked; one that comes back takes them up", async () => {
  const workers = await old.runWorkers("-n", "1").ready();
  const [runId] = await old.startRuns("stopovers", ["c"]);
  if (runId === undefined) throw new Error("no run");
  await old.runOnce(runId, ({ status }) => status === "suspended");
  workers.killAll();

  const newer = await next.runWorkers("-n", "1").ready();
  expect((await old.runOnce(runId, ({ parked }) => parked !== undefined)).parked).toMatchObject({ code: "NON_DETERMINISTIC", operationId: "step_act_1" });

  await old.runWorkers("-n", "1").ready();
  expect(await resultsOf([runId])).toEqual([["c first", "c second", "c third"]]);
  newer.signal("SIGTERM");
  expect(await newer.exited).toBe(0);
});
