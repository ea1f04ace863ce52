import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Node, type Pair } from "yaml";
import { nearest } from "../base/nearest.js";
import { shortPath } from "../base/short-path.js";
import { ConfigError } from "../core/errors.js";
import { expandVariables, type Variables } from "./expand.js";
import { aliases, paths } from "./keys.js";
import { type Entries, type Entry, refuse } from "./settings.js";

/** Runs a `.js`, `.mjs` or `.ts` file and returns its default export. */
export type LoadScript = (file: string) => Promise<unknown>;

export interface Reading {
  readonly cwd: string;
  readonly env: Variables;
  readonly loadScript?: LoadScript;
}

/**
 * What a configuration file says, its variables expanded. A file that is no YAML or JSON, or that has a key that does not
 * exist, is a ConfigError with the place in it.
 */
export async function readConfigFile(path: string, reading: Reading): Promise<Entries> {
  const file = isProgram(path) ? await runProgram(path, reading) : await parseText(path, reading);
  const entries = new Map<string, Entry>();
  collect({ ...file, entries, env: reading.env }, "", file.root);
  return entries;
}

interface File {
  readonly document: Document;
  readonly root: Node | null;
  readonly place: (node: unknown) => string;
}

function isProgram(path: string): boolean {
  return [".js", ".mjs", ".ts"].includes(extname(path));
}

async function runProgram(path: string, { cwd, loadScript }: Reading): Promise<File> {
  const place = shortPath(path, cwd);
  if (loadScript === undefined) throw new ConfigError("a program can't be the configuration here", { place, hint: "write pyworkflow.config.yaml" });
  const value = await loadScript(path);
  if (typeof value !== "object" || value === null) {
    throw new ConfigError("it exports no configuration", { place, hint: 'write export default { module: "./workflows" }' });
  }
  const document = new Document(value);
  return { document, root: document.contents, place: () => place };
}

// JSON too: YAML contains it, and that is how a key of a JSON file gets a line and a column.
async function parseText(path: string, { cwd }: Reading): Promise<File> {
  const lines = new LineCounter();
  const document = parseDocument(await textOf(path, cwd), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${shortPath(path, cwd)}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error !== undefined) throw new ConfigError(error.message, { place: at(error.pos[0]), hint: syntaxHint(path), cause: error });
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) throw new ConfigError(`there is no anchor &${alias.source}`, { place: at(alias.range?.[0] ?? 0), hint: "a text that begins with * needs quotes" });
    },
  });
  const contents: unknown = basename(path) === "package.json" ? document.get("pyworkflow", true) : document.contents;
  return { document, root: isNode(contents) ? contents : null, place: (node) => at(isNode(node) ? (node.range?.[0] ?? 0) : 0) };
}

async function textOf(path: string, cwd: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`it can't be read: ${why}`, { place: shortPath(path, cwd), hint: "name a file that can be read with --config", cause: error });
  }
}

function syntaxHint(path: string): string {
  if (path.endsWith(".json")) return "mend the JSON at that place";
  return "mend the YAML at that place: nested keys are indented by blanks, and text with a colon, # or (inside { }) a ${VARIABLE} needs quotes";
}

interface Collecting extends File {
  readonly entries: Map<string, Entry>;
  readonly env: Variables;
}

function collect(into: Collecting, block: string, node: unknown): void {
  const map = isAlias(node) ? node.resolve(into.document) : node;
  if (map === null || map === undefined || (isScalar(map) && map.value === null)) return; // `worker:` with nothing below it
  if (!isMap(map)) {
    const hint = block === "" ? "write keys like  module: ./workflows" : `write it as  ${block}: { ${keysOf(block).join(": …, ")}: … }`;
    throw new ConfigError(`${block === "" ? "the file" : block} has to hold keys`, { place: into.place(node), hint });
  }
  for (const pair of map.items) take(into, block, pair);
}

function take(into: Collecting, block: string, pair: Pair): void {
  const word = isScalar(pair.key) ? String(pair.key.value) : "that";
  const written = block === "" ? word : `${block}.${word}`;
  const path = aliases.get(written) ?? written;
  const place = into.place(pair.key);
  refuse(path, place);
  if (keysOf(path).length > 0) return collect(into, path, pair.value);
  if (!paths.includes(path)) throw new ConfigError(`there is no key ${written}`, { place, hint: hintFor(word, block) });
  if (into.entries.has(path)) throw new ConfigError(`${written} says ${path} a second time`, { place, hint: "keep one of the two" });
  const entry = entryOf(into, pair);
  refuse(`${path}=${String(entry.value)}`, entry.place); // before its neighbours: they may be keys of a backend to come
  into.entries.set(path, entry);
}

function entryOf({ document, env, place }: Collecting, { key, value: node }: Pair): Entry {
  const value: unknown = isNode(node) ? node.toJS(document) : node;
  const at = place(node ?? key);
  const expanded = expandVariables(value, env, at);
  return { value: expanded, place: at, expanded: expanded !== value, ...(isSeq(node) ? { itemPlaces: node.items.map(place) } : {}) };
}

function hintFor(word: string, block: string): string {
  const here = keysOf(block);
  const meant = nearest(word, here);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const elsewhere = paths.find((path) => path.endsWith(`.${word}`));
  if (elsewhere !== undefined) return `it belongs into ${elsewhere.slice(0, -word.length - 1)}:`;
  return `${block === "" ? "the keys are" : `the keys of ${block} are`} ${here.join(", ")}`;
}

/** The keys and blocks directly below a block; none below a key. */
function keysOf(block: string): string[] {
  const below = block === "" ? paths : paths.filter((path) => path.startsWith(`${block}.`)).map((path) => path.slice(block.length + 1));
  return [...new Set(below.map((path) => path.replace(/\..*/, "")))];
}
