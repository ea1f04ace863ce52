import type { Timer } from "../base/clock.js";
import { isStoreGone } from "../core/errors.js";
import type { WorkerId } from "../core/ids.js";
import { loseWorker, type LoseParts } from "./lose-worker.js";
import { Observer } from "./supervisor/observer.js";

export interface WatchParts extends LoseParts {
  readonly leaseMs: number;
  /** The watcher's own worker, which it does not watch. */
  readonly own: WorkerId;
}

const lookEveryMs = 1000;

/** Watches the other workers of the store from a process that supervises none, and makes the runs of dead ones due again. */
export function watchWorkers(parts: WatchParts): { stop(): Promise<void> } {
  const observer = new Observer({ ...parts, everyMs: lookEveryMs });
  let timer: Timer | undefined;
  let stopped = false;
  const look = async () => {
    await loseDead(parts, observer).catch((error: unknown) => {
      if (isStoreGone(error)) stopped = true; // its own worker says so
      else parts.onNote({ level: "warn", message: "the store can't be asked for its workers; trying again", fields: { error } });
    });
    if (!stopped) timer = parts.clock.setTimer(again, lookEveryMs);
  };
  const again = () => {
    looking = look();
  };
  let looking = look();
  return {
    async stop() {
      stopped = true;
      timer?.cancel();
      await looking;
    },
  };
}

async function loseDead(parts: WatchParts, observer: Observer): Promise<void> {
  const { backend, locks, own } = parts;
  const others = (await backend.listWorkers()).filter(({ workerId, status }) => workerId !== own && status !== "dead");
  for (const { workerId, error } of [...observer.endedByLock(others), ...observer.standingStill(others)]) {
    await loseWorker(parts, { workerId, error, charge: locks.lastWords(workerId)?.runId ?? "all" });
  }
}
