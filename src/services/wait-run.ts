import type { Clock } from "../base/clock.js";
import { deferred, type Deferred } from "../base/deferred.js";
import { RunNotFoundError, WaitTimeoutError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import { chainOf } from "../core/family.js";
import type { RunId } from "../core/ids.js";
import { isTerminal, type RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import type { Project } from "./project.js";

export interface WaitRunOptions {
  readonly runId: RunId;
  /** Give up after so long; wait for ever where it is absent. */
  readonly timeoutMs?: number;
  /** Be content with a run that is suspended, too. */
  readonly untilSuspended?: boolean;
  /** Told of the run and its new events at each look, from the first event on. */
  readonly onLook?: (news: RunNews) => Promise<void> | void;
  /** Ends the wait: somebody looks away. The run as it then is. */
  readonly signal?: AbortSignal;
}

/** A run as it stands, and the events since the last look. The next run of a chain begins with its first. */
export interface RunNews {
  readonly run: RunRecord;
  readonly events: readonly RecordedEvent[];
}

// The end of a run rings no bell, so the store is asked too: often at first, then slowly.
const pollMs = { first: 10, max: 250 };

/** The run when it has ended, or is parked: then nothing but other code moves it. Of a chain, the last. Throws WaitTimeoutError. */
export async function waitRun(project: Pick<Project, "backend" | "clock">, options: WaitRunOptions): Promise<RunRecord> {
  const { backend, clock } = project;
  const { timeoutMs = Infinity, signal } = options;
  const deadline = clock.monotonic() + timeoutMs;
  const look = lookAt(backend, options);
  let bell = deferred<undefined>();
  const ring = () => bell.resolve(undefined);
  const stop = backend.onWake(ring);
  signal?.addEventListener("abort", ring);
  try {
    for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pauseMs * 2, pollMs.max)) {
      bell = deferred();
      const { run, enough } = await look();
      if (enough) return run;
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0) throw new WaitTimeoutError(run.runId, run.status);
      await rung(bell, clock, Math.min(pauseMs, leftMs));
    }
  } finally {
    signal?.removeEventListener("abort", ring);
    stop();
  }
}

interface Look {
  readonly run: RunRecord;
  /** Whether the wait is over. */
  readonly enough: boolean;
}

/** One look after another at a run and its new events, and at the runs that go on in its place. */
function lookAt(backend: Backend, { runId, untilSuspended = false, onLook, signal }: WaitRunOptions): () => Promise<Look> {
  let [id, seen] = [runId, 0];
  let before: RunRecord | undefined;
  const look = async (): Promise<Look> => {
    const run = await standing(backend, id, before);
    if (run.runId !== id) [id, seen] = [run.runId, 0]; // the one that was looked at is gone, and another goes on in its place
    before = run;
    if (onLook !== undefined) {
      const events = await backend.readHistory(id, seen);
      seen += events.length;
      await onLook({ run, events });
    }
    if (run.continuedTo !== undefined) {
      // Who is told nothing of the runs between need not look at them.
      const last = onLook === undefined ? await backend.lastOfChain(chainOf(run)) : undefined;
      [id, seen] = [last?.runId ?? run.continuedTo, 0];
      return look();
    }
    return { run, enough: hasEnded(run) || signal?.aborted === true || (untilSuspended && run.status === "suspended") };
  };
  return look;
}

/** The run, or where it was pruned meanwhile the last of the chain that was followed so far. */
async function standing(backend: Backend, id: RunId, before: RunRecord | undefined): Promise<RunRecord> {
  const run = (await backend.getRun(id)) ?? (before && (await backend.lastOfChain(chainOf(before))));
  if (run === undefined) throw new RunNotFoundError(id, { continuedFrom: before?.continuedTo && before.runId });
  return run;
}

function hasEnded({ status, parked }: RunRecord): boolean {
  return isTerminal(status) || parked !== undefined;
}

/** Resolves when the bell rings, and after `delayMs` in any case. */
async function rung(bell: Deferred<undefined>, clock: Clock, delayMs: number): Promise<void> {
  const timer = clock.setTimer(() => bell.resolve(undefined), delayMs);
  await bell.promise;
  timer.cancel();
}
