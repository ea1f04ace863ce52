import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { masked } from "../../src/services/show-config.js";
import { newFolder, pyworkflow } from "../support/cli.js";

const folder = newFolder();
const cwd = join(folder.path, "project/deep");
const file = join(folder.path, "project/pyworkflow.config.yaml");
const yaml = "modules: [./a, ./b]\nstorage:\n  backend: sqlite\n  path: ${DATA:-./data}/runs.db\nworker:\n  lease: 1m30s\n  concurrency: 7\n";

beforeAll(() => {
  mkdirSync(cwd, { recursive: true });
  writeFileSync(file, yaml);
});
afterAll(() => folder.remove());

interface Row {
  readonly key: string;
  readonly value: unknown;
  readonly source: string;
}

describe("config show", () => {
  test("json has each value with its source", async () => {
    const { code, stdout, stderr } = await pyworkflow(["config", "show", "-o", "json", "--storage", "sqlite"], { cwd, env: { PYWORKFLOW_MODULE: "./mine", PYWORKFLOW_RUNTIME: "local" } });
    expect(code).toBe(0);
    expect(stderr).toContain(`From ${file}`);
    const rows = new Map((JSON.parse(stdout) as Row[]).map(({ key, value, source }) => [key, [value, source]]));
    expect(Object.fromEntries(rows)).toMatchObject({
      modules: [[join(cwd, "mine")], "PYWORKFLOW_MODULE"],
      runtime: ["local", "PYWORKFLOW_RUNTIME"],
      "storage.backend": ["sqlite", "--storage"],
      "storage.path": [join(folder.path, "project/data/runs.db"), `${file}:4:9`],
      "storage.durability": ["full", "default"],
      "worker.lease": [90, `${file}:6:10`],
      "worker.concurrency": [7, `${file}:7:16`],
      "worker.processes": [null, "default"],
      "worker.shutdown_timeout": [30, "default"],
    });
  });

  test("plain is key=value, a table in a pipe one row a line", async () => {
    const [plain, table] = await Promise.all([pyworkflow(["config", "show", "-o", "plain"], { cwd }), pyworkflow(["config", "show"], { cwd: join(cwd, "..") })]);
    expect(plain.stdout.split("\n")).toEqual(expect.arrayContaining(["modules=./a, ./b", "worker.lease=1m30s", "worker.processes=-"]));
    expect(table.stdout).toContain("modules\t./a, ./b\tpyworkflow.config.yaml:1:11, pyworkflow.config.yaml:1:16\n");
    expect(table.stdout).toContain("worker.concurrency\t7\tpyworkflow.config.yaml:7:16\n");
  });

  test("without a file the defaults hold, and it says so", async () => {
    const { stdout, stderr } = await pyworkflow(["config", "show", "-o", "jsonl"], { cwd: folder.path });
    const rows = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Row);
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(["default"]));
    expect(stderr).toContain("No configuration file");
  });

  test("what is wrong is told with its place", async () => {
    writeFileSync(join(folder.path, "broken.yaml"), "worker:\n  concurency: 7\n");
    const { code, stdout, stderr } = await pyworkflow(["config", "show", "--config", "broken.yaml"], { cwd: folder.path });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("broken.yaml:2:3: there is no key worker.concurency");
    expect(stderr).toContain("did you mean concurrency?");
  });

  test("secrets are masked", () => {
    expect(masked("storage.path", "postgres://ada:pa:ss@db:5432/x")).toBe("postgres://ada:***@db:5432/x");
    expect(masked("storage.path", "postgres://db/x?user=ada&password=secret&ssl=1")).toBe("postgres://db/x?user=ada&password=***&ssl=1");
    expect(masked("dashboard.api_token", "abc")).toBe("***");
    expect(masked("storage.path", "/data/a:b@c.db")).toBe("/data/a:b@c.db");
    expect(masked("worker.concurrency", 7)).toBe(7);
  });
});

test("config schema prints what the package has for editors", async () => {
  const [json, plain] = await Promise.all([pyworkflow(["config", "schema"], { cwd }), pyworkflow(["config", "schema", "-o", "plain"], { cwd })]);
  expect(JSON.parse(json.stdout)).toEqual(JSON.parse(readFileSync("dist/config.schema.json", "utf8")));
  expect(plain.stdout.split("\n")).toEqual(expect.arrayContaining(["module", "storage.path", "worker.lease"]));
});
