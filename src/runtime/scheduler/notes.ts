import type { ExecutorNote } from "../../engine/executor.js";
import type { DecidedTick } from "./tick.js";

export interface NoteOptions {
  /** Of each tick. */
  readonly level: ExecutorNote["level"];
  readonly onNote: (note: ExecutorNote) => void;
}

/** Tells what was decided; and of each schedule, in a line that people should see, how many of its due times came late. */
export function noteTicks(decided: readonly DecidedTick[], { level, onNote }: NoteOptions): void {
  for (const { scheduleId, tick } of decided) {
    const { due, decision, reason, runId } = tick;
    onNote({ level, message: `${scheduleId} ${decision}: ${reason}`, ...(runId && { runId }), fields: { due: new Date(due).toISOString() } });
  }
  for (const [scheduleId, { missed, caughtUp }] of countLate(decided)) {
    onNote({ level: "info", message: `${scheduleId}: no scheduler looked at ${missed + caughtUp} of its due times; ${caughtUp} caught up, ${missed} missed` });
  }
}

function countLate(decided: readonly DecidedTick[]): ReadonlyMap<string, { readonly missed: number; readonly caughtUp: number }> {
  const late = new Map<string, { readonly missed: number; readonly caughtUp: number }>();
  for (const { scheduleId, tick } of decided) {
    const { missed, caughtUp } = late.get(scheduleId) ?? { missed: 0, caughtUp: 0 };
    if (tick.decision === "missed") late.set(scheduleId, { missed: missed + 1, caughtUp });
    if (tick.decision === "caught_up") late.set(scheduleId, { missed, caughtUp: caughtUp + 1 });
  }
  return late;
}
