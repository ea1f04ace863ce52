import type { Clock } from "../../base/clock.js";
import type { WorkerId } from "../../core/ids.js";
import type { WorkerRecord } from "../../storage/backend.js";
import type { ProcessLocks } from "../process-lock.js";
import { observe, type Stillness } from "../stillness.js";

export interface ObserverParts {
  readonly clock: Clock;
  readonly locks: ProcessLocks;
  readonly leaseMs: number;
  /** How often the caller looks. */
  readonly everyMs: number;
}

/** A worker that is certainly dead, and what is known of its end. */
export interface Death {
  readonly workerId: WorkerId;
  readonly error: string;
}

/** Watches workers from outside: their locks, where they are on this machine, and their heartbeats. */
export class Observer {
  readonly #parts: ObserverParts;
  #seen = new Map<WorkerId, Stillness>();
  #free = new Set<WorkerId>();

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  /**
   * Those whose lock was free at this look and the one before: a supervisor knows more of its own process's end than
   * others do, and is given the time to say it.
   */
  endedByLock(workers: readonly WorkerRecord[]): readonly Death[] {
    const { locks } = this.#parts;
    const free = workers.filter(({ workerId, status }) => status !== "dead" && locks.isFree(workerId)).map(({ workerId }) => workerId);
    const before = this.#free;
    this.#free = new Set(free);
    return free.filter((id) => before.has(id)).map((workerId) => ({ workerId, error: locks.lastWords(workerId)?.error ?? "its process has ended" }));
  }

  /** Whether a worker has ended whose runs are about to be taken from it. */
  get seesEnded(): boolean {
    return this.#free.size > 0;
  }

  /** Those whose heartbeat has stood still for the whole lease, while this process was looking. */
  standingStill(workers: readonly WorkerRecord[]): readonly Death[] {
    const { clock, leaseMs, everyMs } = this.#parts;
    const at = clock.monotonic();
    const before = this.#seen;
    this.#seen = new Map(
      workers
        .filter(({ status }) => status !== "dead")
        .map(({ workerId, counter }) => [workerId, observe(before.get(workerId), { counter, at, gapMaxMs: everyMs * 4 })]),
    );
    return [...this.#seen]
      .filter(([, { stillMs }]) => stillMs >= leaseMs)
      .map(([workerId, { stillMs }]) => ({ workerId, error: `no heartbeat for ${Math.round(stillMs / 1000)} s` }));
  }
}
