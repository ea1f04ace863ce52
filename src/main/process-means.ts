import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { systemClock } from "../base/clock.js";
import { newWorkerId } from "../core/ids.js";
import { launcherOf } from "../runtime/supervisor/child.js";
import { watchCode } from "./modules/watch.js";
import type { ProcessMeans } from "../services/run-workers.js";

/** What a supervisor of this machine works with. */
export function processMeans(): ProcessMeans {
  return {
    launch: launcherOf(new URL("worker-process.js", import.meta.url)),
    watchCode,
    newWorkerId: () => newWorkerId(systemClock.now(), randomBytes),
    random: randomBytes,
    cores: availableParallelism(),
    pid: process.pid,
  };
}
