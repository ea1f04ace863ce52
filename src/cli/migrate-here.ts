import { migrateStore, type MigrationRow } from "../main/migrate-store.js";

/** Migrates the store that is named, or says what that would do. */
export function migrateHere(...given: Parameters<typeof migrateStore>): Promise<MigrationRow> {
  return migrateStore(...given);
}
