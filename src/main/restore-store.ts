import { existsSync, realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { OnProgress } from "../base/on-progress.js";
import { systemClock } from "../base/clock.js";
import { loadConfig, type LoadConfigOptions } from "../config/load-config.js";
import { ConfigError, StorageError, StoreNotFoundError } from "../core/errors.js";
import type { Backend } from "../storage/backend.js";
import { openBackend } from "./open-project.js";
import { livingWorkers } from "./process-lock.js";

/** A store that is replaced by a backup, under the names that JSON shows. */
export interface RestoreRow {
  /** Of the store, absolute. */
  readonly path: string;
  readonly backup: string;
  readonly file_bytes: number;
  /** How many are in the backup, and when the newest of them was created. */
  readonly runs: number;
  readonly newest_run_at: Date | null;
  /** Where the store is by now that was there before; null where there was none, and where nothing was done. */
  readonly put_aside: string | null;
  readonly dry_run: boolean;
}

/**
 * What a restore would do; nothing is changed. Throws ConfigError, StoreNotFoundError where there is no such backup, and StorageError: for a backup that is damaged or no store, and
 * where a process works on the store.
 */
export async function planRestore(options: LoadConfigOptions, file: string): Promise<RestoreRow> {
  const path = await pathOf(options);
  const backup = resolve(file);
  if (!existsSync(backup)) throw new StoreNotFoundError(backup, "name a file that storage backup wrote");
  refuseItself(path, backup);
  await refuseWorkers(path);
  (await import("../storage/sqlite/restore.js")).demandUnused(path);
  const found = await examine(backup);
  return { path, backup, ...found, put_aside: null, dry_run: true };
}

export interface RestoreOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** Carries a plan out. Throws StorageError, and what the signal was aborted with: then nothing was changed. */
export async function carryOutRestore(plan: RestoreRow, options: RestoreOptions): Promise<RestoreRow> {
  const { restore } = await import("../storage/sqlite/restore.js");
  const { backup, path } = plan;
  await refuseWorkers(path); // the question may have stood for long
  const aside = `${path}.before-restore-${timeInName()}`;
  const wasThere = await restore(path, { from: backup, aside, ...options });
  return { ...plan, put_aside: wasThere ? aside : null, dry_run: false };
}

// A link stays one: what it leads to is replaced.
async function pathOf(options: LoadConfigOptions): Promise<string> {
  const { storage } = await loadConfig(options);
  if (storage.backend === "memory") throw new ConfigError("a store in memory has no place to restore a backup to", { place: "storage", hint: "choose --storage sqlite" });
  return existsSync(storage.path) ? realpathSync(storage.path) : storage.path;
}

function refuseItself(path: string, backup: string): void {
  if (realpathSync(backup) !== path) return;
  throw new StorageError(`${backup} is the store itself`, { kind: "unreadable", outcome: "rolled_back", hint: "name a copy of it, which storage backup writes" });
}

// They live on also without their file, which somebody may have deleted.
async function refuseWorkers(path: string): Promise<void> {
  const workers = livingWorkers(path);
  if (workers.length > 0) throw (await import("../storage/sqlite/restore.js")).usedError(path, workers);
}

async function examine(path: string): Promise<Pick<RestoreRow, "file_bytes" | "runs" | "newest_run_at">> {
  const storage = { backend: "sqlite", path, durability: "full" } as const;
  const store = await openBackend(storage, { readOnly: true, blocking: true }).catch((error: unknown) => {
    throw error instanceof StorageError ? unusable(error.message) : error;
  });
  try {
    await refuseDamaged(store, path);
    const [newest] = await store.listRuns({ limit: 1 });
    const runs = Object.values(await store.countRuns()).reduce((sum, count) => sum + count, 0);
    return { file_bytes: statSync(path).size, runs, newest_run_at: newest === undefined ? null : new Date(newest.createdAt) };
  } finally {
    await store.close();
  }
}

async function refuseDamaged(store: Backend, path: string): Promise<void> {
  const { format } = await store.describe();
  if (format === undefined) throw unusable(`the file ${path} has nothing in it`);
  const [fault, ...more] = await store.findFaults();
  if (fault) throw unusable(`the backup ${path} is damaged: ${fault.message}${more.length > 0 ? `, and ${more.length} more` : ""}`);
}

function unusable(message: string): StorageError {
  return new StorageError(message, { kind: "unreadable", outcome: "rolled_back", hint: "nothing was changed; name another backup" });
}

/** In UTC, and in order: 20261123T091530123Z. */
function timeInName(): string {
  return new Date(systemClock.now()).toISOString().replaceAll(/[-:.]/g, "");
}
