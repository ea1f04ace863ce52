import { formatDuration } from "../base/duration.js";
import type { RecordedEvent } from "../core/events/event.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { findLiveWorker } from "../services/find-live-worker.js";
import { findRun } from "../services/find-run.js";
import type { Project } from "../services/project.js";
import { waitRun } from "../services/wait-run.js";
import { executeHere } from "./execute-here.js";

export interface WatchRunOptions {
  readonly runId: RunId;
  /** Version of the loaded modules. */
  readonly version: string;
  readonly untilSuspended: boolean;
  readonly timeoutMs?: number;
}

export interface Voice {
  note(line: string): void;
  hint(line: string): void;
}

/** Shows a run's events as they come, until it ends. Executes it in this process where no worker will. Ctrl+C looks away: the run goes on. */
export async function watchRun(project: Project, options: WatchRunOptions, voice: Voice): Promise<RunRecord> {
  const { runId } = options;
  const { workflowName } = await findRun(project, runId);
  const here = (await findLiveWorker(project, { workflowName, runId })) === undefined;
  voice.note(here ? `${runId}: no live worker executes ${workflowName}, so this process executes the run` : `${runId}: executed by a worker`);
  const away = new AbortController();
  const detach = () => away.abort();
  process.once("SIGINT", detach);
  const handOver = here ? await executeHere(project, { ...options, onProblem: (message) => voice.note(message) }) : undefined;
  try {
    const startedAt = new Map<string, number>();
    const onEvents = (events: readonly RecordedEvent[]) => {
      for (const event of events) voice.note(lineOf(event, startedAt));
    };
    const run = await waitRun(project, { ...options, onEvents, signal: away.signal });
    if (away.signal.aborted) voice.note(`Detached; the run goes on${here ? " with the next worker" : ""}. Come back with: pyworkflow runs wait ${runId}`);
    if (run.status === "suspended") voice.hint(wakeHint(run));
    return run;
  } finally {
    process.off("SIGINT", detach);
    await handOver?.();
  }
}

function lineOf(event: RecordedEvent, startedAt: Map<string, number>): string {
  const subject = "operationId" in event && event.operationId !== undefined ? ` ${event.operationId}` : "";
  if (event.type.endsWith(".started")) startedAt.set(subject, event.at);
  const began = startedAt.get(subject);
  const took = began === undefined || event.type.endsWith(".started") ? "" : ` after ${formatDuration(event.at - began)}`;
  return `  ${event.type}${subject}${took}`;
}

function wakeHint({ runId, dueAt }: RunRecord): string {
  const until = dueAt === undefined ? "for an outside event" : `until ${new Date(dueAt).toISOString()}`;
  return `The run is suspended ${until}. pyworkflow runs wait ${runId} waits for its end; a worker takes it up when it is due.`;
}
