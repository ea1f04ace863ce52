import { existsSync } from "node:fs";
import { loadConfig, type LoadConfigOptions } from "../config/load-config.js";
import { openBackend } from "./open-project.js";

/** A store that is brought to the format of this version of the package, under the names that JSON shows. */
export interface MigrationRow {
  readonly path: string | null;
  /** Null where there is no store yet. */
  readonly from: number | null;
  readonly to: number | null;
  readonly migrated: boolean;
}

/**
 * Migrates the configured store, or only says what that would do; the formats alone are looked at. Throws ConfigError, and StorageError: also where workers of the
 * older version live.
 */
export async function migrateStore(options: LoadConfigOptions, { dryRun }: { readonly dryRun: boolean }): Promise<MigrationRow> {
  const { storage } = await loadConfig(options);
  if (storage.backend === "memory") return { path: null, from: null, to: null, migrated: false };
  const { path } = storage;
  if (!existsSync(path)) return { path, from: null, to: null, migrated: false };
  const { readFormat } = await import("../storage/sqlite/open.js");
  const format = await readFormat(path);
  if (format === undefined) return { path, from: null, to: null, migrated: false };
  const { version: from, newest: to } = format;
  if (!dryRun && from < to) await (await openBackend(storage, { blocking: true })).close();
  return { path, from, to, migrated: !dryRun && from < to };
}
