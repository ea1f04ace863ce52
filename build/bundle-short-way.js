#!/usr/bin/env node
// Writes dist/short-way/: the commands that load no code of the user's, and all they need, as one file. See src/cli/short-way.ts.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { addLicences } from "./licences.js";

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."));
const folder = "dist/short-way";

// Imported where they lie, as seen from launch.ts: what reads a configuration that is a program, and the live views, which are a bundle of their own.
const outside = ["../main/load-modules.js", "../cli/live/live.js"];

const ids = readdirSync("dist/commands", { recursive: true })
  .filter((path) => path.endsWith(".js"))
  .map((path) => path.replace(/\.js$/, "").replaceAll(/[\\/]/g, ":"));
const imports = await importGraph(ids.map(fileOf));
const commands = ids.filter((id) => ![...reachable(fileOf(id))].some(needsMore)).sort();

const entries = commands.map((id) => `${JSON.stringify(id)}: () => import(${JSON.stringify(`./${fileOf(id)}`)})`);
const { outputFiles, metafile } = await build({
  stdin: { contents: `import { main as run } from "./dist/cli/short-way.js";\nexport const main = (argv, root) => run(argv, { ${entries.join(", ")} }, root);`, resolveDir: "." },
  bundle: true,
  write: false,
  metafile: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  charset: "ascii",
  keepNames: true,
  legalComments: "none",
  logOverride: { "empty-import-meta": "error" },
  // What compiles, what asks, what is compiled itself: none of them is needed for long enough.
  external: ["better-sqlite3", "cosmiconfig", "typescript", "@inquirer/prompts", "ink", "react"],
  plugins: [{ name: "without", setup: leaveOut }],
});
// V8's cached code forgets how a script imports ES modules: launch.ts hands that in.
const text = outputFiles[0].text.replaceAll(/\bimport\(("[^"]+")\)/g, "importOutside($1)");

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "short-way.cjs"), text);
const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
writeFileSync(join(folder, "index.txt"), [hash, ...commands, ""].join("\n"));
addLicences(metafile);

function leaveOut({ onResolve, onLoad }) {
  for (const path of outside) onResolve({ filter: new RegExp(`/${basename(path)}$`) }, () => ({ path, external: true }));
  // Half of oclif: its configuration, its help, its spinners. short-way.ts leaves to entry.ts whatever needs one of them.
  onLoad({ filter: /@oclif\/core\/lib\/(?:(?:config|help|ux)\/index|help\/util|module-loader|performance)\.js$/ }, ({ path }) => ({
    contents: path.includes("config/index") ? "exports.Config = { load: (config) => config };" : "",
  }));
}

function fileOf(id) {
  return `dist/commands/${id.replaceAll(":", "/")}.js`;
}

/** What each of our files imports, now or later. */
async function importGraph(entryPoints) {
  const { metafile } = await build({ entryPoints, bundle: true, write: false, metafile: true, packages: "external", platform: "node", format: "esm", outdir: "unused", logLevel: "error" });
  return new Map(Object.entries(metafile.inputs).map(([file, input]) => [file, input.imports.filter(({ external }) => !external).map(({ path }) => path)]));
}

function reachable(file, seen = new Set()) {
  if (seen.has(file) || outside.some((path) => file === join("dist/short-way", path))) return seen;
  seen.add(file);
  for (const next of imports.get(file) ?? []) reachable(next, seen);
  return seen;
}

/** The user's code and we must have one copy of ours; who asks where it lies means its own file; and of oclif's configuration short-way.ts has little more than the root. */
function needsMore(file) {
  return file === "dist/cli/load-workflows.js" || /\bimport\.meta\b|\bthis\.config\b(?!\.root\b)/.test(readFileSync(file, "utf8"));
}
