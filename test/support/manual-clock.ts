import type { Clock, Timer } from "../../src/base/clock.js";

const turn = setImmediate;

/** Time that the test moves by hand; the wall clock can jump away from the monotonic one. */
export class ManualClock implements Clock {
  #monotonic = 0;
  #wall = Date.UTC(2025, 0, 15);
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(fire: () => void, delayMs: number): Timer {
    const timer = { at: this.#monotonic + Math.max(0, delayMs), fire };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Lets time pass: the timers that come due fire in order, and what they begin gets on. */
  async pass(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#moveTo(next.at);
      next.fire();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  /** The wall clock alone is set to another time. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Time passes while this process is stopped: no timer fires. */
  stand(ms: number): void {
    this.#moveTo(this.#monotonic + ms);
  }

  #next(end: number) {
    return [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
  }

  #moveTo(monotonic: number): void {
    const passed = Math.max(0, monotonic - this.#monotonic);
    this.#monotonic += passed;
    this.#wall += passed;
  }
}

/** What was begun without waiting for time gets to its end. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) {
    await new Promise<void>((resolve) => {
      turn(resolve);
    });
  }
}
