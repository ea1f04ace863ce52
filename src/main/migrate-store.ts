import { existsSync } from "node:fs";
import { loadConfig, type LoadConfigOptions } from "../config/load-config.js";
import { openBackend } from "./open-project.js";

/** A store that is brought to the format of this version of the package, under the names that JSON shows. */
export interface MigrationRow {
  readonly path: string | null;
  /** That the store had; null where there is no store yet. */
  readonly previous_format: number | null;
  /** That it has now, or with a dry run would have. */
  readonly format: number | null;
  /** False where there was nothing to do. */
  readonly migrated: boolean;
  /** Nothing was changed: the rest is what would be. */
  readonly dry_run: boolean;
}

/**
 * Migrates the configured store, or only says what that would do; the formats alone are looked at. Throws ConfigError, and StorageError: also where workers of the
 * older version live.
 */
export async function migrateStore(options: LoadConfigOptions, { dryRun }: { readonly dryRun: boolean }): Promise<MigrationRow> {
  const { storage } = await loadConfig(options);
  const none = { previous_format: null, format: null, migrated: false, dry_run: dryRun };
  if (storage.backend === "memory") return { ...none, path: null };
  const { path } = storage;
  if (!existsSync(path)) return { ...none, path };
  const { readFormat } = await import("../storage/sqlite/open.js");
  const format = await readFormat(path);
  if (format === undefined) return { ...none, path };
  const { version: from, newest: to } = format;
  if (!dryRun && from < to) await (await openBackend(storage, { blocking: true })).close();
  return { path, previous_format: from, format: to, migrated: from < to, dry_run: dryRun };
}
