import type { Clock, Timer } from "../base/clock.js";

interface Alarm {
  readonly at: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is told to go on. Its wall clock and its monotonic clock are one. */
export class TestClock implements Clock {
  /** The same time, for who polls: its timers fire, and nobody has to stop for them. */
  readonly background: Clock = {
    now: () => this.#now,
    monotonic: () => this.#now,
    setTimer: (fire, delayMs) => this.#set(this.#polls, fire, delayMs),
  };
  readonly #alarms = new Set<Alarm>();
  readonly #polls = new Set<Alarm>();
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
    return this.#set(this.#alarms, fire, delayMs);
  }

  /** When the next timer fires that somebody waits for; Infinity where none is set. */
  get nextTimerAt(): number {
    return Math.min(Infinity, ...Array.from(this.#alarms, ({ at }) => at));
  }

  /** Moves on to a time and fires what is due by then, earliest first; what the fired ones set waits for the next move. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    for (const alarms of [this.#alarms, this.#polls]) {
      const due = Array.from(alarms).filter(({ at }) => at <= this.#now);
      for (const alarm of due.toSorted((a, b) => a.at - b.at)) if (alarms.delete(alarm)) alarm.fire();
    }
  }

  #set(alarms: Set<Alarm>, fire: () => void, delayMs: number): Timer {
    const alarm = { at: this.#now + Math.max(0, delayMs), fire };
    alarms.add(alarm);
    return { cancel: () => void alarms.delete(alarm) };
  }
}
