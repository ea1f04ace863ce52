import type { Retention } from "../core/retention.js";

/** The resolved configuration: flags over environment over file over defaults. Frozen. Durations in milliseconds. */
export interface Config {
  /** The folder that relative paths of the file meant, absolute; without a file the working directory. */
  readonly root: string;
  /** The file it came from, absolute; absent where there is none. */
  readonly file?: string;
  /** Workflow modules as written: files, folders, globs or package names. */
  readonly modules: readonly string[];
  /** Where each of them was written, in the same order: `file:line:column`, a flag, or a variable. */
  readonly modulePlaces?: readonly string[];
  readonly storage: StorageConfig;
  readonly recovery: {
    /** Absent: true for durable runs, false for transient ones. */
    readonly recoverOnWorkerLoss?: boolean;
    readonly maxRecoveryAttempts: number;
  };
  readonly worker: {
    /** Absent: one for each core. */
    readonly processes?: number;
    readonly concurrency: number;
    readonly shutdownTimeoutMs: number;
    readonly leaseMs: number;
    readonly maxBlockMs: number;
    /** Absent: without a limit. */
    readonly maxMemoryBytes?: number;
  };
  /** What is absent is kept for ever. */
  readonly retention: Retention;
  readonly limits: {
    readonly eventSoft: number;
    readonly eventHard: number;
    readonly eventWarningInterval: number;
    readonly payloadBytes: number;
  };
}

export type StorageConfig =
  | { readonly backend: "memory" }
  | { readonly backend: "sqlite"; /** Absolute. */ readonly path: string; readonly durability: "full" | "normal" };
