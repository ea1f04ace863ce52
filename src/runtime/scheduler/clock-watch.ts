import type { Clock } from "../../base/clock.js";

// Less is what the two clocks drift apart, and what a correction by the system takes back.
const noticedMs = 1000;

/** Notices when the wall clock is set, or has gone on while the machine slept: by the monotonic clock beside it. */
export class ClockWatch {
  readonly #clock: Clock;
  #apartMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#apartMs = apart(clock);
  }

  /** How far the wall clock has jumped since the last call, in milliseconds: ahead, or back where it is negative; 0 for less than a second. */
  jumpMs(): number {
    const before = this.#apartMs;
    this.#apartMs = apart(this.#clock);
    const jump = this.#apartMs - before;
    return Math.abs(jump) < noticedMs ? 0 : jump;
  }
}

function apart(clock: Clock): number {
  return clock.now() - clock.monotonic();
}
