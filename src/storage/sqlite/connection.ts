import { statSync } from "node:fs";
import type Sqlite from "better-sqlite3";
import type { Clock, Timer } from "../../base/clock.js";
import { BugError } from "../../base/unreachable.js";
import { StorageError } from "../../core/errors.js";
import type { StoreFacts } from "../upkeep.js";
import { Bell } from "./bell.js";
import { asStorageError, isBusy, isFull } from "./errors.js";
import type { OlderFile } from "./older-file.js";
import { patiently } from "./patience.js";
import type { SameFile } from "./same-file.js";

const idleMs = 2000;
const walBytesLeast = 4 * 1_048_576;
const walBytesMax = 64 * 1_048_576;
const restartMs = 200;

export interface ConnectionOptions {
  readonly path: string;
  readonly readOnly: boolean;
  readonly clock: Clock;
  readonly file: SameFile;
  /** Of the file; absent where there is none. */
  readonly format?: StoreFacts["format"];
  /** A file of an older format, which is read through a copy. */
  readonly older?: OlderFile;
}

/** One open database: its statements, its transactions, its bell. */
export class Connection {
  readonly bell: Bell;
  #database: Sqlite.Database;
  readonly #options: ConnectionOptions;
  readonly #statements = new Map<string, Sqlite.Statement>();
  readonly #lists = new Map<string, Sqlite.Statement>();
  /** Writes in the order of their calls: one that waits for the lock is not overtaken. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #rings = false;
  #idle: Timer | undefined;
  #writtenAt = 0;

  constructor(database: Sqlite.Database, options: ConnectionOptions) {
    this.#database = database;
    this.#options = options;
    const { path, clock } = options;
    this.bell = new Bell({ path: `${path}.bell`, clock, dataVersion: () => this.#dataVersion() });
  }

  get path(): string {
    return this.#options.path;
  }

  get format(): StoreFacts["format"] {
    return this.#options.format;
  }

  /** The prepared statement of a text; prepared once. */
  sql<Row = unknown>(text: string): Sqlite.Statement<unknown[], Row> {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#database.prepare(text)));
    return statement as Sqlite.Statement<unknown[], Row>;
  }

  /** The same, giving rows as arrays: twice as fast where it counts. */
  list<Row>(text: string): Sqlite.Statement<unknown[], Row> {
    let statement = this.#lists.get(text);
    if (!statement) this.#lists.set(text, (statement = this.#database.prepare(text).raw()));
    return statement as Sqlite.Statement<unknown[], Row>;
  }

  /** Reads without a transaction: none stays open to keep checkpoints from the WAL. */
  read<T>(work: () => T): Promise<T> {
    return this.#patiently(work);
  }

  /**
   * One transaction. `work` may be called again when the store was busy, so it touches nothing but the store. Rejects with a
   * StorageError that says what became of the write.
   */
  write<T>(work: () => T): Promise<T> {
    const result = this.#lastWrite.then(() => this.#patiently(() => this.#transact(work)));
    this.#lastWrite = result.catch(() => undefined);
    return result;
  }

  /** Inside a transaction: the bell rings after its COMMIT. */
  ring(): void {
    this.#rings = true;
  }

  /** Moves the write-ahead log into the file, in the way of nobody while it is short. */
  async maintain(): Promise<void> {
    if (this.#options.file.isGone) return;
    const bytes = this.#walBytes();
    // PASSIVE takes what it can get. Under writers that never pause the log would grow for ever: from a size on they wait.
    if (bytes <= walBytesLeast) return;
    if (bytes <= walBytesMax) return this.#checkpoint("PASSIVE");
    const usual = Number(this.#database.pragma("busy_timeout", { simple: true }));
    this.#database.pragma(`busy_timeout = ${restartMs}`);
    this.#checkpoint("RESTART");
    this.#database.pragma(`busy_timeout = ${usual}`);
  }

  /** After the writes that were asked for. Where the file is gone, SQLite sees it too, and leaves alone what lies beside the new one. */
  async close(): Promise<void> {
    await this.#lastWrite;
    this.#idle?.cancel();
    this.bell.close();
    this.#options.older?.close();
    this.#database.close();
  }

  #patiently<T>(attempt: () => T): Promise<T> {
    return patiently(this.#options.path, () => {
      if (!this.#database.open) throw closedError(this.#options.path);
      this.#options.file.demandOften();
      this.#renew();
      return attempt();
    });
  }

  #renew(): void {
    const database = this.#options.older?.newest() ?? this.#database;
    if (database === this.#database) return;
    this.#database = database;
    this.#statements.clear();
    this.#lists.clear();
  }

  #transact<T>(work: () => T): T {
    if (this.#options.readOnly) throw new BugError(`${this.#options.path} was opened for reading`);
    this.#rings = false;
    let result: T;
    try {
      this.sql("BEGIN IMMEDIATE").run();
      result = work();
      this.#options.file.demand(); // I7: in a file that nobody reads again nothing is durable
      this.#commit();
    } catch (error) {
      // SQLite has ended the transaction itself after some errors.
      if (this.#database.inTransaction) this.sql("ROLLBACK").run();
      throw error;
    }
    if (this.#rings) this.bell.ring();
    this.#checkpointWhenIdle();
    return result;
  }

  #commit(): void {
    try {
      this.sql("COMMIT").run();
    } catch (error) {
      const certain = isBusy(error) || isFull(error);
      throw certain ? error : asStorageError(error, this.#options.path, "unknown");
    }
  }

  // Without writers a WAL stays as long as it ever was, and each reader goes through it.
  #checkpointWhenIdle(): void {
    this.#writtenAt = this.#options.clock.monotonic();
    this.#idle ??= this.#options.clock.setTimer(() => this.#onIdle(), idleMs);
  }

  #onIdle(): void {
    const leftMs = this.#writtenAt + idleMs - this.#options.clock.monotonic();
    this.#idle = leftMs > 0 ? this.#options.clock.setTimer(() => this.#onIdle(), leftMs) : undefined;
    if (!this.#idle && !this.#options.file.isGone && this.#walBytes() > 0) this.#checkpoint("TRUNCATE");
  }

  #walBytes(): number {
    return statSync(`${this.#options.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  #checkpoint(mode: "PASSIVE" | "RESTART" | "TRUNCATE"): void {
    try {
      this.#database.pragma(`wal_checkpoint(${mode})`);
    } catch {
      // another connection is at it, or writes: the next time will do
    }
  }

  // NaN is never what it was: whoever waits for the bell of a store that is gone hears of it.
  #dataVersion(): number {
    if (this.#options.file.isGone) return Number.NaN;
    try {
      const { older } = this.#options;
      return older ? older.dataVersion() : this.sql<{ data_version: number }>("PRAGMA data_version").get()?.data_version ?? 0;
    } catch {
      return -1; // busy, or closing: the next poll sees more
    }
  }
}

function closedError(path: string): StorageError {
  return new StorageError(`the store ${path} is closed`, { kind: "closed", outcome: "rolled_back", hint: "open it again" });
}
