import { setAlarm } from "../../base/clock.js";
import { deferred } from "../../base/deferred.js";
import { isStoreGone, StorageError } from "../../core/errors.js";
import type { Declaration } from "../../core/schedule/definition.js";
import type { Backend } from "../../storage/backend.js";
import { startScheduler, type Scheduler, type SchedulerParts } from "./scheduler.js";
import { syncSchedules, type SyncParts } from "./sync.js";

export interface SchedulingParts extends SchedulerParts {
  readonly backend: Backend;
  /** What the code of this process, or of its workers, says of its workflows. */
  readonly declarations: readonly Declaration[];
  /** False: the declarations are stored, and others start the runs. */
  readonly fires: boolean;
}

/** What a process that executes workflows does about schedules, until it is stopped: it stores those that its code declares, then starts what is due. */
export function startScheduling(parts: SchedulingParts): Scheduler {
  return new Scheduling(parts);
}

const pauseAfterTroubleMs = 1000;

class Scheduling implements Scheduler {
  readonly #parts: SchedulingParts;
  readonly #begun: Promise<void>;
  readonly #stopping = deferred<void>();
  #stopped = false;
  #isSynced = false;
  #scheduler: Scheduler | undefined;

  constructor(parts: SchedulingParts) {
    this.#parts = parts;
    this.#begun = this.#begin();
  }

  // What is not stored yet may be due.
  async anyDue(): Promise<boolean> {
    return this.#isSynced ? (this.#scheduler?.anyDue() ?? false) : true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.resolve();
    await this.#begun;
    await this.#scheduler?.stop();
  }

  async #begin(): Promise<void> {
    await this.#sync();
    if (this.#parts.fires && !this.#stopped) this.#scheduler = startScheduler(this.#parts);
    this.#isSynced = true;
  }

  async #sync(): Promise<void> {
    const { clock, declarations, onNote } = this.#parts;
    for (let told = false; ; told = true) {
      try {
        return await noteSync(this.#parts, declarations);
      } catch (error) {
        if (!(error instanceof StorageError)) return onNote({ level: "error", message: "the declared schedules are not stored", fields: { error } });
        if (isStoreGone(error)) return this.#parts.onStoreGone?.(error);
        if (!told) onNote({ level: "warn", message: "the declared schedules can't be stored; trying again", fields: { error } });
      }
      const again = deferred<void>();
      const alarm = setAlarm(clock, pauseAfterTroubleMs, () => again.resolve());
      await Promise.race([again.promise, this.#stopping.promise]);
      alarm.cancel();
      if (this.#stopped) return;
    }
  }
}

/** {@link syncSchedules}, and a line for each change. */
export async function noteSync(parts: SyncParts & Pick<SchedulerParts, "onNote">, declarations: readonly Declaration[]): Promise<void> {
  for (const { scheduleId, did } of await syncSchedules(parts, declarations)) {
    parts.onNote({ level: did === "refreshed" ? "debug" : "info", message: `${scheduleId} ${did}: ${reasons[did]}` });
  }
}

const reasons = {
  created: "its workflow declares it",
  updated: "its declaration has changed",
  revived: "its workflow declares it again",
  deleted: "its workflow declares it no longer",
  refreshed: "the settings of its workflow have changed",
} as const;
