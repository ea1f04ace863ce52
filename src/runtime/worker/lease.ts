import { deferred, type Deferred } from "../../base/deferred.js";
import type { Heartbeat } from "./heartbeat.js";

// Others wait for the whole lease; the rest of it is what two clocks may differ by.
const usableShare = 0.8;

/**
 * The gate before every step: closed once most of the lease has passed since the last beat, on either clock. The doubt is
 * put to the store, so a wall clock that jumps costs one question and nothing more.
 */
export class Lease {
  readonly #heartbeat: Heartbeat;
  readonly #usableMs: number;
  #answer: Deferred<boolean> | undefined;
  #lost = false;

  constructor(heartbeat: Heartbeat, leaseMs: number) {
    this.#heartbeat = heartbeat;
    this.#usableMs = leaseMs * usableShare;
  }

  /** Whether a step may start: true; or the answer to come, false when the worker is dead. */
  mayStart(): true | Promise<boolean> {
    if (this.#lost) return Promise.resolve(false);
    if (this.#isFresh()) return true;
    this.#answer ??= deferred();
    this.#heartbeat.beatNow();
    return this.#answer.promise;
  }

  /** The store has answered a beat with "alive". */
  renewed(): void {
    if (this.#isFresh()) this.#settle(true);
  }

  /** For ever. */
  lost(): void {
    this.#lost = true;
    this.#settle(false);
  }

  #settle(mayStart: boolean): void {
    this.#answer?.resolve(mayStart);
    this.#answer = undefined;
  }

  #isFresh(): boolean {
    const { monotonicMs, wallMs } = this.#heartbeat.age();
    return monotonicMs < this.#usableMs && wallMs < this.#usableMs;
  }
}
