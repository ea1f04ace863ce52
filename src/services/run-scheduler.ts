import { setAlarm } from "../base/clock.js";
import { deferred } from "../base/deferred.js";
import { ConfigError, type StorageError } from "../core/errors.js";
import type { RandomBytes, ScheduleId } from "../core/ids.js";
import type { Declaration } from "../core/schedule/definition.js";
import { declarationsOf } from "../engine/declarations.js";
import type { ExecutorNote } from "../engine/executor.js";
import { registeredWorkflows } from "../engine/registry.js";
import { noteSync, startScheduling } from "../runtime/scheduler/scheduling.js";
import { tickOnce } from "../runtime/scheduler/tick.js";
import { tickRow, type TickRow } from "./list-ticks.js";
import type { Project } from "./project.js";

export interface SchedulerOptions {
  readonly random: RandomBytes;
  readonly onNote: (note: ExecutorNote) => void;
}

export interface RunSchedulerOptions extends SchedulerOptions {
  /** The store is asked at least this often. */
  readonly pollMs?: number;
  /** It stops by itself after this long. Default: never. */
  readonly durationMs?: number;
}

/** A scheduler at work. */
export interface RunningScheduler {
  /** The workflows that this process knows: what they declare is stored. */
  readonly workflows: readonly string[];
  /** Resolves when it has stopped. Rejects with a StorageError where the store was replaced or deleted. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Starts runs when schedules are due, until it is stopped; workers execute them. Throws what {@link declarationsOf} throws, and ConfigError for a store in memory. */
export async function runScheduler(project: Project, { durationMs, ...options }: RunSchedulerOptions): Promise<RunningScheduler> {
  const { backend, clock } = project;
  const end = deferred<void>();
  const onStoreGone = (error: StorageError) => end.reject(error);
  const scheduling = startScheduling({ ...options, backend, clock, declarations: await declared(project), fires: true, ticksAt: "info", onStoreGone });
  const alarm = durationMs === undefined ? undefined : setAlarm(clock, durationMs, () => end.resolve());
  const live = async () => {
    try {
      await end.promise;
    } finally {
      alarm?.cancel();
      await scheduling.stop();
    }
  };
  return { workflows: [...registeredWorkflows().keys()], ended: live(), stop: () => end.resolve() };
}

/** A tick that was decided, under the names that JSON shows. */
export interface DecidedRow extends TickRow {
  readonly schedule_id: ScheduleId;
}

/** Does what is due now, and no more; what it decided, in that order. Throws as {@link runScheduler} does, and StorageError. */
export async function tickSchedules(project: Project, options: SchedulerOptions): Promise<readonly DecidedRow[]> {
  const parts = { ...options, backend: project.backend, clock: project.clock };
  await noteSync(parts, await declared(project));
  const decided = await tickOnce(parts);
  return decided.map(({ scheduleId, tick }) => ({ schedule_id: scheduleId, ...tickRow(tick) }));
}

async function declared({ config }: Project): Promise<readonly Declaration[]> {
  if (config.storage.backend === "memory") {
    throw new ConfigError("a store in memory ends with this process: no worker would find the runs", { place: "storage", hint: "choose --storage sqlite" });
  }
  return declarationsOf(registeredWorkflows().values(), config);
}
