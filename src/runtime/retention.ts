import { setAlarm, type Clock } from "../base/clock.js";
import { deferred } from "../base/deferred.js";
import { counted } from "../base/plural.js";
import { defaults } from "../core/defaults.js";
import { rulesOf, type Retention } from "../core/retention.js";
import type { ExecutorNote } from "../engine/executor.js";
import { pruneAllRuns, pruneAllTicks, type PruneParts } from "./prune.js";

export interface RetentionParts extends Pick<PruneParts, "backend"> {
  readonly clock: Clock;
  readonly retention: Retention;
  readonly onNote: (note: ExecutorNote) => void;
}

/** Somebody who prunes what a retention no longer keeps, until it is stopped. Any number of them may work on one store. */
export interface Retaining {
  /** Waits for the transaction that is under way. */
  stop(): Promise<void>;
}

/** Begins at once, and again every hour. */
export function startRetention(parts: RetentionParts): Retaining {
  return new RunningRetention(parts);
}

class RunningRetention implements Retaining {
  readonly #parts: RetentionParts;
  readonly #stopping = new AbortController();
  readonly #work: Promise<void>;
  #wait = deferred<void>();

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#work = Object.keys(parts.retention).length > 0 ? this.#keepPruning() : Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wait.resolve();
    await this.#work;
  }

  async #keepPruning(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#prune();
      await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#wait = deferred();
    const alarm = setAlarm(this.#parts.clock, defaults.pruning.everyMs, () => this.#wait.resolve());
    await this.#wait.promise;
    alarm.cancel();
  }

  async #prune(): Promise<void> {
    const { clock, retention } = this.#parts;
    const parts = { ...this.#parts, signal: this.#stopping.signal };
    try {
      const now = clock.now();
      let runs = 0;
      for (const rule of rulesOf(retention, now)) runs += (await pruneAllRuns(parts, rule)).runs;
      const ticks = retention.ticksMs === undefined ? 0 : await pruneAllTicks(parts, now - retention.ticksMs);
      if (runs + ticks > 0) this.#note("info", `retention: ${counted(runs, "run")} and ${counted(ticks, "tick")} pruned`);
    } catch (error) {
      this.#note("warn", "the store can't be pruned; trying again in an hour", { error });
    }
  }

  #note(level: ExecutorNote["level"], message: string, fields?: ExecutorNote["fields"]): void {
    this.#parts.onNote({ level, message, ...(fields && { fields }) });
  }
}
