import { chmodSync, chownSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { FileExistsError, type StorageError } from "../../core/errors.js";
import type { BackupRequest } from "../upkeep.js";
import { flush, takeName, withCopy } from "./copy.js";
import { asStorageError, isBusy, isUnreadable, refused } from "./errors.js";

export interface RestoreRequest extends Pick<BackupRequest, "onProgress" | "signal"> {
  /** The backup; it stays where it is. */
  readonly from: string;
  /** The name that the present store gets. */
  readonly aside: string;
}

/**
 * Puts a copy of a backup in the place of a store that nobody has open. Whenever it is interrupted, the store is the old one or the new one, as a whole; or there is none, where the old one is damaged. Neither path may be
 * a symbolic link. Resolves to whether there was a store, which `aside` names now. Rejects with a StorageError where others have the store open, or the copy is damaged; then nothing was changed.
 */
export async function restore(path: string, { from, aside, ...watched }: RestoreRequest): Promise<boolean> {
  demandUnused(path);
  mkdirSync(dirname(path), { recursive: true });
  let wasThere = false;
  const use = (part: string): void =>
    alone(path, (present) => {
      wasThere = existsSync(path);
      if (wasThere) replace(path, { part, aside, present });
      else begin(path, part, aside);
    });
  await withCopy(from, path, { ...watched, use });
  return wasThere;
}

/** Throws where another process has the store open. Of a file that SQLite can't read it knows nothing. */
export function demandUnused(path: string): void {
  alone(path, () => undefined);
}

/** Has the store for itself meanwhile: who opens it waits, and finds out then that it was replaced. `use` gets the store where there is one that SQLite can read. */
function alone(path: string, use: (present?: Sqlite.Database) => void): void {
  if (!existsSync(path)) return use();
  const database = new Sqlite(path, { timeout: patienceMs });
  try {
    if (isLocked(database, path)) use(database);
    else use();
  } finally {
    database.close();
  }
}

// A command that looks and ends is waited for.
const patienceMs = 1000;

// In exclusive mode the first read takes the whole file, of which in WAL mode each open connection holds a part.
function isLocked(database: Sqlite.Database, path: string): boolean {
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    database.exec("SELECT 1 FROM sqlite_schema");
    return true;
  } catch (error) {
    if (isBusy(error)) throw usedError(path);
    if (isUnreadable(error)) return false;
    throw asStorageError(error, path, "rolled_back");
  }
}

/** A store that is not to be replaced. `workers` are those that are known to be at work on it. */
export function usedError(path: string, workers: readonly string[] = []): StorageError {
  const who = workers.length > 0 ? `workers are at work on it (${workers.join(", ")})` : "another process has it open";
  return refused(`the store ${path} can't be replaced: ${who}`, "busy", "end them with pyworkflow worker stop or Ctrl+C, and whatever looks at it; then try again");
}

interface Replacement {
  readonly part: string;
  readonly aside: string;
  readonly present: Sqlite.Database | undefined;
}

function replace(path: string, { part, aside, present }: Replacement): void {
  dress(part, path);
  const whole = present !== undefined && isFoldedIn(present) ? present : undefined;
  // A file that needs a log which is taken from it must not be found meanwhile: it would lack its last commits, and nobody would know.
  if (whole) keep(path, aside, whole);
  else renameSync(path, aside);
  clearLogs(path, whole ? undefined : aside);
  renameSync(part, path);
  flush(dirname(path));
}

/** Where there is no store, nobody can be kept from making one: who was quicker keeps the name. */
function begin(path: string, part: string, aside: string): void {
  clearLogs(path, aside);
  try {
    takeName(part, path);
  } catch (error) {
    throw error instanceof FileExistsError ? usedError(path) : error;
  }
  flush(dirname(path));
}

// SQLite plays a log onto whatever file has the name. One that was not folded in goes with the file that it is of.
function clearLogs(path: string, aside: string | undefined): void {
  for (const end of ["-wal", "-journal"]) {
    if (aside !== undefined && existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${aside}${end}`);
    rmSync(`${path}${end}`, { force: true });
  }
  rmSync(`${path}-shm`, { force: true });
  flush(dirname(path));
}

/** Who could open the old one can open the new one. */
function dress(part: string, path: string): void {
  const { mode, uid, gid } = statSync(path);
  chmodSync(part, mode);
  try {
    chownSync(part, uid, gid);
  } catch {
    // only root gives files away
  }
}

/** Whether the file holds by now what was in its write-ahead log. */
function isFoldedIn(present: Sqlite.Database): boolean {
  try {
    return present.pragma("journal_mode = DELETE", { simple: true }) === "delete";
  } catch {
    return false; // damaged, or no room
  }
}

// Under both names for a moment: at none is there no store. On a file system without links SQLite copies it: whoever else opened the file here would end the lock when closing it.
function keep(path: string, aside: string, whole: Sqlite.Database): void {
  try {
    linkSync(path, aside);
  } catch {
    whole.prepare("VACUUM INTO ?").run(aside);
    flush(aside);
  }
}
