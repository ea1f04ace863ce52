import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { FilesExistError, ProjectFolderError } from "../core/errors.js";
import { packageReference, packageRoot } from "./own-package.js";
import { writeFiles, type FileToWrite, type WrittenFile } from "./write-files.js";
import type { TemplateName } from "./templates.js";

export interface NewProjectOptions {
  /** Absolute; made where it does not exist. */
  readonly dir: string;
  readonly template: TemplateName;
  /** Replace the files that differ from ours, keeping a backup of each. Without it they are an error. */
  readonly replace?: boolean;
  /** Takes back what was written so far; what aborts it is thrown. */
  readonly signal?: AbortSignal;
}

export interface NewProjectResult {
  readonly dir: string;
  readonly template: TemplateName;
  /** How its package.json names this package. */
  readonly package: string;
  /** `kept`: a file of yours that we never replace, such as package.json. */
  readonly files: readonly WrittenFile[];
}

/**
 * Writes a project that works at once into a folder. All or nothing: everything is checked first, written beside its target
 * and then renamed; after a failure the folder is as it was. Throws FilesExistError where a file of ours exists with
 * another content and `replace` is not given, ProjectFolderError where the folder can't be written.
 */
export async function newProject(options: NewProjectOptions): Promise<NewProjectResult> {
  const { dir, template, replace = false, signal } = options;
  const reference = await packageReference();
  const planned = await plan(options, reference);
  const inTheWay = planned.filter(({ action }) => action === "replaced").map(({ path }) => path);
  if (inTheWay.length > 0 && !replace) throw new FilesExistError(dir, inTheWay);
  return { dir, template, package: reference, files: await writeFiles(dir, planned, signal) };
}

async function plan({ dir, template }: NewProjectOptions, reference: string): Promise<readonly FileToWrite[]> {
  const values = { name: projectName(dir), pyworkflow: reference, storage: "sqlite" };
  const sources = [...(await sourcesIn("common")), ...(await sourcesIn(template))];
  return Promise.all(
    sources.map(async ({ file, path }) => {
      const content = fill(await readFile(file, "utf8"), values);
      return { path, content, action: await actionOn(join(dir, path), content) };
    }),
  );
}

async function sourcesIn(name: string): Promise<readonly { readonly file: string; readonly path: string }[]> {
  const folder = join(packageRoot, "templates", name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // npm leaves files called .gitignore out of a package: they are stored as _gitignore.
  return files.toSorted().map((file) => ({ file, path: file.slice(folder.length + 1).replace(/^_/, ".") }));
}

// The name of the folder, as npm allows it.
function projectName(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "");
  return name === "" || name === "pyworkflow" ? "pyworkflow-project" : name;
}

/** Puts the values in the places of their marks, `{{name}}`. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (mark, key: string) => values[key] ?? mark);
}

// A project's own: an existing one stays, whatever it holds.
const neverReplaced = new Set(["package.json", "tsconfig.json", "README.md", ".gitignore"]);

async function actionOn(target: string, content: string): Promise<WrittenFile["action"]> {
  const present = await readFile(target, "utf8").catch(absent(target));
  if (present === undefined) return "created";
  if (present === content) return "unchanged";
  return neverReplaced.has(basename(target)) ? "kept" : "replaced";
}

function absent(target: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code === "ENOENT") return undefined;
    throw new ProjectFolderError(target, error);
  };
}
