/** A timer that was set on a {@link Clock}; it can be called off once. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. Handed in everywhere, so that a test never sleeps. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. It can jump. */
  now(): number;
  /** Milliseconds that only go forward; comparable inside one process alone. */
  monotonic(): number;
  /** Calls `fire` after `delayMs` or earlier (never synchronously): who needs the exact time looks at the clock again, or uses {@link setAlarm}. */
  setTimer(fire: () => void, delayMs: number): Timer;
}

// Saved at import: a user's fake timers replace the globals, and the engine must go on.
const { setTimeout: startTimeout, clearTimeout: stopTimeout, setImmediate: startImmediate } = globalThis;
const wallClock = Date.now;
// Longer delays overflow to 1 ms in Node, and a laptop that sleeps delays any of them: who waits compares with now() again.
const delayMsMax = 60_000;

export const systemClock: Clock = {
  now: () => wallClock(),
  monotonic: () => performance.now(),
  setTimer(fire, delayMs) {
    const timer = startTimeout(fire, Math.min(Math.max(0, delayMs), delayMsMax));
    return { cancel: () => stopTimeout(timer) };
  },
};

/** Calls `fire` when `delayMs` have passed on the monotonic clock, however long that is. */
export function setAlarm(clock: Clock, delayMs: number, fire: () => void): Timer {
  const end = clock.monotonic() + delayMs;
  let timer: Timer;
  const look = () => {
    const left = end - clock.monotonic();
    if (left > 0) timer = clock.setTimer(look, left);
    else fire();
  };
  timer = clock.setTimer(look, delayMs);
  return { cancel: () => timer.cancel() };
}

/** Resolves when `delayMs` have passed on the monotonic clock, however long that is. */
export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setAlarm(clock, delayMs, resolve);
  });
}

/** Calls `fn` after the I/O of this turn of the event loop. */
export function soon(fn: () => void): void {
  startImmediate(fn);
}
