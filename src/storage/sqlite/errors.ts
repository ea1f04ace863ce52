import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { StorageError, type StorageFailure } from "../../core/errors.js";

type Outcome = StorageFailure["outcome"];

/** Another connection holds what this one needs: trying again later helps. */
export function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(error.code);
}

/** The file is damaged, or no store. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code);
}

/** The disk is full: SQLite has written nothing that counts. */
export function isFull(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_FULL");
}

/** What SQLite says, as an error that names the file and the next step. What is no fault of the store comes back as it is: a bug. */
export function asStorageError(error: unknown, path: string, outcome: Outcome): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const failure = failureOf(lacksRoom(error.code, path) ? "SQLITE_FULL" : error.code);
  if (!failure) return error;
  const { what, ...rest } = failure;
  return new StorageError(`the store ${path} ${what} (${error.code}: ${error.message})`, { ...rest, outcome, cause: error });
}

// The index of the log is mapped into memory, and has its place on the disk before: SQLite does not say that there was none.
function lacksRoom(code: string, path: string): boolean {
  if (!code.startsWith("SQLITE_IOERR_SHM")) return false;
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    return false; // the folder is gone, too
  }
}

/** A store that is not opened. Nothing was written to it. */
export function refused(message: string, kind: StorageFailure["kind"], hint: string): StorageError {
  return new StorageError(message, { kind, outcome: "rolled_back", hint });
}

interface Failure {
  readonly what: string;
  readonly kind: StorageFailure["kind"];
  readonly hint: string;
}

function failureOf(code: string): Failure | undefined {
  return failures.find(([pattern]) => pattern.test(code))?.[1];
}

const failures: readonly (readonly [RegExp, Failure])[] = [
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)/, { kind: "busy", what: "is kept busy by another process", hint: "look for a process that holds the file open (a backup, an editor) and end it" }],
  [/^SQLITE_FULL/, { kind: "full", what: "does not fit on its disk", hint: "make room on the disk; workers then go on by themselves, a command is to be given again" }],
  [/^SQLITE_IOERR/, { kind: "io", what: "could not be read or written", hint: "look at the disk and its mount; workers try again by themselves, a command is to be given again" }],
  [/^SQLITE_NOTADB/, { kind: "unreadable", what: "is not a SQLite database", hint: "name another file with --storage-path, or move this one away" }],
  [/^SQLITE_CORRUPT/, { kind: "unreadable", what: "is damaged", hint: "pyworkflow storage restore FILE puts a backup in its place; `sqlite3 STORE .recover` may save what is left" }],
  [/^SQLITE_READONLY_DIRECTORY/, { kind: "unreadable", what: "can't be opened: this user may not write its folder", hint: "also who reads keeps the index of its log there: let this user write the folder, or look at a copy, which storage backup writes" }],
  [/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/, { kind: "unreadable", what: "can't be opened or written", hint: "check that it is a file, not a folder, and that this user may write it and its folder" }],
];
