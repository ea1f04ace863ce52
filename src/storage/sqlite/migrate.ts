import type Sqlite from "better-sqlite3";
import { pause, systemClock } from "../../base/clock.js";
import { defaults } from "../../core/defaults.js";
import type { StorageError } from "../../core/errors.js";
import { refused } from "./errors.js";
import { patiently } from "./patience.js";
import { applicationId, migrations as allMigrations, type Migration } from "./schema.js";

/** How a file stands: `blank` has nothing in it yet, `older` needs its missing migrations. */
export type Format = "blank" | "older" | "current";

/** Reads a file's format. Throws a StorageError for a file of a newer version, or of another program. */
export function formatOf(database: Sqlite.Database, path: string, migrations: readonly Migration[]): Format {
  const version = versionOf(database);
  const isOurs = database.pragma("application_id", { simple: true }) === applicationId;
  if (version === 0 && database.prepare("SELECT 1 FROM sqlite_schema").get() === undefined) return "blank";
  if (!isOurs) throw refused(`the file ${path} is a database of another program`, "unreadable", "name another file with --storage-path");
  if (version > migrations.length) throw newerError(database, path, version);
  return version < migrations.length ? "older" : "current";
}

export function versionOf(database: Sqlite.Database): number {
  return Number(database.pragma("user_version", { simple: true }));
}

function newerError(database: Sqlite.Database, path: string, version: number): StorageError {
  const row = database.prepare<[number], { since: string }>("SELECT since FROM migrations WHERE version = ?").get(version);
  const needed = row ? `pyworkflow ${row.since} or later` : "a newer pyworkflow";
  return refused(`the store ${path} was written by a newer version (its format is ${version})`, "newer", `use ${needed} for it`);
}

export interface MigrateOptions {
  readonly migrations?: readonly Migration[];
  readonly onNote?: (line: string) => void;
}

/** Brings a file to the current format, in one transaction. */
export async function migrate(database: Sqlite.Database, path: string, { migrations = allMigrations, onNote = () => {} }: MigrateOptions): Promise<void> {
  const apply = database.transaction(() => applyMissing(database, migrations));
  const from = await patiently(path, () => apply.immediate());
  if (from > 0 && from < migrations.length) onNote(`The store ${path} was brought from format ${from} to ${migrations.length}.`);
}

/** What the format was. Inside the transaction it is read again: ten processes that open a new file make one schema. */
export function applyMissing(database: Sqlite.Database, migrations: readonly Migration[]): number {
  const version = versionOf(database);
  for (const [index, { since, sql }] of migrations.entries()) {
    if (index < version) continue;
    database.exec(sql);
    database.prepare("INSERT INTO migrations (version, since) VALUES (?, ?)").run(index + 1, since);
  }
  database.pragma(`application_id = ${applicationId}`);
  database.pragma(`user_version = ${migrations.length}`);
  return version;
}

/** Throws where workers of the older version are alive: their heartbeats move. The rows of those that died stand still. */
export async function refuseLiveWorkers(database: Sqlite.Database, path: string): Promise<void> {
  const before = counters(database);
  const until = systemClock.monotonic() + (before.size > 0 ? defaults.worker.leaseMs : 0);
  while (systemClock.monotonic() < until) {
    await pause(systemClock, 100);
    const live = [...counters(database)].filter(([workerId, counter]) => before.get(workerId) !== counter);
    if (live.length === 0) continue;
    const names = live.map(([workerId]) => workerId).join(", ");
    throw refused(`the store ${path} has an older format, and workers of an older version use it (${names})`, "older", "stop them with Ctrl+C, SIGTERM, or the `worker stop` of their own version; then try again");
  }
}

function counters(database: Sqlite.Database): ReadonlyMap<string, number> {
  const rows = database.prepare<[], { worker_id: string; counter: number }>("SELECT worker_id, counter FROM workers WHERE status <> 'dead'").all();
  return new Map(rows.map(({ worker_id, counter }) => [worker_id, counter]));
}
