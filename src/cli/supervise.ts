import { isLoud } from "../main/log-line.js";
import { processMeans } from "../main/process-means.js";
import type { Project } from "../services/project.js";
import { runWorkers, type RunningWorkers, type RunWorkersOptions } from "../services/run-workers.js";
import { onEndingSignal } from "./ending-signals.js";
import { writeLogLine } from "./write-log-line.js";

export interface SuperviseOptions extends Omit<RunWorkersOptions, "onNote"> {
  /** The first process is at work. */
  readonly onReady: (loaded: Awaited<RunningWorkers["ready"]>, processes: number) => void;
}

/**
 * Runs workers until they are asked to stop: by the first SIGINT, SIGTERM or SIGHUP, through the store, or because all
 * is done. A second signal ends them at once; then the answer is "killed". Rejects where no process can begin.
 */
export async function supervise(project: Project, { onReady, ...options }: SuperviseOptions): Promise<"stopped" | "killed"> {
  const source = `supervisor ${process.pid}`;
  const supervisor = runWorkers(
    project,
    {
      ...options,
      onNote: (note) => {
        if (isLoud(note, options.log)) writeLogLine(note, options.log.format, source);
      },
    },
    processMeans(),
  );
  let signals = 0;
  const stopListening = onEndingSignal((signal) => {
    signals++;
    if (signals === 1) supervisor.stop(signal);
    else supervisor.kill();
  });
  try {
    await Promise.race([supervisor.ready.then((loaded) => onReady(loaded, supervisor.processes)), supervisor.ended]);
    await supervisor.ended;
    return signals > 1 ? "killed" : "stopped";
  } catch (error) {
    await supervisor.ended;
    // Stopped before it began: what the processes failed of is the stop itself.
    if (signals === 0) throw error;
    return "stopped";
  } finally {
    stopListening();
  }
}
