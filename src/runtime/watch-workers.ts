import type { Clock, Timer } from "../base/clock.js";
import type { WorkerId } from "../core/ids.js";
import type { ExecutorNote } from "../engine/executor.js";
import type { Backend } from "../storage/backend.js";
import type { ProcessLocks } from "./process-lock.js";
import { Observer } from "./supervisor/observer.js";

export interface WatchParts {
  readonly backend: Backend;
  readonly locks: ProcessLocks;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** The watcher's own worker, which it does not watch. */
  readonly own: WorkerId;
  readonly onNote: (note: ExecutorNote) => void;
}

const lookEveryMs = 1000;

/** Watches the other workers of the store from a process that supervises none, and makes the runs of dead ones due again. */
export function watchWorkers(parts: WatchParts): { stop(): Promise<void> } {
  const observer = new Observer({ ...parts, everyMs: lookEveryMs });
  let timer: Timer | undefined;
  let stopped = false;
  const look = async () => {
    await loseDead(parts, observer).catch((error: unknown) =>
      parts.onNote({ level: "warn", message: "the store can't be asked for its workers; trying again", fields: { error } }),
    );
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

async function loseDead({ backend, locks, clock, own }: WatchParts, observer: Observer): Promise<void> {
  const others = (await backend.listWorkers()).filter(({ workerId, status }) => workerId !== own && status !== "dead");
  for (const { workerId, error } of [...observer.endedByLock(others), ...observer.standingStill(others)]) {
    const charge = locks.lastWords(workerId)?.runId ?? "all";
    await backend.loseWorker({ workerId, now: clock.now(), error, charge });
    locks.forget(workerId);
  }
}
