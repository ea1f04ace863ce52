import { readFile } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../config/config.js";
import { type Bundle, bundle, hashOf, type Input } from "./modules/cache.js";
import type { Source } from "./modules/compile.js";
import { compileFailure, importFailure } from "./modules/failure.js";
import { type Entry, findModules } from "./modules/find.js";

/** The user's code, as it was imported. */
export interface LoadedModules {
  /** The hash of all of it, imported files included: two processes with the same version run the same workflows. */
  readonly version: string;
  /** The modules that the configuration named, in the order in which they were imported: files, absolute, and packages. */
  readonly files: readonly string[];
  /** The user's files that they were made of. */
  readonly sources: readonly Input[];
}

/**
 * Imports the workflow modules of a configuration, so that their `workflow()` and `step()` fill the registry. TypeScript is
 * compiled on the way. A module that can't be found, compiled or imported is a ModuleError with its place in the source.
 */
export async function loadModules({ root, modules, modulePlaces }: Pick<Config, "root" | "modules" | "modulePlaces">): Promise<LoadedModules> {
  const wanted = modules.map((module, index) => ({ module, place: modulePlaces?.[index] ?? "modules" }));
  const entries = once(wanted.flatMap((want) => findModules(root, want)));
  if (entries.length === 0) return { version: hashOf([]), files: [], sources: [] };
  const text = entries.map(({ specifier }) => `import ${JSON.stringify(specifier)};\n`).join("");
  const placeOfEntry = (line: number): string => entries[line - 1]?.place ?? "modules";
  const { made } = await importSource({ root, text }, placeOfEntry);
  return { version: await versionOf(root, made, entries), files: entries.map(({ specifier }) => specifier), sources: made.inputs };
}

/** The default export of a configuration that is a program, e.g. `pyworkflow.config.ts`. Fails as {@link loadModules} does. */
export async function loadScript(file: string): Promise<unknown> {
  const source = { root: dirname(file), text: `export { default } from ${JSON.stringify(file)};\n` };
  const { exports } = await importSource(source, () => file);
  return typeof exports === "object" && exports !== null ? Reflect.get(exports, "default") : undefined;
}

// A file that is named twice, by its folder and by itself, is one module.
function once(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.specifier, entry])).values()];
}

async function importSource(source: Source, placeOfEntry: (line: number) => string): Promise<{ made: Bundle; exports: unknown }> {
  const made = await bundle(source).catch((error: unknown) => {
    throw compileFailure(error, source.root, placeOfEntry);
  });
  // Before the import: frames are mapped to the user's lines only for what is loaded from here on.
  process.setSourceMapsEnabled(true);
  try {
    const exports: unknown = await import(pathToFileURL(made.file).href);
    return { made, exports };
  } catch (error) {
    throw await importFailure(error, made, placeOfEntry(1));
  }
}

// By the path within the project: the same code in another folder, or on another machine, is the same version. A package
// is not compiled, so its package.json with the number of its release speaks for it.
async function versionOf(root: string, { inputs }: Bundle, entries: readonly Entry[]): Promise<string> {
  const files = inputs.map(({ path, hash }) => [relative(root, path).split(sep).join("/"), hash]);
  const packages = entries.filter(({ specifier, file }) => specifier !== file);
  const releases = packages.map(async ({ specifier, file }) => [specifier, await readFile(file, "utf8")]);
  const named = [...files, ...(await Promise.all(releases))];
  return hashOf(named.toSorted(([left = ""], [right = ""]) => (left < right ? -1 : 1)).flat());
}
