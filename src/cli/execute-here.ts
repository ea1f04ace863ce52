import type { RunId } from "../core/ids.js";
import type { Project } from "../services/project.js";

export interface ExecuteHereOptions {
  readonly runId: RunId;
  /** Version of the loaded modules. */
  readonly version: string;
  /** Something went wrong that the run's log does not show. */
  readonly onProblem: (message: string) => void;
}

/** Makes this process the worker of one run, under the same claim and fence as any other. Returns what ends it: the run is handed over. */
export async function executeHere(project: Project, { runId, version, onProblem }: ExecuteHereOptions): Promise<() => Promise<void>> {
  const { hostOneRun } = await import("../main/host-worker.js");
  const worker = await hostOneRun(project, {
    runId,
    version,
    onNote: ({ level, message, inHistory }) => {
      if (!inHistory && (level === "warn" || level === "error")) onProblem(message);
    },
  });
  return async () => {
    await worker.stop(project.config.worker.shutdownTimeoutMs);
  };
}
