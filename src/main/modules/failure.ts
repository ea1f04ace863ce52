import { readdirSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuildFailure, Message } from "esbuild";
import { didYouMean, nearest } from "../../base/nearest.js";
import { shortPath } from "../../base/short-path.js";
import { ModuleError, PyworkflowError } from "../../core/errors.js";
import type { Bundle } from "./cache.js";
import { entryName, ownFileHead } from "./compile.js";
import { runningPackageFile } from "./running-package.js";

/** What the user sees when their code doesn't compile: the first mistake, with its place in their source. */
export function compileFailure(error: unknown, root: string, placeOfEntry: (line: number) => string): unknown {
  if (!isBuildFailure(error)) return error;
  const [first] = error.errors;
  if (first === undefined) return error;
  const more = error.errors.length > 1 ? ` (and ${error.errors.length - 1} more)` : "";
  return new ModuleError(`${first.text}${more}`, { place: placeOf(first, root, placeOfEntry), hint: compileHint(first, root), cause: error });
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function placeOf({ location }: Message, root: string, placeOfEntry: (line: number) => string): string {
  if (location === null || location.file === entryName) return placeOfEntry(location?.line ?? 1);
  const path = resolve(root, location.file);
  const head = ownFileHead(path);
  // esbuild counts bytes from 0; people count characters from 1, in the line that they wrote.
  const column = Buffer.from(location.lineText).subarray(0, location.column).toString().length;
  const ours = location.line === 1 && location.lineText.startsWith(head) ? head.length : 0;
  return `${shortPath(path, process.cwd())}:${location.line}:${column - ours + 1}`;
}

function compileHint({ text, location }: Message, root: string): string {
  const missing = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (missing === undefined) return "mend the code at that place";
  if (!missing.startsWith(".")) return `npm install ${missing}, or mend the name`;
  const wanted = resolve(root, dirname(location?.file ?? "."), missing);
  const meant = nearest(basename(wanted), namesIn(dirname(wanted)));
  // As it is imported: a .ts file by the name that it is compiled to.
  const imported = missing.endsWith("js") ? meant?.replace(/ts$/, "js") : meant;
  return imported === undefined ? "mend the path, or create the file" : `did you mean ${dirname(missing)}/${imported}?`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What the user sees when their module threw while it was imported: their message, with its place in their source. */
export async function importFailure(error: unknown, bundle: Bundle, place: string): Promise<unknown> {
  // Ours already say what, where and what next: a name taken twice, a bad option.
  if (error instanceof PyworkflowError) return error;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const message = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
  const own = new Set(bundle.inputs.map((input) => input.path));
  const at = placeOfCaret(stack, own) ?? placeOfFrame(stack, own) ?? place;
  const missing = await missingExport(message);
  return new ModuleError(missing?.message ?? message, { place: at, hint: missing?.hint ?? "a module must import without an error: mend it there", cause: error });
}

// An error of the language itself (an import of a name that does not exist) has no frame: Node puts the place, the line and
// a caret before the message.
function placeOfCaret(stack: string, own: ReadonlySet<string>): string | undefined {
  const [, at = "", line, blanks = ""] = /^(.+):(\d+)\n.*\n( *)\^/.exec(stack) ?? [];
  return own.has(pathOf(at)) ? `${shortPath(pathOf(at), process.cwd())}:${line}:${blanks.length + 1}` : undefined;
}

// The first frame in the user's own source; a frame in a package would not help them.
function placeOfFrame(stack: string, own: ReadonlySet<string>): string | undefined {
  const frames = stack.matchAll(/(?:\(|at (?:async )?)([^()\n]+):(\d+):(\d+)\)?$/gm);
  for (const [, at = "", line, column] of frames) {
    if (own.has(pathOf(at))) return `${shortPath(pathOf(at), process.cwd())}:${line}:${column}`;
  }
  return undefined;
}

function pathOf(at: string): string {
  return at.startsWith("file:") ? fileURLToPath(at) : at;
}

async function missingExport(message: string): Promise<{ message: string; hint: string } | undefined> {
  const [, file, name] = /The requested module '(file:[^']+)' does not provide an export named '([^']+)'/.exec(message) ?? [];
  if (file === undefined || name === undefined || fileURLToPath(file) !== runningPackageFile("pyworkflow")) return undefined;
  const exports: unknown = await import(file);
  const names = typeof exports === "object" && exports !== null ? Object.keys(exports) : [];
  const meant = nearest(name, names);
  return { message: `pyworkflow exports no ${name}`, hint: didYouMean(meant, `it exports ${names.join(", ")}`) };
}
