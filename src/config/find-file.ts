import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, parse, resolve } from "node:path";
import { isObject } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import { ConfigError } from "../core/errors.js";

const searchPlaces = [
  ...["yaml", "yml", "json", "js", "mjs", "ts"].map((extension) => `pyworkflow.config.${extension}`),
  ".pyworkflowrc",
  "package.json",
];

/** The nearest configuration file upward from a folder, absolute. An empty file is passed over. */
export async function findConfigFile(folder: string): Promise<string | undefined> {
  const plain = findPlainly(folder);
  return plain === undefined ? searchFrom(folder) : plain.file;
}

/**
 * findConfigFile without cosmiconfig, which takes as long to import as the rest of a short command: where the nearest is a
 * pyworkflow.config.yaml, or there is none at all. Undefined where something else is met: then the whole search has to answer.
 */
export function findPlainly(folder: string): { readonly file?: string } | undefined {
  const [yaml = "", ...others] = searchPlaces.map((name) => join(folder, name));
  if (existsSync(yaml)) return isFilled(yaml) ? { file: yaml } : undefined;
  if (others.some((path) => existsSync(path) && !isForeignPackage(path))) return undefined;
  return dirname(folder) === folder ? {} : findPlainly(dirname(folder));
}

function isFilled(path: string): boolean {
  return /\S/.test(textOf(path) ?? "");
}

/** A package.json that says nothing of us, though it may depend on us. */
function isForeignPackage(path: string): boolean {
  if (basename(path) !== "package.json") return false;
  const text = textOf(path);
  return text !== undefined && !("pyworkflow" in parsedPackage(text));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // a folder of that name, or closed
  }
}

async function searchFrom(folder: string): Promise<string | undefined> {
  const { cosmiconfig } = await import("cosmiconfig");
  // It only finds. Reading is ours: that knows lines and columns, and does without the user's typescript.
  const found = (path: string): object | null => (searchPlaces.includes(basename(path)) ? {} : null);
  const loaders = Object.fromEntries(["noExt", ".yaml", ".yml", ".js", ".mjs", ".ts"].map((extension) => [extension, found]));
  const explorer = cosmiconfig("pyworkflow", {
    searchPlaces,
    cache: false,
    searchStrategy: "global",
    stopDir: parse(folder).root,
    loaders: { ...loaders, ".json": (path, content) => (basename(path) === "package.json" ? parsedPackage(content) : found(path)) },
  });
  const result = await explorer.search(folder).catch(nothingAtHome);
  return result?.filepath;
}

// At the end it looks into the home folder, though nothing there is ours: that of a service may be /dev/null, or closed.
function nothingAtHome(error: unknown): null {
  if (isObject(error) && (error["code"] === "ENOTDIR" || error["code"] === "EACCES")) return null;
  throw error;
}

// Of a package.json the search takes the key `pyworkflow`. One that is broken is not ours to report.
function parsedPackage(content: string): object {
  try {
    const parsed: unknown = JSON.parse(content);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The file that a flag or a variable names, absolute. Where there is none, that is a ConfigError. */
export function namedConfigFile(named: string, place: string, cwd: string): string {
  const path = resolve(cwd, named);
  if (existsSync(path)) return path;
  const folder = dirname(path);
  const neighbour = existsSync(folder) ? nearest(basename(path), readdirSync(folder)) : undefined;
  const hint = neighbour === undefined ? `name a file that exists, or leave ${place} out` : `did you mean ${join(dirname(named), neighbour)}?`;
  throw new ConfigError(`there is no file ${path}`, { place, hint });
}
