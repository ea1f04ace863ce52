import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bareEnvironment, newFolder } from "../support/cli.js";

// bin/prepare.js in a small repository of its own, with an npm that notes what it is asked for and does as much as is needed.

let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
  mkdirSync(at("bin"));
  mkdirSync(at("build"));
  mkdirSync(at("src/deep"), { recursive: true });
  cpSync("bin/prepare.js", at("bin/prepare.js"));
  writeFileSync(at("build/manifest.js"), "");
  for (const name of ["package.json", "tsconfig.json", "tsconfig.build.json"]) writeFileSync(at(name), '{"type":"module"}');
  writeFileSync(at("package-lock.json"), lock({ "": {}, "node_modules/better-sqlite3": { version: "1.0.0" }, "node_modules/elsewhere": { version: "2.0.0", optional: true } }));
  writeFileSync(at("src/deep/one.ts"), "export const one = 1;\n");
  writeFileSync(at("npm"), fakeNpm);
  chmodSync(at("npm"), 0o755);
});

afterEach(() => folder.remove());

test("a fresh clone is installed and built; then there is nothing to do", async () => {
  expect(await prepare()).toEqual(["install --no-save --include=dev", "run build --silent"]);
  expect(await prepare()).toEqual([]);
});

test("a changed, a new and a removed source are built, nothing is installed", async () => {
  await prepare();
  writeFileSync(at("src/deep/one.ts"), "export const one = 2;\n");
  expect(await prepare()).toEqual(["run build --silent"]);
  writeFileSync(at("src/two.ts"), "");
  expect(await prepare()).toEqual(["run build --silent"]);
  rmSync(at("src/two.ts"));
  expect(await prepare()).toEqual(["run build --silent"]);
  expect(await prepare()).toEqual([]);
});

test("a dist made by other means is built again", async () => {
  await prepare();
  writeFileSync(at("build/manifest.js"), "// another way");
  expect(await prepare()).toEqual(["run build --silent"]);
});

test("a dist that somebody else made or removed is built again", async () => {
  await prepare();
  rmSync(at("dist"), { recursive: true });
  expect(await prepare()).toEqual(["run build --silent"]);
  rmSync(at("oclif.manifest.json"));
  expect(await prepare()).toEqual(["run build --silent"]);
});

test("another version in the lock file is installed", async () => {
  await prepare();
  writeFileSync(at("package-lock.json"), lock({ "": {}, "node_modules/better-sqlite3": { version: "1.0.1" } }));
  expect(await prepare()).toContain("install --no-save --include=dev");
});

test("an installation that was broken off is begun again", async () => {
  await prepare();
  rmSync(at("node_modules/.package-lock.json"));
  expect(await prepare()).toEqual(["install --no-save --include=dev"]);
});

test("a SQLite that does not load here is compiled, nothing else is touched", async () => {
  await prepare();
  writeFileSync(at("node_modules/better-sqlite3/index.js"), "throw new TypeError('compiled for another Node');");
  expect(await prepare()).toEqual(["rebuild better-sqlite3"]);
});

test("what fails is said, and ends it", async () => {
  writeFileSync(at("fail"), "");
  await expect(run()).rejects.toMatchObject({ exitCode: 7, stderr: expect.stringContaining("npm install --no-save --include=dev failed") as string });
  expect(existsSync(at("dist"))).toBe(false);
});

function at(path: string): string {
  return join(folder.path, path);
}

/** What npm was asked for. */
async function prepare(): Promise<string[]> {
  rmSync(at("asked"), { force: true });
  await run();
  return existsSync(at("asked")) ? readFileSync(at("asked"), "utf8").trim().split("\n") : [];
}

async function run(): Promise<unknown> {
  const env = { ...bareEnvironment(), PATH: `${folder.path}:${process.env["PATH"]}` };
  return execa(process.execPath, [at("bin/prepare.js")], { env, extendEnv: false });
}

function lock(packages: object): string {
  return JSON.stringify({ packages });
}

const fakeNpm = `#!/usr/bin/env node
import { appendFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
const words = process.argv.slice(2);
if (existsSync("fail")) process.exit(7);
appendFileSync("asked", words.join(" ") + "\\n");
if (words[0] === "run") {
  mkdirSync("dist", { recursive: true });
  writeFileSync("oclif.manifest.json", "{}");
}
if (words[0] === "install") {
  mkdirSync("node_modules/better-sqlite3", { recursive: true });
  cpSync("package-lock.json", "node_modules/.package-lock.json");
  writeFileSync("node_modules/better-sqlite3/package.json", "{}");
  writeFileSync("node_modules/better-sqlite3/index.js", "module.exports = class { close() {} };");
}
`;
