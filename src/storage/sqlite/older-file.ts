import Sqlite from "better-sqlite3";
import { formatBytes } from "../../base/bytes.js";
import type { StorageError } from "../../core/errors.js";
import { refused } from "./errors.js";
import { applyMissing, formatOf, versionOf } from "./migrate.js";
import type { Migration } from "./schema.js";

// Twice as much is in memory while a copy is made.
const bytesMax = 256 * 1_048_576;

export interface OlderFileOptions {
  readonly path: string;
  readonly migrations: readonly Migration[];
  readonly onNote: (line: string) => void;
}

/** A file of an older format, read through a migrated copy in memory: a command that only looks leaves the file as it is. */
export class OlderFile {
  readonly #file: Sqlite.Database;
  readonly #options: OlderFileOptions;
  #copy: Sqlite.Database | undefined;
  #copied = -1;

  constructor(file: Sqlite.Database, options: OlderFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** A copy of the file as it is now. Throws a StorageError where it is too large for that. */
  newest(): Sqlite.Database {
    const version = this.dataVersion(); // before the copy: what is committed meanwhile makes another one
    if (this.#copy && this.#copied === version) return this.#copy;
    const copy = this.#migratedCopy();
    if (!this.#copy) this.#tell();
    this.#copy?.close();
    [this.#copy, this.#copied] = [copy, version];
    return copy;
  }

  /** A number that changes with every commit to the file. */
  dataVersion(): number {
    return Number(this.#file.pragma("data_version", { simple: true }));
  }

  close(): void {
    this.#copy?.close();
    this.#file.close();
  }

  #tell(): void {
    const { path, migrations, onNote } = this.#options;
    onNote(`The store ${path} has the older format ${versionOf(this.#file)}, shown as format ${migrations.length}: pyworkflow storage migrate migrates it.`);
  }

  #migratedCopy(): Sqlite.Database {
    const { path, migrations } = this.#options;
    formatOf(this.#file, path, migrations); // others may have migrated it meanwhile, to what this version does not know
    const bytes = Number(this.#file.pragma("page_count", { simple: true })) * Number(this.#file.pragma("page_size", { simple: true }));
    if (bytes > bytesMax) throw tooLarge(path, bytes);
    const image = this.#file.serialize();
    image.fill(1, 18, 20); // the header says WAL, which no database in memory has
    const copy = new Sqlite(image);
    copy.transaction(() => applyMissing(copy, migrations))();
    return copy;
  }
}

function tooLarge(path: string, bytes: number): StorageError {
  return refused(`the store ${path} has an older format, and with ${formatBytes(bytes)} it is too large to be shown without migrating it`, "older", "pyworkflow storage migrate migrates it; pyworkflow storage backup FILE copies it before that");
}
