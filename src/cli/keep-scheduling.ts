import { randomBytes } from "node:crypto";
import { systemClock } from "../base/clock.js";
import type { LogLevel } from "../core/log-options.js";
import { isLoud, logLine } from "../main/log-line.js";
import type { Project } from "../services/project.js";
import { runScheduler, tickSchedules, type DecidedRow, type RunSchedulerOptions } from "../services/run-scheduler.js";
import { onEndingSignal } from "./ending-signals.js";

export interface KeepSchedulingOptions extends Omit<RunSchedulerOptions, "onNote" | "random"> {
  readonly level: LogLevel;
  readonly onReady: (workflows: readonly string[]) => void;
}

/** Schedules until its time is over or a signal asks it to stop. A second signal ends the process, as it would any other. */
export async function keepScheduling(project: Project, { level, onReady, ...options }: KeepSchedulingOptions): Promise<void> {
  let stop = () => {};
  let stopped = false;
  const stopListening = onEndingSignal(() => {
    stopListening();
    stopped = true;
    stop();
  });
  try {
    const scheduler = await runScheduler(project, { ...options, random: randomBytes, onNote: writerOf(level) });
    onReady(scheduler.workflows);
    stop = () => scheduler.stop();
    if (stopped) stop();
    await scheduler.ended;
  } finally {
    stopListening();
  }
}

/** Does what is due, once. */
export async function tickHere(project: Project, level: LogLevel): Promise<readonly DecidedRow[]> {
  return tickSchedules(project, { random: randomBytes, onNote: writerOf(level) });
}

function writerOf(level: LogLevel): RunSchedulerOptions["onNote"] {
  return (note) => {
    if (isLoud(note, { level, format: "pretty" })) process.stderr.write(`${logLine(note, "pretty", { at: systemClock.now(), source: `scheduler ${process.pid}` })}\n`);
  };
}
