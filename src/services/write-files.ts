import { constants, existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProjectFolderError } from "../core/errors.js";

/** What became of a file, under the names that JSON shows. */
export interface WrittenFile extends PlannedFile {
  /** Where the replaced file went, relative to the folder; null where none was. */
  readonly backup: string | null;
}

interface PlannedFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly action: "created" | "unchanged" | "kept" | "replaced";
}

export interface FileToWrite extends PlannedFile {
  readonly content: string;
}

/**
 * Writes files into a folder, which is made where there is none. All or nothing: they are written beside their targets and then
 * renamed; after a failure, or where `signal` aborts it, the folder is as it was. Throws ProjectFolderError, or what aborted it.
 */
export async function writeFiles(dir: string, planned: readonly FileToWrite[], signal?: AbortSignal): Promise<readonly WrittenFile[]> {
  const undo: Undo = [];
  try {
    await makeFolder(dir, undo);
    const staging = await mkdtemp(join(dir, ".pyworkflow-new-"));
    undo.push(() => rm(staging, { recursive: true, force: true }));
    const staged = planned.map((file, index) => ({ ...file, dir, source: join(staging, String(index)) }));
    for (const { source, content } of staged) await writeFile(source, content);
    const files: WrittenFile[] = [];
    for (const file of staged) {
      signal?.throwIfAborted();
      files.push(await put(file, undo));
    }
    signal?.throwIfAborted();
    await rm(staging, { recursive: true });
    return files;
  } catch (error) {
    for (const takeBack of undo.toReversed()) await takeBack().catch(() => undefined);
    throw signal?.aborted ? error : new ProjectFolderError(dir, error);
  }
}

/** What takes back each change so far, oldest first. */
type Undo = (() => Promise<unknown>)[];

interface StagedFile extends FileToWrite {
  readonly dir: string;
  readonly source: string;
}

async function put({ dir, source, path, action }: StagedFile, undo: Undo): Promise<WrittenFile> {
  if (action === "kept" || action === "unchanged") return { path, action, backup: null };
  const target = join(dir, path);
  await makeFolder(dirname(target), undo);
  if (action === "created") {
    await rename(source, target);
    undo.push(() => rm(target));
    return { path, action, backup: null };
  }
  const backup = freeName(path, dir);
  await copyFile(target, join(dir, backup), constants.COPYFILE_EXCL);
  undo.push(() => rename(join(dir, backup), target));
  await chmod(source, (await stat(target)).mode); // what only its owner could read stays so
  await rename(source, target);
  return { path, action, backup };
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
