import type { Clock, Timer } from "../base/clock.js";

interface Alarm {
  readonly at: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is told to go on. Its wall clock and its monotonic clock are one. */
export class TestClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #now: number;

  /** Starts at a point in time, in milliseconds since the epoch. */
  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(fire: () => void, delayMs: number): Timer {
    const alarm = { at: this.#now + Math.max(0, delayMs), fire };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** When the next timer fires; undefined where none is set. */
  get nextTimerAt(): number | undefined {
    const times = Array.from(this.#alarms, ({ at }) => at);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Moves on to a time and fires what is due by then, earliest first; what the fired ones set waits for the next move. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    const due = Array.from(this.#alarms).filter(({ at }) => at <= this.#now);
    for (const alarm of due.toSorted((a, b) => a.at - b.at)) {
      if (this.#alarms.delete(alarm)) alarm.fire();
    }
  }
}
