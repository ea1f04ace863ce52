import { statSync } from "node:fs";
import { systemClock } from "../../base/clock.js";
import type { StorageError } from "../../core/errors.js";
import { refused } from "./errors.js";

const lookEveryMs = 250;

/**
 * Notices that the path of an open store names another file by now, or none. SQLite goes on in the file that it has opened: what is
 * written there nobody reads again, while beside the new file lies a log that is not its own.
 */
export class SameFile {
  readonly #path: string;
  readonly #opened: string | undefined;
  #lookedAt = systemClock.monotonic();
  #gone: StorageError | undefined;

  /** Make it right after the file was opened. Where there is none, nothing is ever noticed. */
  constructor(path: string) {
    this.#path = path;
    const file = fileAt(path);
    this.#opened = file === unseen ? undefined : file;
  }

  /** Throws, for good, once the file is gone. */
  demand(): void {
    if (this.#gone === undefined && this.#opened !== undefined) this.#look(this.#opened);
    if (this.#gone !== undefined) throw this.#gone;
  }

  /** The same, where a look of a moment ago will do: it takes as long as a small read. */
  demandOften(): void {
    if (this.#gone !== undefined || systemClock.monotonic() - this.#lookedAt >= lookEveryMs) this.demand();
  }

  get isGone(): boolean {
    try {
      this.demand();
      return false;
    } catch {
      return true;
    }
  }

  #look(opened: string): void {
    this.#lookedAt = systemClock.monotonic();
    const found = fileAt(this.#path);
    if (found !== opened && found !== unseen) this.#gone = goneError(this.#path, found === undefined ? "deleted" : "replaced by another file");
  }
}

const unseen = "unseen";

/** What a path names; undefined where that is nothing. A folder that can't be looked into is no proof of anything. */
function fileAt(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat && `${stat.dev} ${stat.ino}`;
  } catch {
    return unseen;
  }
}

export function goneError(path: string, how: "deleted" | "replaced by another file"): StorageError {
  const hint = "nothing is written any more; stop whatever works on it, then pyworkflow storage restore FILE puts a backup in its place";
  return refused(`the store ${path} was ${how} while this process had it open`, "gone", hint);
}
