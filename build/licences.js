// What is bundled into dist brings its licence with it: dist/licenses.txt.
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const file = "dist/licenses.txt";

/** Adds the licence of each package in the metafile of a bundle that is not there yet. Throws where one names none. */
export function addLicences({ inputs }) {
  const folders = new Set(Object.keys(inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []));
  for (const folder of [...folders].sort()) {
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const head = `${about.name} ${about.version} (${about.license})\n`;
    if (existsSync(file) && readFileSync(file, "utf8").includes(`\n${head}`)) continue;
    appendFileSync(file, `${"-".repeat(80)}\n${head}\n${textOf(folder, about).trim()}\n\n`);
  }
}

// Some packages only name their licence: the terms of the MIT one are those of our own.
function textOf(folder, { name, license, author }) {
  const path = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (path !== undefined) return readFileSync(join(folder, path), "utf8");
  if (license !== "MIT" || author === undefined) throw new Error(`${name} is bundled and has no licence in its folder`);
  return readFileSync("LICENSE", "utf8").replace(/^Copyright.*$/m, `Copyright (c) ${author.name ?? author}`);
}
