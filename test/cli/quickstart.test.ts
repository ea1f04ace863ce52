import { appendFileSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { compiled, linkPackages } from "../support/new-project.js";

const ours = [
  ".gitignore",
  "README.md",
  "package.json",
  "pyworkflow.config.yaml",
  "tsconfig.json",
  "workflows/index.ts",
  "workflows/notifications.ts",
  "workflows/orders.ts",
];

let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => folder.remove());

test("an empty folder becomes a project", async () => {
  const { code, stderr } = await quickstart();

  expect(code).toBe(0);
  expect(filesIn(folder.path)).toEqual(ours);
  expect(ours.filter((path) => read(path).includes("{{"))).toEqual([]);
  expect(JSON.parse(read("package.json"))).toMatchObject({
    name: basename(folder.path).toLowerCase(),
    dependencies: { pyworkflow: `file:${resolve(".")}` },
  });
  expect(stderr).toContain("workflows run process_order --arg orderId=ORD-1");
});

test("what it wrote compiles under tsc --strict, with types that would have found a mistake", { timeout: 120_000 }, async () => {
  await quickstart();
  linkPackages(folder.path);
  writeFileSync(join(folder.path, "workflows/mistake.ts"), 'import { processOrder } from "./orders.js";\nawait processOrder.run({ orderId: 1, amount: 2 });\n');

  expect(JSON.parse(read("tsconfig.json"))).toMatchObject({ compilerOptions: { strict: true } });
  expect(await compiled(folder.path)).toMatch(/^workflows\/mistake\.ts\(2,26\): error TS2322: .*\n$/);
});

test("what it wrote runs at once, and what its steps print stays out of the data", async () => {
  await quickstart();
  const words = ["workflows", "run", "send_notification", "--args-json", '{"userId":"ada","message":"hello","channels":["email","sms"]}'];
  const { stdout, stderr } = await pyworkflow([...words, "--wait", "--output", "json"], { cwd: folder.path });

  expect(JSON.parse(stdout)).toMatchObject({ status: "completed", result: { notifications: [{ channel: "email" }, { channel: "sms" }] } });
  expect(stderr).toContain("email to ada@example.com");
});

test("a folder is made where there is none, and json tells the whole story", async () => {
  const { code, stdout } = await quickstart("--dir", "deep/orders", "--output", "json");

  expect(code).toBe(0);
  expect(filesIn(join(folder.path, "deep/orders"))).toEqual(ours);
  const told = JSON.parse(stdout) as { dir: string; files: { path: string; action: string }[] };
  expect(told.dir).toBe(join(folder.path, "deep/orders"));
  expect(told.files.map(({ path }) => path).toSorted()).toEqual(ours);
  expect(new Set(told.files.map(({ action }) => action))).toEqual(new Set(["created"]));
});

test("a second time changes nothing", async () => {
  await quickstart();
  const { code, stdout } = await quickstart("-o", "jsonl");

  expect(code).toBe(0);
  expect(stdout).not.toContain('"created"');
  expect(filesIn(folder.path)).toEqual(ours);
});

test("a changed workflow is not overwritten, and nothing else is written", async () => {
  await quickstart();
  appendFileSync(join(folder.path, "workflows/orders.ts"), "// mine\n");
  rmSync(join(folder.path, "workflows/index.ts"));
  const { code, stderr } = await quickstart();

  expect(code).toBe(5);
  expect(stderr).toContain("workflows/orders.ts");
  expect(stderr).toContain("--yes");
  expect(read("workflows/orders.ts")).toContain("// mine");
  expect(filesIn(folder.path)).toEqual(ours.filter((path) => path !== "workflows/index.ts"));
});

test("--yes replaces, and keeps every older version", async () => {
  await quickstart();
  const original = read("workflows/orders.ts");
  for (const mark of ["// first\n", "// second\n"]) {
    appendFileSync(join(folder.path, "workflows/orders.ts"), mark);
    expect((await quickstart("--yes")).code).toBe(0);
  }

  expect(read("workflows/orders.ts")).toBe(original);
  expect(read("workflows/orders.ts.backup")).toBe(`${original}// first\n`);
  expect(read("workflows/orders.ts.backup2")).toBe(`${original}// second\n`);
});

test("a package.json of one's own stays as it is, also with --yes", async () => {
  writeFileSync(join(folder.path, "package.json"), '{"name":"mine"}\n');
  const { code, stdout, stderr } = await quickstart("--yes");

  expect(code).toBe(0);
  expect(read("package.json")).toBe('{"name":"mine"}\n');
  expect(stdout).toContain("kept\tpackage.json");
  expect(stderr).toContain(`npm install file:${resolve(".")} zod`);
});

test("without a terminal it names the flag that answers", async () => {
  const { code, stderr } = await pyworkflow(["quickstart"], { cwd: folder.path });

  expect(code).toBe(2);
  expect(stderr).toContain("--non-interactive");
  expect(filesIn(folder.path)).toEqual([]);
});

test("a storage that no template is written for is refused", async () => {
  const { code, stderr } = await quickstart("--storage", "memory");

  expect(code).toBe(2);
  expect(stderr).toContain("sqlite");
  expect(filesIn(folder.path)).toEqual([]);
});

test("a file where a folder should be: nothing is written", async () => {
  writeFileSync(join(folder.path, "workflows"), "a file\n");
  const { code, stderr } = await quickstart();

  expect(code).toBe(1);
  expect(stderr).toContain("workflows");
  expect(filesIn(folder.path)).toEqual(["workflows"]);
});

test("Ctrl+C in the middle takes back what was written", async () => {
  writeFileSync(join(folder.path, "pyworkflow.config.yaml"), "module: mine\n");
  const env = { NODE_OPTIONS: `--require ${resolve("test/fixtures/interrupting.cjs")}` };
  const { code, stdout, stderr } = await pyworkflow(["quickstart", "--non-interactive", "--yes"], { cwd: folder.path, env });

  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("interrupted");
  expect(readdirSync(folder.path)).toEqual(["pyworkflow.config.yaml"]);
  expect(read("pyworkflow.config.yaml")).toBe("module: mine\n");
});

test("a failure in the middle takes back what was written", async () => {
  // A link to nowhere passes the check (there is no file behind it) and stops the writing.
  symlinkSync("nowhere/at/all", join(folder.path, "workflows"));
  writeFileSync(join(folder.path, "pyworkflow.config.yaml"), "module: mine\n");
  const { code, stderr } = await quickstart("--yes");

  expect(code).toBe(1);
  expect(stderr).toContain("nothing was changed");
  expect(readdirSync(folder.path).toSorted()).toEqual(["pyworkflow.config.yaml", "workflows"]);
  expect(read("pyworkflow.config.yaml")).toBe("module: mine\n");
});

async function quickstart(...flags: string[]): Promise<Ended> {
  return pyworkflow(["quickstart", "--non-interactive", ...flags], { cwd: folder.path });
}

function read(path: string): string {
  return readFileSync(join(folder.path, path), "utf8");
}

function filesIn(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).toSorted();
}
