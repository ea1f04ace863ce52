import type { Clock } from "../base/clock.js";
import { formatDuration } from "../base/duration.js";

export interface ProgressOptions {
  /** What is done to each: `runs pruned`. */
  readonly what: string;
  /** Whether the line may be written over; else a line of its own follows now and then. */
  readonly moving: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  readonly clock: Pick<Clock, "monotonic">;
  write(text: string): void;
}

const movingMs = 100;
const standingMs = 10_000;
const barMax = 20;

/** How far a long work is: a bar with count, rate and time left. Work that is over before the first look shows nothing. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #beganAt: number;
  #shownAt: number;
  #drawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#beganAt = options.clock.monotonic();
    this.#shownAt = this.#beganAt;
  }

  /** So many are done; `of` how many, where that is known. Cheap: it draws ten times a second at most. */
  at(done: number, of?: number): void {
    const { clock, moving } = this.#options;
    const now = clock.monotonic();
    if (now - this.#shownAt < (moving ? movingMs : standingMs)) return;
    this.#shownAt = now;
    const line = this.#line(done, of);
    this.#options.write(moving ? `\r\u001B[2K${line}` : `${line}\n`);
    this.#drawn = true;
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#drawn && this.#options.moving) this.#options.write("\r\u001B[2K");
    this.#drawn = false;
  }

  #line(done: number, of: number | undefined): string {
    const { what, clock, width } = this.#options;
    const tookMs = Math.max(1, clock.monotonic() - this.#beganAt);
    const rate = `${count((done / tookMs) * 1000)}/s`;
    if (of === undefined) return `${count(done)} ${what} · ${rate}`;
    const left = done === 0 ? "" : ` · ${formatDuration(((of - done) / done) * tookMs)} left`;
    const text = `${count(done)} of ${count(of)} ${what} · ${rate}${left}`;
    const room = Math.min(barMax, width - text.length - 2);
    return room < 5 ? text.slice(0, width - 1) : `${bar(done / Math.max(1, of), room)} ${text}`;
  }
}

function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, share) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
