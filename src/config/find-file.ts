import { existsSync, readdirSync } from "node:fs";
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
