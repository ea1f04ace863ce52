import { systemClock } from "../base/clock.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { findLiveWorker } from "../services/find-live-worker.js";
import { findRun } from "../services/find-run.js";
import type { Project } from "../services/project.js";
import { waitRun, type RunNews } from "../services/wait-run.js";
import { untilSeenEnough } from "./ending-signals.js";
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
  /** Opens what shows the run; `detach` looks away. */
  show(run: RunRecord, detach: () => void): Promise<RunView>;
}

/** Something that shows a run as it goes on. */
export interface RunView {
  look(news: RunNews): Promise<void> | void;
  close(): void;
}

/** Shows a run as it goes on, until it ends. Executes it in this process where no worker will. Ctrl+C looks away, as any signal does that ends a command: the run goes on. */
export async function watchRun(project: Project, options: WatchRunOptions, voice: Voice): Promise<RunRecord> {
  const { runId } = options;
  const found = await findRun(project, runId);
  const { workflowName } = found;
  const here = (await findLiveWorker(project, found)) === undefined;
  voice.note(here ? `${runId}: no live worker executes ${workflowName}, so this process executes the run` : `${runId}: executed by a worker`);
  let handOver: (() => Promise<void>) | undefined;
  let underWay = true;
  try {
    return await untilSeenEnough(async (away) => {
      const view = await voice.show(found, () => away.abort());
      const watch = async (): Promise<RunRecord> => {
        if (here) handOver = await executeHere(project, { ...options, onProblem: (message) => voice.note(message) });
        return waitRun(project, { ...options, onLook: (news) => view.look(news), signal: away.signal });
      };
      const run = await watch().finally(() => view.close());
      underWay = run.status === "pending" || run.status === "running";
      if (away.signal.aborted) voice.note(`Detached; the run goes on${here ? " with the next worker" : ""}. Come back with: pyworkflow runs wait ${runId}`);
      if (run.status === "suspended") voice.hint(wakeHint(run));
      return run;
    });
  } finally {
    const handedOver = handOver?.();
    await (underWay ? saidWhereLong(handedOver, voice) : handedOver);
  }
}

const longMs = 500;

/** What was begun may take its time to end: then it is said what is waited for. */
async function saidWhereLong(handedOver: Promise<void> | undefined, voice: Voice): Promise<void> {
  const timer = systemClock.setTimer(() => voice.note("The steps under way are given their time to finish; Ctrl+C ends this process at once."), longMs);
  await handedOver;
  timer.cancel();
}

function wakeHint({ runId, dueAt }: RunRecord): string {
  const until = dueAt === undefined ? "for an outside event" : `until ${new Date(dueAt).toISOString()}`;
  return `The run is suspended ${until}. pyworkflow runs wait ${runId} waits for its end; a worker takes it up when it is due.`;
}
