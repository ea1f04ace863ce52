import type { Clock } from "../base/clock.js";
import type { Config } from "../config/config.js";
import type { ProcessLocks } from "../runtime/process-lock.js";
import type { Backend } from "../storage/backend.js";

/** What every service works on: an opened store and the configuration that named it. Made by `main`. */
export interface Project {
  readonly config: Config;
  readonly backend: Backend;
  readonly clock: Clock;
  /** Tells which processes of this machine live. */
  readonly locks: ProcessLocks;
  /** Closes the store. */
  close(): Promise<void>;
}
