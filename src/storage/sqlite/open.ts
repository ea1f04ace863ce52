import { existsSync, mkdirSync, statfsSync, statSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import Sqlite from "better-sqlite3";
import { systemClock, type Clock } from "../../base/clock.js";
import { StorageError } from "../../core/errors.js";
import { touch } from "./bell.js";
import { Connection } from "./connection.js";
import { refused } from "./errors.js";
import { formatOf, migrate, refuseLiveWorkers, versionOf } from "./migrate.js";
import { OlderFile } from "./older-file.js";
import { patiently } from "./patience.js";
import { goneError, SameFile } from "./same-file.js";
import { migrations as allMigrations, type Migration } from "./schema.js";

export interface SqliteOptions {
  /** The database file. It and its folder are made where they are missing. */
  readonly path: string;
  /** `normal` may lose the last commits when the machine (not the process) stops; nothing else. Default `full`. */
  readonly durability?: "full" | "normal";
  /** Neither makes nor migrates nor writes. A file that isn't there yet is an empty store. */
  readonly readOnly?: boolean;
  /** Refuses to make the file: somebody else has it open already, and where it is missing it was deleted under them. */
  readonly mustExist?: boolean;
  /** Lets SQLite wait for locks, blocking this process: for commands that do one thing. */
  readonly blocking?: boolean;
  /** False: commits leave the checkpoints to another connection of this process, which calls `maintain`. Default true. */
  readonly checkpoints?: boolean;
  readonly clock?: Clock;
  /** A line for the person who asked: of a file in an older format. */
  readonly onNote?: (line: string) => void;
  /** For tests: stands between the engine and the file. */
  readonly wrap?: (database: Sqlite.Database) => Sqlite.Database;
  /** For tests: another format of the file. */
  readonly migrations?: readonly Migration[];
}

const blockingMs = 10_000;
const journalBytesMax = 16 * 1_048_576;

export async function openConnection(options: SqliteOptions): Promise<Connection> {
  const { readOnly = false, clock = systemClock, wrap = same, migrations = allMigrations } = options;
  const path = resolve(options.path);
  const { database, file, version, older } = readOnly ? await openToRead(path, options) : { ...(await openToWrite(path, options)), version: migrations.length };
  const format = version === undefined ? {} : { format: { version, newest: migrations.length } };
  return new Connection(wrap(database), { path, readOnly, clock, file, ...format, ...(older && { older }) });
}

async function openToWrite(path: string, options: SqliteOptions): Promise<Opened> {
  if (!options.mustExist) makeFolder(path);
  else if (!existsSync(path)) throw goneError(path, "deleted");
  refuseNetwork(path);
  refuseNoFile(path);
  const opened = await patiently(path, () => open(path, options));
  const { database } = opened;
  try {
    const { migrations = allMigrations } = options;
    const format = await patiently(path, () => formatOf(database, path, migrations)); // before the first pragma that writes
    opened.file.demand(); // it was waited for, perhaps while it was replaced
    await patiently(path, () => configure(database, path, options));
    opened.file.demand();
    if (format === "older") await refuseLiveWorkers(database, path);
    if (format !== "current") await migrate(database, path, options);
  } catch (error) {
    database.close();
    throw error;
  }
  if (!existsSync(`${path}.bell`)) touch(`${path}.bell`);
  return opened;
}

/** Looks at the format of a file and at nothing else; undefined where nothing is in it yet. Rejects as an opening does. */
export async function readFormat(path: string): Promise<{ readonly version: number; readonly newest: number } | undefined> {
  const { database, version, older } = await openToRead(path, { path, readOnly: true });
  older?.close();
  database.close();
  return version === undefined ? undefined : { version, newest: allMigrations.length };
}

interface Opened {
  readonly database: Sqlite.Database;
  readonly file: SameFile;
}

interface OpenedToRead extends Opened {
  /** The format of the file; absent where there is nothing in it yet. */
  readonly version?: number;
  readonly older?: OlderFile;
}

async function openToRead(path: string, options: SqliteOptions): Promise<OpenedToRead> {
  if (!existsSync(path)) return emptyStore(path);
  refuseNetwork(path);
  refuseNoFile(path);
  const { migrations = allMigrations, onNote = () => {} } = options;
  const opened = await patiently(path, () => open(path, options));
  const { database } = opened;
  try {
    const format = await patiently(path, () => formatOf(database, path, migrations));
    const version = versionOf(database);
    if (format === "current") return { ...opened, version };
    if (format === "older") return { ...opened, version, older: new OlderFile(database, { path, migrations, onNote }) };
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  return emptyStore(path);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    const hint = "name another place with --storage-path, or make the folder yourself";
    throw new StorageError(`the folder of the store ${path} can't be made`, { kind: "unreadable", outcome: "rolled_back", hint, cause });
  }
}

// SQLite's locks and its shared memory do not hold between machines: two of them would ruin the file.
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x69_69, "NFS"],
  [0x51_7b, "SMB"],
  [0xff_53_4d_42, "CIFS"],
  [0xfe_53_4d_42, "SMB2"],
  [0x53_46_41_4f, "AFS"],
  [0x73_75_72_45, "Coda"],
  [0x00_c3_64_00, "Ceph"],
  [0x0b_d0_0b_d0, "Lustre"],
  [0x47_50_46_53, "GPFS"],
]);

/** The name of a network file system by its number on Linux; undefined for any other. */
export function networkFileSystem(type: number): string | undefined {
  return networkTypes.get(type >>> 0);
}

function refuseNetwork(path: string): void {
  if (process.platform !== "linux") return;
  const name = networkFileSystem(statfsSync(dirname(path)).type);
  if (name === undefined) return;
  throw refused(`the store ${path} is on a network file system (${name}), where SQLite can't lock`, "network", "put it on a disk of this machine with --storage-path");
}

// To SQLite a device is an empty file, and a pipe one that never opens.
function refuseNoFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile()) return;
  const [what, hint] = stat.isDirectory() ? ["a folder", "name a file in it with --storage-path"] : [kindOf(stat), "name a file with --storage-path; it is made where there is none"];
  throw refused(`the store ${path} is ${what}, not a file`, "unreadable", hint);
}

function kindOf(stat: Stats): string {
  return stat.isFIFO() ? "a pipe" : stat.isSocket() ? "a socket" : "a device";
}

function open(path: string, { readOnly = false, blocking = false, mustExist = false }: SqliteOptions): Opened {
  return { database: new Sqlite(path, { readonly: readOnly, timeout: blocking ? blockingMs : 0, fileMustExist: mustExist }), file: new SameFile(path) };
}

function configure(database: Sqlite.Database, path: string, { durability = "full", checkpoints = true }: SqliteOptions): void {
  const mode = database.pragma("journal_mode = WAL", { simple: true });
  if (mode !== "wal") throw refused(`the file system of the store ${path} can't keep a write-ahead log`, "network", "put it on a local disk with --storage-path");
  database.pragma(`synchronous = ${durability === "full" ? "FULL" : "NORMAL"}`); // I7
  database.pragma(`journal_size_limit = ${journalBytesMax}`);
  if (!checkpoints) database.pragma("wal_autocheckpoint = 0");
  if (process.platform === "darwin") database.pragma("fullfsync = ON");
}

function emptyStore(path: string): Opened {
  const database = new Sqlite(":memory:");
  for (const { sql } of allMigrations) database.exec(sql);
  return { database, file: new SameFile(path) };
}

function same(database: Sqlite.Database): Sqlite.Database {
  return database;
}
