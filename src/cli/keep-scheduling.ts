import { randomBytes } from "node:crypto";
import type { LogOptions } from "../core/log-options.js";
import { isLoud } from "../main/log-line.js";
import type { Project } from "../services/project.js";
import { runScheduler, tickSchedules, type DecidedRow, type RunSchedulerOptions } from "../services/run-scheduler.js";
import { onEndingSignal } from "./ending-signals.js";
import { writeLogLine } from "./write-log-line.js";

export interface KeepSchedulingOptions extends Omit<RunSchedulerOptions, "onNote" | "random"> {
  readonly log: LogOptions;
  readonly onReady: (workflows: readonly string[]) => void;
}

/** Schedules until its time is over or a signal asks it to stop. A second signal ends the process, as it would any other. */
export async function keepScheduling(project: Project, { log, onReady, ...options }: KeepSchedulingOptions): Promise<void> {
  let stop = () => {};
  let stopped = false;
  const stopListening = onEndingSignal(() => {
    stopListening();
    stopped = true;
    stop();
  });
  try {
    const scheduler = await runScheduler(project, { ...options, random: randomBytes, onNote: writerOf(log) });
    onReady(scheduler.workflows);
    stop = () => scheduler.stop();
    if (stopped) stop();
    await scheduler.ended;
  } finally {
    stopListening();
  }
}

/** Does what is due, once. */
export async function tickHere(project: Project, log: LogOptions): Promise<readonly DecidedRow[]> {
  return tickSchedules(project, { random: randomBytes, onNote: writerOf(log) });
}

function writerOf(log: LogOptions): RunSchedulerOptions["onNote"] {
  return (note) => {
    if (isLoud(note, log)) writeLogLine(note, log.format, `scheduler ${process.pid}`);
  };
}
