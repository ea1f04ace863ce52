import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diskFindings } from "../../src/services/doctor-store.js";
import type { Finding } from "../../src/services/doctor-finding.js";
import { nodeFinding } from "../../src/services/doctor.js";
import { migrations } from "../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { commitOne, parked, running } from "../storage/contract/support.js";
import { newFolder, pyworkflow } from "../support/cli.js";
import { TestProject } from "../support/project.js";

const project = new TestProject();

beforeAll(async () => {
  await project.startRuns("quick", [1, 2]);
  await project.startRun("gone");
});
afterAll(() => project.remove());

interface Examined {
  readonly code: number | null;
  /** The status of each check, the worst of it. */
  readonly statuses: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

async function doctor(flags: readonly string[] = [], env: Record<string, string> = {}): Promise<Examined> {
  const { code, stdout } = await pyworkflow(["doctor", "-o", "json", ...flags], { cwd: project.path, env });
  const findings = JSON.parse(stdout) as Finding[];
  return { code, findings, statuses: Object.fromEntries(findings.toReversed().map(({ check, status }) => [check, status])) };
}

describe("doctor", () => {
  test("a project without workers: warnings name what nobody executes, and the exit code is 0", async () => {
    const { code, statuses, findings } = await doctor();
    expect(code).toBe(0);
    expect(statuses).toMatchObject({ node: "ok", sqlite: "ok", config: "ok", modules: "ok", storage: "ok", integrity: "ok", workers: "warning", schedules: "ok" });
    const unserved = findings.filter(({ check }) => check === "workers").map(({ message, fix }) => [message, fix]);
    expect(unserved).toEqual(
      expect.arrayContaining([
        ["2 runs are due for quick, which no live worker executes", "pyworkflow worker run"],
        ["1 run is due for gone, which no live worker executes", "pyworkflow worker run"],
      ]),
    );
    expect(findings.filter(({ status, fix }) => (status === "ok") !== (fix === null))).toEqual([]);
  });

  test("in a pipe a finding a line; --quick leaves the whole store unread", async () => {
    const { code, stdout } = await pyworkflow(["doctor", "--quick"], { cwd: project.path });
    expect(code).toBe(0);
    expect(stdout).toContain(`ok\tstorage\t${join(project.path, "store.db")}\n`);
    expect(stdout).not.toContain("integrity");
  });

  test("a configuration that can't be read: its place, and nothing is guessed", async () => {
    writeFileSync(join(project.path, "broken.yaml"), "storage:\n  pth: x\n");
    const { code, findings } = await doctor(["--config", "broken.yaml"]);
    expect(code).toBe(1);
    expect(findings.map(({ check }) => check)).toEqual(["node", "sqlite", "config", "clock"]);
    expect(findings).toContainEqual({ check: "config", status: "failure", message: "broken.yaml:2:3: there is no key storage.pth", fix: "did you mean path?" });
  });

  test("a module with a mistake: its place; the store is looked at all the same", async () => {
    writeFileSync(join(project.path, "broken.ts"), "export const x = ;\n");
    const { code, statuses, findings } = await doctor(["--quick", "--module", "./broken.ts"]);
    expect(code).toBe(1);
    expect(statuses).toMatchObject({ modules: "failure", storage: "ok" });
    expect(findings.find(({ check }) => check === "modules")?.message).toContain("broken.ts:1:18");
  });

  test("a store whose folder can't be made, and one that is no database", async () => {
    writeFileSync(join(project.path, "letter.db"), "this is a letter to my aunt, long enough to be read as a header of a database file");
    const [impossible, letter] = await Promise.all([doctor(["--quick", "--storage-path", "/proc/1/pyworkflow/x.db"]), doctor(["--quick", "--storage-path", "letter.db"])]);
    expect([impossible.code, impossible.statuses["storage"]]).toEqual([1, "failure"]);
    expect([letter.code, letter.statuses["storage"]]).toEqual([1, "failure"]);
    expect(letter.statuses).toHaveProperty("disk"); // it may be why the store does not open
    expect(letter.findings.find(({ check }) => check === "storage")?.message).toContain("letter.db");
  });

  test("a SQLite that does not load says how to mend it", async () => {
    const { code, findings } = await doctor(["--quick"], { NODE_OPTIONS: `--require ${resolve("test/fixtures/without-sqlite.cjs")}` });
    expect(code).toBe(1);
    expect(findings.find(({ check }) => check === "sqlite")).toMatchObject({ status: "failure", message: expect.stringContaining("different Node.js"), fix: expect.stringContaining("npm rebuild") });
  });

  test("a parked run is counted, and named", async () => {
    const folder = newFolder();
    const path = join(folder.path, "parked.db");
    const backend = await openSqlite({ path, durability: "normal" });
    const { runId } = await running(backend);
    await commitOne(backend, { runId, fence: 1, seen: 1, events: [parked("v1")] });
    await backend.close();
    const { code, findings } = await doctor(["--quick", "--storage-path", path]);
    folder.remove();
    expect(code).toBe(0);
    expect(findings).toContainEqual({ check: "workers", status: "warning", message: expect.stringContaining("1 run is parked: the code does not fit the history"), fix: expect.stringContaining(`runs why ${runId}`) });
  });

  test("a store of an older format names the command that migrates it, and is looked at all the same", async () => {
    const folder = newFolder();
    const path = join(folder.path, "old.db");
    const backend = await openSqlite({ path, migrations: migrations.slice(0, -1) });
    await backend.close();
    const before = readFileSync(path);
    const { code, findings } = await doctor(["--storage-path", path]);
    expect(readFileSync(path).equals(before)).toBe(true);
    folder.remove();
    expect(code).toBe(0);
    expect(findings).toContainEqual({ check: "storage", status: "warning", message: expect.stringContaining(`has format ${migrations.length - 1}`), fix: expect.stringContaining("pyworkflow storage migrate") });
    expect(findings).toContainEqual({ check: "integrity", status: "ok", message: "0 runs with 0 events keep every invariant", fix: null });
  });

  test("a damaged file", async () => {
    await project.withStore(async () => undefined); // its log is in the file
    truncateSync(join(project.path, "store.db"), 8192);
    const { code, statuses } = await doctor();
    expect(code).toBe(1);
    expect(Object.values(statuses)).toContain("failure");
  });
});

test("an old Node, a full disk and a log that grows are told", () => {
  expect(["20.19.0", "24.0.1", "20.18.9", "18.20.0"].map((version) => nodeFinding({ version, needed: "20.19" }).status)).toEqual(["ok", "ok", "failure", "failure"]);
  const mebibyte = 1_048_576;
  const statuses = [[1, 0], [100, 0], [1000, 0], [1000, 100]].map(([free = 0, log = 0]) => diskFindings({ free: free * mebibyte, writeAheadLog: log * mebibyte }).map(({ status }) => status));
  expect(statuses).toEqual([["failure"], ["warning"], ["ok"], ["ok", "warning"]]);
});
