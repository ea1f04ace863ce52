import { existsSync } from "node:fs";
import { systemClock } from "../base/clock.js";
import type { StorageConfig } from "../config/config.js";
import { loadConfig, type LoadConfigOptions } from "../config/load-config.js";
import { processLocksOf } from "./process-lock.js";
import type { Project } from "../services/project.js";
import type { Backend } from "../storage/backend.js";

/**
 * What is done with a store. `read`: only looked at, nothing made or migrated. `change`: only what is in it. `create`: it is made where there is none yet. To the
 * first two a store that isn't there is an empty one, so that a mistyped path makes none.
 */
export type Access = "read" | "change" | "create";

export interface OpenProjectOptions extends LoadConfigOptions, Omit<OpenBackendOptions, "readOnly"> {
  readonly access: Access;
}

export interface OpenBackendOptions {
  /** Only look: nothing is made or migrated, and a store that isn't there yet is an empty one. */
  readonly readOnly?: boolean;
  /** For short commands: wait for the store's lock in place, at the cost of a blocked event loop. */
  readonly blocking?: boolean;
  /** A line for the person who asked: of a store that was made, or is in an older format. */
  readonly onNote?: (line: string) => void;
  /** False: a thread of this process keeps the store's write-ahead log short, so that commits need not. */
  readonly checkpoints?: boolean;
  /** For who joins others that have the store open: where it is missing by now, it is not made anew. */
  readonly mustExist?: boolean;
}

/** The project that flags, environment and configuration name, with its store opened. Throws ConfigError or StorageError. */
export async function openProject(options: OpenProjectOptions): Promise<Project> {
  const config = await loadConfig(options);
  const { storage } = config;
  const { access, onNote } = options;
  const nothingThere = access !== "create" && storage.backend === "sqlite" && !existsSync(storage.path);
  if (nothingThere) onNote?.(`There is no store at ${storage.path} yet: the first run or schedule makes it.`);
  const backend = await openBackend(storage, { ...options, readOnly: access === "read" || nothingThere });
  return { config, backend, clock: systemClock, locks: processLocksOf(storage), close: () => backend.close() };
}

/** For a configuration that is a program: only that needs the compiler. */
export async function loadScript(file: string): Promise<unknown> {
  const modules = await import("./load-modules.js");
  return modules.loadScript(file);
}

/** Opens the configured store; only the code of that backend is loaded. */
export async function openBackend(storage: StorageConfig, options: OpenBackendOptions): Promise<Backend> {
  if (storage.backend === "memory") {
    const { createMemoryBackend } = await import("../storage/memory/memory-backend.js");
    return createMemoryBackend();
  }
  const { readOnly = false, blocking = false, checkpoints = true, mustExist = false, onNote } = options;
  const { openSqlite } = await import("../storage/sqlite/sqlite-backend.js");
  return openSqlite({ path: storage.path, durability: storage.durability, readOnly, blocking, checkpoints, mustExist, clock: systemClock, ...(onNote && { onNote }) });
}
