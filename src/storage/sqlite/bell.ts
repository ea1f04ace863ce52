import { utimesSync, watch, writeFileSync, type FSWatcher } from "node:fs";
import { systemClock, type Clock, type Timer } from "../../base/clock.js";
import { Listeners } from "../listeners.js";

// The safety net only: for a file system that reports no changes, or a bell that somebody deleted.
const pollMs = 500;

export interface BellParts {
  /** The bell: an empty file beside the database. */
  readonly path: string;
  readonly clock: Clock;
  /** A number that changes with every commit of another connection. */
  readonly dataVersion: () => number;
}

/** Tells other processes, and this one, that there is something to do. Watching the -wal file would fire before the commit is visible. */
export class Bell {
  readonly #parts: BellParts;
  readonly #listeners = new Listeners();
  #watcher: FSWatcher | undefined;
  #poll: Timer | undefined;
  #lastVersion = 0;

  constructor(parts: BellParts) {
    this.#parts = parts;
  }

  /** Call it after the COMMIT, never before. */
  ring(): void {
    this.#listeners.call();
    touch(this.#parts.path);
  }

  onWake(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#listen();
    return () => {
      remove();
      if (this.#listeners.size === 0) this.close();
    };
  }

  close(): void {
    this.#watcher?.close();
    this.#poll?.cancel();
  }

  #listen(): void {
    this.#watcher = this.#watch();
    this.#lastVersion = this.#parts.dataVersion();
    this.#pollLater();
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#parts.path, { persistent: false }, () => this.#listeners.call());
      return watcher.on("error", () => watcher.close());
    } catch {
      return undefined; // no bell yet and none can be made, or no watches left on this machine: the poll is enough
    }
  }

  #pollLater(): void {
    this.#poll = this.#parts.clock.setTimer(() => {
      const version = this.#parts.dataVersion();
      if (version !== this.#lastVersion) this.#listeners.call();
      this.#lastVersion = version;
      this.#pollLater();
    }, pollMs);
  }
}

/** Makes the bell where it is missing, and rings it. A bell that can't be rung costs others half a second, and the writer nothing. */
export function touch(path: string): void {
  const seconds = systemClock.now() / 1000;
  try {
    utimesSync(path, seconds, seconds);
  } catch {
    create(path);
  }
}

function create(path: string): void {
  try {
    writeFileSync(path, "");
  } catch {
    // a full or read-only disk
  }
}
