import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.js";
import type { Declaration } from "../core/schedule/definition.js";
import { checkDefinition, type WorkflowDefinition } from "../engine/definition.js";
import type { ExecutorNote } from "../engine/executor.js";
import { noteTicks } from "../runtime/scheduler/notes.js";
import { noteSync } from "../runtime/scheduler/scheduling.js";
import { tickOnce } from "../runtime/scheduler/tick.js";
import type { Schedules } from "../services/schedules.js";
import type { Backend } from "../storage/backend.js";

export interface TestSchedulerParts {
  /** Not one that is observed: its looks would be taken for something that goes on. */
  readonly backend: Backend;
  readonly clock: Pick<Clock, "now">;
  readonly onNote: (note: ExecutorNote) => void;
}

/** A scheduler that looks when it is told to. */
export interface TestScheduler {
  /** Starts what is due; false where nothing was. */
  fire(): Promise<boolean>;
  /** When the next schedule is to be looked at, in milliseconds since the epoch; Infinity where there is none. */
  nextWakeAt(): Promise<number>;
}

/** Stores what is declared. What does not fire still has its schedules, to be triggered by hand. */
export async function openTestScheduler(parts: TestSchedulerParts, declarations: readonly Declaration[], fires: boolean): Promise<TestScheduler> {
  const { backend, clock, onNote } = parts;
  const ticking = { ...parts, random: randomBytes };
  await noteSync(ticking, declarations);
  if (!fires) return { fire: async () => false, nextWakeAt: async () => Infinity };
  return {
    async fire() {
      const decided = await tickOnce(ticking);
      noteTicks(decided, { level: "debug", onNote });
      return decided.length > 0;
    },
    nextWakeAt: async () => (await backend.dueSchedules(clock.now(), 1)).nextWakeAt ?? Infinity,
  };
}

interface Settling {
  readonly atRest: () => Promise<void>;
  /** Throws WorkflowNotFoundError. */
  readonly check: <Input, Output>(workflow: WorkflowDefinition<Input, Output>) => void;
}

/** The same schedules; what changes them resolves when everything that follows from it has happened. */
export function settling(schedules: Schedules, { atRest, check }: Settling): Schedules {
  const after = async <R>(change: Promise<R>): Promise<R> => {
    const result = await change;
    await atRest();
    return result;
  };
  return {
    ...schedules,
    async create(workflow, options) {
      checkDefinition("schedules.create()", workflow);
      check(workflow);
      return after(schedules.create(workflow, options));
    },
    update: (scheduleId, change) => after(schedules.update(scheduleId, change)),
    pause: (scheduleId) => after(schedules.pause(scheduleId)),
    resume: (scheduleId) => after(schedules.resume(scheduleId)),
    delete: (scheduleId) => after(schedules.delete(scheduleId)),
    trigger: (scheduleId, options) => after(schedules.trigger(scheduleId, options)),
    backfill: (scheduleId, range) => after(schedules.backfill(scheduleId, range)),
  };
}
