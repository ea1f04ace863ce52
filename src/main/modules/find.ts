import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { nearest } from "../../base/nearest.js";
import { shortPath } from "../../base/short-path.js";
import { ModuleError } from "../../core/errors.js";
import { filesBelow, filesOfGlob, isGlob } from "./glob.js";

/** One thing to import, and where the user asked for it. */
export interface Entry {
  /** An absolute file, or the name of a package. */
  readonly specifier: string;
  /** The files whose change means another version: the file itself, or the package.json. */
  readonly file: string;
  readonly place: string;
}

/** A module as it was asked for, e.g. `./workflows`, and where. */
export interface Wanted {
  readonly module: string;
  readonly place: string;
}

/**
 * The modules that a file, a folder (its index file alone, else every module in it), a glob or, where there is no such
 * path, a package names. Nothing to be found is a ModuleError that says what was looked for.
 */
export function findModules(root: string, { module, place }: Wanted): Entry[] {
  const path = resolve(root, module);
  const files = isGlob(module) && !existsSync(path) ? filesOfGlob(path).filter(isModule) : filesAt(path);
  if (files !== undefined && files.length > 0) return withoutTwins(files).map((file) => ({ specifier: file, file, place }));
  if (files !== undefined) throw nothingIn(path, place);
  const packageFile = /^[./]/.test(module) ? undefined : packageFileOf(module, root);
  if (packageFile !== undefined) return [{ specifier: module, file: packageFile, place }];
  throw notThere({ module, place }, path);
}

/** What a module's file ends with. */
export const extensions = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

function filesAt(path: string): string[] | undefined {
  if (isFolder(path)) return filesOfFolder(path);
  return existsSync(path) ? [path] : firstOf(candidates(path));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function filesOfFolder(folder: string): string[] {
  return firstOf(extensions.map((extension) => join(folder, `index${extension}`))) ?? filesBelow(folder).filter((file) => isModule(file) && !isTest(file));
}

function firstOf(paths: readonly string[]): string[] | undefined {
  const path = paths.find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : [path];
}

// `./orders` may leave the extension out; `./orders.js` may mean, as in an import, the orders.ts that it is compiled from.
function candidates(path: string): string[] {
  const compiled = /\.[cm]?jsx?$/.test(path) ? [path.replace(/js(x?)$/, "ts$1")] : [];
  return [...compiled, ...extensions.map((extension) => path + extension)];
}

function isModule(file: string): boolean {
  return extensions.includes(extname(file)) && !/\.d\.[cm]?ts$/.test(file);
}

function isTest(file: string): boolean {
  return /\.(test|spec)\.\w+$/.test(file) || /[\\/](__tests__|__mocks__)[\\/]/.test(file);
}

// A file compiled beside its source is the same module: importing both would define its workflows twice.
function withoutTwins(files: readonly string[]): string[] {
  const known = new Set(files);
  return files.filter((file) => !/\.[cm]?jsx?$/.test(file) || !known.has(file.replace(/js(x?)$/, "ts$1")));
}

function packageFileOf(specifier: string, folder: string): string | undefined {
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const file = join(folder, "node_modules", name, "package.json");
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : packageFileOf(specifier, dirname(folder));
}

function nothingIn(path: string, place: string): ModuleError {
  const what = isGlob(path) ? `no module matches ${path}` : `the folder ${path} has no module in it`;
  return new ModuleError(what, { place, hint: `a module is a file that ends with ${extensions.join(", ")}` });
}

function notThere({ module, place }: Wanted, path: string): ModuleError {
  const neighbour = existsSync(dirname(path)) ? nearest(basename(path), readdirSync(dirname(path))) : undefined;
  const looked = `looked for ${shortPath(path, process.cwd())} (a file, with or without its extension, or a folder)`;
  const andPackage = /^[./]/.test(module) ? "" : " and for a package of that name";
  const inFile = /:\d+:\d+$/.test(place);
  const hint = neighbour === undefined ? `mend the path${inFile ? "; it is relative to the config file" : ""}` : `did you mean ${join(dirname(module), neighbour)}?`;
  return new ModuleError(`there is no module ${module}: ${looked}${andPackage}`, { place, hint });
}
