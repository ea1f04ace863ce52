import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import type { StorageConfig } from "../config/config.js";
import { StorageError } from "../core/errors.js";
import { parseRunId, type WorkerId } from "../core/ids.js";
import type { LastWords, ProcessLocks } from "../runtime/process-lock.js";

/** The locks of the processes that work on a store: files beside it. A store in memory has none: it is one process's own. */
export function processLocksOf(storage: StorageConfig): ProcessLocks {
  return storage.backend === "sqlite" ? fileLocks(folderOf(storage.path)) : noLocks;
}

/** The ids of the workers that live on this machine and work on a store, also where that does not know them. */
export function livingWorkers(path: string): readonly string[] {
  const folder = folderOf(path);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => /^worker_[0-9a-z]+$/.test(name) && !isFree(join(folder, name)));
}

function folderOf(path: string): string {
  return `${realPath(path)}.locks`;
}

// Whoever comes by a symbolic link has to find the locks of the others.
function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

const noLocks: ProcessLocks = {
  hold: () => ({ release: () => undefined }),
  isFree: () => false,
  writeLastWords: () => undefined,
  lastWords: () => undefined,
  forget: () => undefined,
};

/**
 * Each process holds an exclusive SQLite transaction on an empty file of its own. The kernel ends such a lock with the
 * process, however it dies, and does not hand it to the process's children.
 */
function fileLocks(folder: string): ProcessLocks {
  const lockFile = (workerId: WorkerId) => join(folder, workerId);
  const wordsFile = (workerId: WorkerId) => join(folder, `${workerId}.last-words`);
  const forget = (workerId: WorkerId) => {
    for (const file of [lockFile(workerId), `${lockFile(workerId)}-journal`, wordsFile(workerId)]) rmSync(file, { force: true });
  };
  return {
    hold(workerId) {
      const lock = held(folder, lockFile(workerId));
      return {
        release() {
          lock.close();
          forget(workerId);
        },
      };
    },
    isFree: (workerId) => isFree(lockFile(workerId)),
    writeLastWords: (workerId, words) => writeQuietly(wordsFile(workerId), words),
    lastWords: (workerId) => readWords(wordsFile(workerId)),
    forget,
  };
}

function held(folder: string, file: string): Sqlite.Database {
  try {
    makeFolder(folder);
    return takeLock(file);
  } catch (cause) {
    throw lockError(folder, cause);
  }
}

// Whoever may write beside the store may hold a lock: a folder that one user made is not to keep out another.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  try {
    chmodSync(folder, statSync(dirname(folder)).mode);
  } catch {
    // a file system without modes
  }
}

function lockError(folder: string, cause: unknown): StorageError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const username = ownName();
  const hint = `let ${username} write that folder, or remove it while no worker is alive: it is made anew`;
  return new StorageError(`${username} can't lock a file in ${folder}, as every process does that executes runs: ${why}`, { kind: "unreadable", outcome: "rolled_back", hint, cause });
}

// In a container a user may have no name.
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ""}`;
  }
}

// Never read such a file by other means in a process that holds one: closing any descriptor of it ends the lock.
function takeLock(file: string, fileMustExist = false): Sqlite.Database {
  const database = new Sqlite(file, { timeout: 0, fileMustExist });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// A worker takes its lock before it enters the store, so one without a file has ended; or its row came with a copy of the store.
function isFree(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return true;
    takeLock(file, true).close();
    return true;
  } catch {
    return false;
  }
}

// The first line is the run, or empty; the rest is the error.
function writeQuietly(file: string, { runId, error }: LastWords): void {
  try {
    writeFileSync(file, `${runId ?? ""}\n${error}`);
  } catch {
    // The process is dying: all of its runs are charged then.
  }
}

function readWords(file: string): LastWords | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8");
  const end = text.indexOf("\n");
  const runId = parseRunId(text.slice(0, end));
  return { error: text.slice(end + 1), ...(runId && { runId }) };
}
