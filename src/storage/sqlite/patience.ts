import { systemClock } from "../../base/clock.js";
import { asStorageError, isBusy } from "./errors.js";

// Saved at import: fake timers replace the global. A write that waits must keep the process alive, which timers of a Clock do not.
const { setTimeout: startTimeout } = globalThis;

const busyMsMax = 60_000;
const pauseMsMax = 10;

/**
 * Tries again while another process holds the lock, for a minute. The waits are asynchronous: SQLite's own would block the
 * event loop, for seconds under load.
 */
export async function patiently<T>(path: string, attempt: () => T): Promise<T> {
  const giveUpAt = systemClock.monotonic() + busyMsMax;
  for (let pauses = 0; ; pauses++) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || systemClock.monotonic() > giveUpAt) throw asStorageError(error, path, "rolled_back");
    }
    await pause(pauses);
  }
}

// Jitter, so that processes which met at the lock part again.
function pause(pauses: number): Promise<void> {
  return delay(1 + Math.random() * Math.min(pauses, pauseMsMax));
}

/** Resolves after `ms` of real time, and keeps the process alive until then. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    startTimeout(resolve, ms);
  });
}
