import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { systemClock } from "../base/clock.js";
import type { StorageConfig } from "../config/config.js";
import { newWorkerId } from "../core/ids.js";
import { launcherOf } from "../runtime/supervisor/child.js";
import type { ProcessMeans } from "../services/run-workers.js";
import { processLocksOf } from "./process-lock.js";

/** What a supervisor of this machine works with. */
export function processMeans(storage: StorageConfig): ProcessMeans {
  return {
    launch: launcherOf(new URL("worker-process.js", import.meta.url)),
    locks: processLocksOf(storage),
    newWorkerId: () => newWorkerId(systemClock.now(), randomBytes),
    cores: availableParallelism(),
    pid: process.pid,
  };
}
