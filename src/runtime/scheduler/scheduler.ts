import type { Clock } from "../../base/clock.js";
import { deferred } from "../../base/deferred.js";
import { formatDuration } from "../../base/duration.js";
import { defaults } from "../../core/defaults.js";
import { isStoreGone, type StorageError } from "../../core/errors.js";
import type { ExecutorNote } from "../../engine/executor.js";
import type { Backend } from "../../storage/backend.js";
import { ClockWatch } from "./clock-watch.js";
import { noteTicks } from "./notes.js";
import { othersTurn, Ticker, type Look, type TickParts } from "./tick.js";

export interface SchedulerParts extends TickParts {
  readonly backend: Pick<Backend, "dueSchedules" | "commitSchedules" | "onWake">;
  readonly clock: Clock;
  /** The store is asked at least this often. */
  readonly pollMs?: number;
  /** At which level each tick is noted. Default `debug`. */
  readonly ticksAt?: ExecutorNote["level"];
  /** Hears that the store was replaced or deleted, where nobody else of this process says so: nothing is due in it any more. */
  readonly onStoreGone?: (error: StorageError) => void;
}

/** Starts the runs of schedules when they are due. Any number of them may work on one store. */
export interface Scheduler {
  /** Whether something is due that is not decided. Throws StorageError. */
  anyDue(): Promise<boolean>;
  /** Ends the decisions that are under way, and begins no others. */
  stop(): Promise<void>;
}

export function startScheduler(parts: SchedulerParts): Scheduler {
  return new RunningScheduler(parts);
}

/** A store in which much happens rings all the time. */
const bellEveryMs = 50;
const pauseAfterTroubleMs = 1000;
/** How long a jump of the clock can go unnoticed. */
const napMs = 1000;

class RunningScheduler implements Scheduler {
  readonly #parts: SchedulerParts;
  readonly #ticker: Ticker;
  readonly #watch: ClockWatch;
  readonly #stopListening: () => void;
  readonly #work: Promise<void>;
  #stopped = false;
  #rung = false;
  /** On the monotonic clock: when the bell is heard again, and when the next look is due however quiet it is. */
  #next = { bellAt: 0, lookAt: 0 };
  #nap = deferred<void>();
  #storeRefuses = false;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    const { backend, clock, onNote, ticksAt = "debug" } = parts;
    this.#ticker = new Ticker(parts, (decided) => noteTicks(decided, { level: ticksAt, onNote }));
    this.#watch = new ClockWatch(clock);
    this.#stopListening = backend.onWake(() => {
      this.#rung = true;
      this.#nap.resolve();
    });
    this.#work = this.#keepLooking();
  }

  anyDue(): Promise<boolean> {
    return this.#ticker.anyDue();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#nap.resolve();
    await this.#work;
  }

  async #keepLooking(): Promise<void> {
    while (!this.#stopped) {
      const { again, nextWakeAt } = await this.#look();
      if (again) await othersTurn();
      else await this.#sleep(nextWakeAt);
    }
  }

  async #look(): Promise<Look> {
    const { clock, pollMs = defaults.schedule.pollMs } = this.#parts;
    const now = clock.monotonic();
    this.#rung = false;
    this.#next = { bellAt: now + bellEveryMs, lookAt: now + pollMs };
    try {
      const look = await this.#ticker.look();
      if (this.#storeRefuses) this.#note("info", "the store can be asked for due schedules again");
      this.#storeRefuses = false;
      return look;
    } catch (error) {
      if (isStoreGone(error)) this.#parts.onStoreGone?.(error);
      else if (!this.#storeRefuses) this.#note("warn", "the store can't be asked for due schedules; trying again", { error });
      this.#storeRefuses = true;
      const then = clock.monotonic() + pauseAfterTroubleMs;
      this.#next = { bellAt: then, lookAt: then };
      return { again: false };
    }
  }

  /** Until a schedule is due, somebody rings, the store has not been asked for long, or the clock jumps. Asks the store nothing. */
  async #sleep(wakeAt = Infinity): Promise<void> {
    const { clock } = this.#parts;
    while (!this.#stopped && !this.#noticesJump()) {
      const { bellAt, lookAt } = this.#next;
      const leftMs = Math.min(wakeAt - clock.now(), Math.min(lookAt, this.#rung ? bellAt : Infinity) - clock.monotonic());
      if (leftMs <= 0) return;
      this.#nap = deferred();
      const timer = clock.setTimer(() => this.#nap.resolve(), Math.min(leftMs, napMs));
      await this.#nap.promise;
      timer.cancel();
    }
  }

  #noticesJump(): boolean {
    const jumpMs = this.#watch.jumpMs();
    if (jumpMs !== 0) this.#note("warn", `the clock jumped ${formatDuration(Math.abs(jumpMs))} ${jumpMs > 0 ? "ahead" : "back"}`);
    return jumpMs !== 0;
  }

  #note(level: ExecutorNote["level"], message: string, fields?: ExecutorNote["fields"]): void {
    this.#parts.onNote({ level, message, ...(fields && { fields }) });
  }
}
