import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareEnvironment, newFolder } from "../support/cli.js";

// The package as a stranger gets it: packed, installed globally from the tarball, and used from a folder with nothing in it.
// Only the compiled SQLite is taken from here, for compiling it again takes minutes.

const timeout = 300_000;

let folder: ReturnType<typeof newFolder>;
let contents: readonly string[];
let installed: string;

beforeAll(async () => {
  folder = newFolder();
  const { filename, files } = await pack();
  contents = files.map(({ path }) => path);
  const prefix = join(folder.path, "global");
  mkdirSync(prefix);
  await npm(["install", "--global", "--prefix", prefix, join(folder.path, filename)], folder.path);
  installed = join(prefix, "lib/node_modules/pyworkflow");
  const compiled = "node_modules/better-sqlite3/build/Release/better_sqlite3.node";
  cpSync(resolve(compiled), join(installed, compiled));
}, timeout);

afterAll(() => folder.remove());

test("the tarball holds what is needed", () => {
  const needed = ["LICENSE", "README.md", "CHANGELOG.md", "package.json", "oclif.manifest.json", "bin/run.js", "dist/index.js", "dist/index.d.ts", "dist/cli/entry.js", "dist/cli/live/live.js", "dist/short-way/short-way.cjs", "dist/short-way/index.txt", "dist/licenses.txt", "dist/main/worker-process.js", "dist/config.schema.json"];
  expect(needed.filter((path) => !contents.includes(path))).toEqual([]);
  expect(contents.filter((path) => path.startsWith("templates/")).toSorted()).toEqual([
    "templates/approval/README.md",
    "templates/approval/workflows/expenses.ts",
    "templates/approval/workflows/index.ts",
    "templates/basic/README.md",
    "templates/basic/workflows/index.ts",
    "templates/basic/workflows/notifications.ts",
    "templates/basic/workflows/orders.ts",
    "templates/common/_gitignore",
    "templates/common/package.json",
    "templates/common/pyworkflow.config.yaml",
    "templates/common/tsconfig.json",
    "templates/schedule/README.md",
    "templates/schedule/workflows/health.ts",
    "templates/schedule/workflows/index.ts",
    "templates/schedule/workflows/reports.ts",
  ]);
});

test("the tarball holds nothing else", () => {
  const expected = /^(?:dist\/.*\.(?:js|d\.ts)|dist\/short-way\/(?:short-way\.cjs|index\.txt)|templates\/.*|completions\/pyworkflow\.(?:bash|zsh|fish)|bin\/run\.js|LICENSE|README\.md|CHANGELOG\.md|package\.json|dist\/licenses\.txt|dist\/config\.schema\.json|oclif\.manifest\.json)$/;
  expect(contents.filter((path) => !expected.test(path))).toEqual([]);
});

test("every entry that package.json names is in it", () => {
  const { exports, bin } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, string | Record<string, string>>; bin: Record<string, string> };
  const named = Object.values(exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
  const paths = [...named, ...Object.values(bin)].map((path) => path.replace("./", ""));
  expect(paths.filter((path) => !contents.includes(path))).toEqual([]);
});

test("installed globally, it writes a project whose npm install and tsc --strict work", { timeout }, async () => {
  const project = emptyFolder("orders");
  const { stderr } = await pyworkflow(["quickstart", "--non-interactive"], project);
  expect(stderr).toContain("workflows run process_order");
  const { dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  expect(dependencies["pyworkflow"]).toBe(`file:${installed}`);
  expect(readFileSync(join(project, ".gitignore"), "utf8")).toContain("node_modules/");
  const [, schema = ""] = /^# yaml-language-server: \$schema=(.+)$/m.exec(readFileSync(join(project, "pyworkflow.config.yaml"), "utf8")) ?? [];

  await npm(["install"], project);
  expect(JSON.parse(readFileSync(join(project, schema), "utf8"))).toMatchObject({ title: "pyworkflow configuration" });
  await expect(execa(process.execPath, [join(project, "node_modules/typescript/bin/tsc")], { cwd: project })).resolves.toMatchObject({ exitCode: 0 });
});

test("installed globally, it runs workflows from a folder without node_modules", { timeout }, async () => {
  const project = emptyFolder("bare");
  await pyworkflow(["quickstart", "--non-interactive"], project);
  const { stdout } = await pyworkflow(["workflows", "run", "send_notification", "--arg", "userId=ada", "--arg", "message=hello", "--wait", "-o", "json"], project);
  expect(JSON.parse(stdout)).toMatchObject({ status: "completed", result: { userId: "ada" } });
  expect(existsSync(join(project, "node_modules"))).toBe(false);

  const logs = await pyworkflow(["runs", "logs", "@last", "-o", "json"], project);
  expect((JSON.parse(logs.stdout) as { type: string }[]).at(-1)).toMatchObject({ type: "workflow.completed" });
});

test("installed globally, the tour ends well", { timeout }, async () => {
  const { stdout } = await pyworkflow(["demo", "-o", "json"], emptyFolder("tour"));
  expect(JSON.parse(stdout)).toMatchObject({ result: { status: "completed" } });
});

async function pack(): Promise<{ filename: string; files: { path: string }[] }> {
  const { stdout } = await npm(["pack", "--json", "--pack-destination", folder.path], resolve("."));
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (packed === undefined) throw new TypeError(`npm pack made nothing: ${stdout}`);
  return packed;
}

// dist is fresh, and nothing is to be compiled.
async function npm(words: readonly string[], cwd: string): Promise<{ stdout: string }> {
  return execa("npm", [...words, "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], surroundings(cwd));
}

async function pyworkflow(words: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  return execa(join(folder.path, "global/bin/pyworkflow"), words, surroundings(cwd));
}

function surroundings(cwd: string) {
  return { cwd, env: bareEnvironment(), extendEnv: false } as const;
}

function emptyFolder(name: string): string {
  const path = join(folder.path, name);
  mkdirSync(path);
  return path;
}
