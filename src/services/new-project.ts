import { constants, existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FilesExistError, ProjectFolderError } from "../core/errors.js";
import { packageReference, packageRoot } from "./own-package.js";

export const templateNames = ["basic"] as const;
export const templateStorages = ["sqlite"] as const;

export interface NewProjectOptions {
  /** Absolute; made where it does not exist. */
  readonly dir: string;
  readonly template: (typeof templateNames)[number];
  readonly storage: (typeof templateStorages)[number];
  /** Replace the files that differ from ours, keeping a backup of each. Without it they are an error. */
  readonly replace?: boolean;
}

export interface NewProjectResult {
  readonly dir: string;
  /** How its package.json names this package. */
  readonly package: string;
  readonly files: readonly NewProjectFile[];
}

export interface NewProjectFile {
  /** Relative to the project. */
  readonly path: string;
  /** `kept`: a file of yours that we never replace, such as package.json. */
  readonly outcome: "created" | "unchanged" | "kept" | "replaced";
  /** Where the replaced file went, relative to the project. */
  readonly backup?: string;
}

/**
 * Writes a project that works at once into a folder. All or nothing: everything is checked first, written beside its place
 * and then renamed; after a failure the folder is as it was. Throws FilesExistError where a file of ours exists with
 * another content and `replace` is not given, ProjectFolderError where the folder can't be written.
 */
export async function newProject(options: NewProjectOptions): Promise<NewProjectResult> {
  const { dir, replace = false } = options;
  const reference = await packageReference();
  const planned = await plan(options, reference);
  const inTheWay = planned.filter(({ outcome }) => outcome === "replaced").map(({ path }) => path);
  if (inTheWay.length > 0 && !replace) throw new FilesExistError(dir, inTheWay);
  return { dir, package: reference, files: await write(dir, planned) };
}

interface PlannedFile extends NewProjectFile {
  readonly content: string;
}

async function plan({ dir, template, storage }: NewProjectOptions, reference: string): Promise<readonly PlannedFile[]> {
  const folder = join(packageRoot, "templates", template);
  const values = { name: projectName(dir), pyworkflow: reference, storage };
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    sources.toSorted().map(async (source) => {
      // npm leaves files called .gitignore out of a package: they are stored as _gitignore.
      const path = source.slice(folder.length + 1).replace(/^_/, ".");
      const content = fill(await readFile(source, "utf8"), values);
      return { path, content, outcome: await outcomeOf(join(dir, path), content) };
    }),
  );
}

// The name of the folder, as npm allows it.
function projectName(dir: string): string {
  const name = basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "");
  return name === "" || name === "pyworkflow" ? "pyworkflow-project" : name;
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (mark, key: string) => values[key] ?? mark);
}

// A project's own: an existing one stays, whatever it holds.
const neverReplaced = new Set(["package.json", "tsconfig.json", "README.md", ".gitignore"]);

async function outcomeOf(target: string, content: string): Promise<NewProjectFile["outcome"]> {
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

/** What takes back each change so far, oldest first. */
type Undo = (() => Promise<unknown>)[];

async function write(dir: string, planned: readonly PlannedFile[]): Promise<readonly NewProjectFile[]> {
  const undo: Undo = [];
  try {
    await makeFolder(dir, undo);
    const staging = await mkdtemp(join(dir, ".pyworkflow-new-"));
    undo.push(() => rm(staging, { recursive: true, force: true }));
    const staged = planned.map((file, index) => ({ ...file, dir, source: join(staging, String(index)) }));
    for (const { source, content } of staged) await writeFile(source, content);
    const files: NewProjectFile[] = [];
    for (const file of staged) files.push(await place(file, undo));
    await rm(staging, { recursive: true });
    return files;
  } catch (error) {
    for (const takeBack of undo.toReversed()) await takeBack().catch(() => undefined);
    throw new ProjectFolderError(dir, error);
  }
}

interface StagedFile extends PlannedFile {
  readonly dir: string;
  readonly source: string;
}

async function place({ dir, source, path, outcome }: StagedFile, undo: Undo): Promise<NewProjectFile> {
  if (outcome === "kept" || outcome === "unchanged") return { path, outcome };
  const target = join(dir, path);
  await makeFolder(dirname(target), undo);
  if (outcome === "created") {
    await rename(source, target);
    undo.push(() => rm(target));
    return { path, outcome };
  }
  const backup = freeName(path, dir);
  await copyFile(target, join(dir, backup), constants.COPYFILE_EXCL);
  undo.push(() => rename(join(dir, backup), target));
  await rename(source, target);
  return { path, outcome, backup };
}

async function makeFolder(folder: string, undo: Undo): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  undo.push(async () => {
    for (let made = folder; made.length >= first.length; made = dirname(made)) await rmdir(made);
  });
}

function freeName(path: string, dir: string): string {
  for (let n = 1; ; n++) {
    const name = `${path}.backup${n === 1 ? "" : n}`;
    if (!existsSync(join(dir, name))) return name;
  }
}
