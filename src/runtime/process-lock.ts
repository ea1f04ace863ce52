import type { RunId, WorkerId } from "../core/ids.js";

/** How processes of one machine tell within milliseconds whether another one still lives. */
export interface ProcessLocks {
  /** Takes the lock of a worker id for as long as this process lives. Before the worker is registered, so that nobody sees it free. */
  hold(workerId: WorkerId): HeldLock;
  /** True: the process is gone for certain. False: it lives, or nothing can be known from here. */
  isFree(workerId: WorkerId): boolean;
  /** Writes synchronously: the process may end with the next line. Never throws. */
  writeLastWords(workerId: WorkerId, words: LastWords): void;
  /** What the process wrote about its own end, if it came to that. */
  lastWords(workerId: WorkerId): LastWords | undefined;
  /** Removes what a dead process left behind. */
  forget(workerId: WorkerId): void;
}

export interface HeldLock {
  release(): void;
}

/** What a dying process says of its end. */
export interface LastWords {
  /** The run whose code was on the stack: the loss is charged to it alone. */
  readonly runId?: RunId;
  /** E.g. `process.exit(1)`, or the name and message of an uncaught exception. */
  readonly error: string;
}
