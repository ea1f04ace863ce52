#!/usr/bin/env node
// Installs and builds what is missing, for npm start and npm test. It looks at facts: what npm says it installed, whether
// the compiled SQLite loads, which sources dist was built from. So a second call does nothing.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const stamp = "dist/.built-from";

// Not `ci`: a lock file that was made where a registry lacks the optional packages of other platforms is refused by it.
if (!isInstalled()) run("installing packages; compiling SQLite takes about two minutes where no binary can be downloaded", "install", "--no-save", "--include=dev");
else if (!sqliteLoads()) run("compiling SQLite for this Node", "rebuild", "better-sqlite3");

const sources = hashOfSources();
if (!existsSync("oclif.manifest.json") || !existsSync(stamp) || readFileSync(stamp, "utf8") !== sources) {
  run("building", "run", "build", "--silent");
  writeFileSync(stamp, sources);
}

// npm's own record of node_modules against the lock file; what is optional may belong to another platform.
function isInstalled() {
  if (!existsSync("node_modules/.package-lock.json")) return false;
  const installed = packagesIn("node_modules/.package-lock.json");
  const { "": _root, ...wanted } = packagesIn("package-lock.json");
  return Object.entries(wanted).every(([path, { version, optional }]) => (installed[path]?.version ?? (optional ? version : undefined)) === version);
}

function packagesIn(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

function sqliteLoads() {
  try {
    const Database = createRequire(import.meta.url)("better-sqlite3");
    new Database(":memory:").close();
    return true;
  } catch {
    return false;
  }
}

function hashOfSources() {
  const files = readdirSync("src", { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
  const hash = createHash("sha256");
  const builders = readdirSync("build").sort().map((name) => join("build", name));
  for (const path of [...paths, ...builders, "bin/prepare.js", "package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"]) {
    hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function run(what, ...args) {
  console.error(`pyworkflow: ${what} (npm ${args.join(" ")})`);
  const { status, error } = spawnSync("npm", args, { stdio: ["ignore", 2, 2], env: { JOBS: "max", ...process.env }, shell: process.platform === "win32" });
  if (status === 0) return;
  console.error(`pyworkflow: npm ${args.join(" ")} failed${error ? `: ${error.message}` : ""}; mend what it says above and run this again`);
  process.exit(status ?? 1);
}
