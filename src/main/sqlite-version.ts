/** Loads the compiled SQLite and asks it. Rejects where it does not load. */
export async function sqliteVersion(): Promise<string> {
  const { default: Sqlite } = await import("better-sqlite3");
  const database = new Sqlite(":memory:");
  const version = database.prepare("SELECT sqlite_version()").pluck().get();
  database.close();
  return String(version);
}
