import { closeSync, existsSync, fsyncSync, linkSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { FileExistsError, StorageError } from "../../core/errors.js";
import type { BackupRequest } from "../upkeep.js";
import { asStorageError, refused } from "./errors.js";

const pagesInStep = 1000;

type Watched = Pick<BackupRequest, "onProgress" | "signal">;

/**
 * Copies a store into a part beside `path`, which is whole, on the disk and was read when `use` gets it; what is left of it then is removed. Throws StorageError,
 * and whatever the signal was aborted with.
 */
export async function withCopy(source: string, path: string, { use, ...watched }: Watched & { readonly use: (part: string) => void }): Promise<void> {
  clearLeftOvers(path);
  const part = `${path}.${process.pid}.part`;
  try {
    await copy(source, part, watched);
    makeSound(part);
    await turn(); // what reads the whole copy hears no signal
    watched.signal?.throwIfAborted();
    use(part);
  } catch (error) {
    throw error instanceof StorageError ? error : asCopyError(error, path);
  } finally {
    for (const rest of ["", "-wal", "-shm", "-journal"]) rmSync(`${part}${rest}`, { force: true });
  }
}

// Of a copy whose process was killed: the name has its pid.
function clearLeftOvers(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const [, pid] = /^\.(\d+)\.part(?:-wal|-shm|-journal)?$/.exec(name.slice(basename(path).length)) ?? [];
    if (pid !== undefined && !isProcess(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

function isProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH"); // else it is another user's
  }
}

// An open snapshot: a copy that follows the writers begins anew with each of their commits, and never ends under load.
async function copy(source: string, to: string, { onProgress, signal }: Watched): Promise<void> {
  const snapshot = new Sqlite(source, { readonly: true, timeout: 10_000 });
  try {
    const pageSize = Number(snapshot.pragma("page_size", { simple: true }));
    snapshot.exec("BEGIN; SELECT 1 FROM sqlite_schema");
    await snapshot.backup(to, {
      progress: ({ totalPages, remainingPages }) => {
        signal?.throwIfAborted();
        onProgress?.((totalPages - remainingPages) * pageSize, totalPages * pageSize);
        return pagesInStep;
      },
    });
  } finally {
    snapshot.close();
  }
}

/** One file with nothing beside it, and what it holds was read. */
function makeSound(part: string): void {
  const database = new Sqlite(part);
  try {
    database.pragma("journal_mode = DELETE");
    const lines = database.pragma("integrity_check") as readonly { readonly integrity_check: string }[];
    const [first] = lines.map(({ integrity_check }) => integrity_check);
    if (first !== "ok") throw refused(`the copy is damaged, and so probably is what was copied: ${first}`, "unreadable", "pyworkflow storage check --storage-path FILE says more");
  } finally {
    database.close();
  }
  flush(part);
}

/** Gives the copy a name that nobody has: FileExistsError where a file has come to be there meanwhile, which a rename would replace. */
export function takeName(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch {
    if (existsSync(path)) throw new FileExistsError(path);
    renameSync(part, path); // a file system without links
  }
}

/** Until it is on the disk: of a file what it holds, of a folder its names. */
export function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } catch {
    // some systems flush no folder
  } finally {
    closeSync(file);
  }
}

function asCopyError(error: unknown, path: string): unknown {
  if (error instanceof FileExistsError) return error;
  if (error instanceof Sqlite.SqliteError) return asStorageError(error, path, "rolled_back");
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new StorageError(`${path} can't be written: ${error.message}`, { kind: "io", outcome: "rolled_back", hint: "check that this user may write its folder", cause: error });
}
