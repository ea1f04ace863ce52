import { closeSync, existsSync, fsyncSync, linkSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { FileExistsError, StorageError, StoreNotFoundError } from "../../core/errors.js";
import type { BackupRequest } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { asStorageError, refused } from "./errors.js";

const pagesInStep = 1000;

/** Writes beside the place first: what stands there in the end is whole, on the disk, and was opened. */
export async function backup(connection: Connection, request: BackupRequest): Promise<void> {
  const { path, force = false, signal } = request;
  const source = connection.path;
  if (connection.format === undefined) throw new StoreNotFoundError(source);
  refuseTarget(source, path, force);
  clearLeftOvers(path);
  const part = `${path}.${process.pid}.part`;
  try {
    await copy(source, part, request);
    makeSound(part);
    await turn(); // what reads the whole copy hears no signal
    signal?.throwIfAborted();
    putInPlace(part, path, force);
  } catch (error) {
    throw error instanceof StorageError ? error : asBackupError(error, path);
  } finally {
    for (const rest of [part, `${part}-wal`, `${part}-shm`, `${part}-journal`]) rmSync(rest, { force: true });
  }
}

function refuseTarget(source: string, path: string, force: boolean): void {
  if (resolve(path) === source) throw refused(`${path} is the store itself`, "unreadable", "name another file for the copy");
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw refused(`${path} is a folder, not a file`, "unreadable", "name a file in it");
  if (stat && !force) throw new FileExistsError(path);
  if (!existsSync(dirname(path))) throw refused(`there is no folder ${dirname(path)}`, "unreadable", "make it, or name another one");
}

// Of a backup that was killed. The file itself is nobody's yet: it has no name but that of its process.
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
async function copy(source: string, to: string, { onProgress, signal }: Pick<BackupRequest, "onProgress" | "signal">): Promise<void> {
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
    if (first !== "ok") throw refused(`the copy is damaged, and so probably is the store: ${first}`, "unreadable", "pyworkflow storage check says more");
  } finally {
    database.close();
  }
  flush(part);
}

function putInPlace(part: string, path: string, force: boolean): void {
  if (force) renameSync(part, path);
  else link(part, path);
  flush(dirname(path));
}

// A link fails where a file has come to be there meanwhile; a rename would replace it.
function link(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch {
    if (existsSync(path)) throw new FileExistsError(path);
    renameSync(part, path); // a file system without links
  }
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } catch {
    // some systems flush no folder
  } finally {
    closeSync(file);
  }
}

function asBackupError(error: unknown, path: string): unknown {
  if (error instanceof FileExistsError) return error;
  if (error instanceof Sqlite.SqliteError) return asStorageError(error, path, "rolled_back");
  if (!(error instanceof Error) || !("syscall" in error)) return error;
  return new StorageError(`the copy ${path} can't be written: ${error.message}`, { kind: "io", outcome: "rolled_back", hint: "check that this user may write its folder", cause: error });
}
