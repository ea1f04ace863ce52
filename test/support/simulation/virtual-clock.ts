import type { Clock, Timer } from "../../../src/base/clock.js";

/** The time of a simulated machine: it moves only when somebody moves it. */
export interface VirtualTime {
  nowMs: number;
}

interface SetTimer {
  readonly at: number;
  readonly fire: () => void;
}

// As the system's clock caps its timers, so does this one: who waits longer must look again.
const delayMsMax = 60_000;

/** The clock of one simulated process; its timers are gone with it. */
export class VirtualClock implements Clock {
  readonly #time: VirtualTime;
  readonly #timers = new Set<SetTimer>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.nowMs;
  }

  monotonic(): number {
    return this.#time.nowMs;
  }

  setTimer(fire: () => void, delayMs: number): Timer {
    const timer = { at: this.#time.nowMs + Math.min(Math.max(0, delayMs), delayMsMax), fire };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** When the next timer is due, whether past or to come. */
  nextAt(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at));
  }

  /** Fires the timer that is due for the longest. */
  fireNext(): void {
    const [timer] = [...this.#timers].toSorted((a, b) => a.at - b.at);
    if (timer === undefined || timer.at > this.#time.nowMs) return;
    this.#timers.delete(timer);
    timer.fire();
  }
}
