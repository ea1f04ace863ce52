import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Where the workflows of a project may be, as a configuration in that folder names them, the likeliest first: the folders that are usual, then
 * the files that make workflows with this package, all together and one by one. It looks at so many files at most.
 */
export async function proposeModules(folder: string): Promise<readonly (readonly string[])[]> {
  const found = await workflowFiles(folder);
  const folders = usualFolders.filter((usual) => found.some((file) => file.startsWith(`${usual}/`)));
  const others = found.filter((file) => !folders.some((usual) => file.startsWith(`${usual}/`)) && !isBelowIndex(folder, file, found));
  const files = others.slice(0, proposedMax).map((file) => [`./${file}`]);
  const together = files.length > 1 ? [files.flat()] : [];
  return [...folders.map((usual) => [`./${usual}`]), ...together, ...files];
}

const usualFolders = ["workflows", "src/workflows"];
const proposedMax = 10;
const filesMax = 2000;
const notSource = new Set(["node_modules", "dist", "build", "out", "coverage", "test", "tests", "__tests__", "__mocks__"]);

/** Relative to the folder, folder by folder, with slashes. */
async function workflowFiles(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = [""];
  let looked = 0;
  for (let below = waiting.shift(); below !== undefined; below = waiting.shift()) {
    for (const entry of await entriesOf(join(folder, below))) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (isSource(entry.name) && looked++ < filesMax && (await makesWorkflows(join(folder, path)))) found.push(path);
    }
    if (looked >= filesMax) break;
  }
  return found;
}

async function entriesOf(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // closed to us: nothing is found there
  return entries.filter(({ name }) => !name.startsWith(".") && !notSource.has(name)).toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function isSource(name: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(name) && !/\.(?:d|test|spec)\.[cm]?[jt]sx?$/.test(name) && !name.startsWith("pyworkflow.config.");
}

async function makesWorkflows(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => "");
  return /["']pyworkflow["']/.test(text) && /\b(?:workflow|scheduledWorkflow)\s*\(/.test(text);
}

// A folder's index speaks for the files beside it, where it makes workflows itself.
function isBelowIndex(folder: string, file: string, found: readonly string[]): boolean {
  const index = ["ts", "js", "mts", "mjs"].map((extension) => join(dirname(file), `index.${extension}`)).find((path) => existsSync(join(folder, path)));
  return index !== undefined && index !== file && found.includes(index);
}
