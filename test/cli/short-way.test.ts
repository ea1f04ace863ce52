import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execute, pyworkflow, type Surroundings } from "../support/cli.js";
import { TestProject } from "../support/project.js";

// The commands that load no code of the user's start from one file (src/cli/short-way.ts): nobody may be able to tell but by the clock.

const project = new TestProject();
const timeout = 120_000;
let runId: string;

beforeAll(async () => {
  runId = await project.startRun("process_order", { orderId: "7" }, { tags: ["a"] });
});

afterAll(() => project.remove());

const entry = JSON.stringify(pathToFileURL(resolve("dist/cli/entry.js")).href);

function theLongWay(words: readonly string[], where: Surroundings) {
  return execute(["--input-type=module", "-e", `import { main } from ${entry}; await main(${JSON.stringify(words)})`], where);
}

test.for<[string, Readonly<Record<string, string>>?]>([
  ["runs status @last"],
  ["runs status @last", { FORCE_COLOR: "1" }],
  ["-o json runs status @last --verbose"],
  ["runs list -o jsonl --tag a", { PYWORKFLOW_LOG: "debug" }],
  ["runs logs @last --utc -o table", { PYWORKFLOW_OUTPUT: "json" }],
  ["worker list -o json"],
  ["autocomplete words -- runs status run_"],
  ["autocomplete words -- sched"],
  ["hooks list --status nothing"],
  ["schedules list"],
  ["runs list --limt 3"],
  ["runs list --limit x -o json"],
  ["runs list more words"],
  ["runs list -- words"],
  ["runs status"],
  ["runs status run_01 run_02"],
  ["runs status run_zzz -o json"],
  ["runs status -o"],
  ["runs status @last -h"],
  ["runs:status @last"],
  ["runs lsit"],
  ["runs list", { PYWORKFLOW_CONFIG: "nowhere.yaml" }],
  ["runs list --config pyworkflow.config.mjs"],
  ["runs list --storage-path ./none.db"],
])("%s", { timeout }, async ([line, env = {}]) => {
  const words = line.split(" ");
  const where = { cwd: project.path, env };
  const [short, long] = await Promise.all([pyworkflow(words, where), theLongWay(words, where)]);
  expect(short).toEqual(long);
});

test("a configuration that is a program is read by the modules that its own imports get", { timeout }, async () => {
  const folder = join(project.path, "program");
  mkdirSync(folder);
  writeFileSync(join(folder, "pyworkflow.config.mjs"), `import { workflow } from "pyworkflow"; export default { storage: { path: typeof workflow === "function" ? ${JSON.stringify(join(project.path, "store.db"))} : 7 } };`);
  const { stdout, stderr } = await pyworkflow(["runs", "list", "-o", "plain"], { cwd: folder });
  expect([stdout, stderr]).toEqual([`${runId}\n`, ""]);
});

test("what V8 compiled is kept, of the user where the package can't be written; without it, or with it damaged, a command only takes longer", { timeout }, async () => {
  const installed = join(project.path, "installed");
  for (const part of ["bin/run.js", "dist/cli/launch.js", "dist/short-way", "package.json"]) cpSync(part, join(installed, part), { recursive: true });
  symlinkSync(resolve("node_modules"), join(installed, "node_modules"));
  const cache = join(installed, "dist/short-way/cache");
  rmSync(cache, { recursive: true, force: true });
  const ofUser = join(project.path, "of-user");
  const status = (env = {}) => execute([join(installed, "bin/run.js"), "runs", "status", "@last", "-o", "plain"], { cwd: project.path, env: { XDG_CACHE_HOME: ofUser, HOME: "", ...env } });
  const answer = { code: 0, stdout: `${runId}\n`, stderr: "" };

  expect(await status()).toEqual(answer);
  const whole = onlyFileOf(cache);
  expect(await status()).toEqual(answer);
  expect(onlyFileOf(cache)).toEqual(whole);
  expect(existsSync(ofUser)).toBe(false);

  const { length } = whole.data;
  const flipped = Buffer.from(whole.data);
  for (const place of [0.1, 0.25, 0.4].map((part) => Math.floor(length * part))) flipped.fill(0x5a, place, place + 400);
  const leftLongAgo = join(cache, "of-another-version");
  for (const damaged of [flipped, whole.data.subarray(0, 1000), Buffer.alloc(length)]) {
    writeFileSync(whole.file, damaged);
    writeFileSync(leftLongAgo, "");
    utimesSync(leftLongAgo, new Date(0), new Date(0));
    expect(await status()).toEqual(answer);
    expect(onlyFileOf(cache).data.length).toBeGreaterThan(length / 2);
  }

  rmSync(cache, { recursive: true });
  writeFileSync(cache, "where nothing can be written");
  expect(await status({ XDG_CACHE_HOME: cache })).toEqual(answer);
  expect(await status()).toEqual(answer);
  const kept = onlyFileOf(join(ofUser, "pyworkflow"));
  expect(await status()).toEqual(answer);
  expect(onlyFileOf(join(ofUser, "pyworkflow"))).toEqual(kept);
});

/** Its inode tells whether it was written anew. */
function onlyFileOf(folder: string) {
  const [name = "", ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const file = join(folder, name);
  return { file, inode: statSync(file).ino, data: readFileSync(file) };
}
