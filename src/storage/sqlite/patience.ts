import { pause, systemClock } from "../../base/clock.js";
import { asStorageError, isBusy } from "./errors.js";

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
    // Jitter, so that processes which met at the lock part again.
    await pause(systemClock, 1 + Math.random() * Math.min(pauses, pauseMsMax));
  }
}
