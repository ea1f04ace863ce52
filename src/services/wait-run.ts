import type { Clock } from "../base/clock.js";
import { deferred, type Deferred } from "../base/deferred.js";
import { RunNotFoundError, WaitTimeoutError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import type { RunId } from "../core/ids.js";
import { isTerminal, type RunRecord } from "../core/run.js";
import type { Project } from "./project.js";

export interface WaitRunOptions {
  readonly runId: RunId;
  /** Give up after so long; wait for ever where it is absent. */
  readonly timeoutMs?: number;
  /** Be content with a run that is suspended, too. */
  readonly untilSuspended?: boolean;
  /** Told of the run's events as they come, from the first on. */
  readonly onEvents?: (events: readonly RecordedEvent[]) => void;
  /** Ends the wait: somebody looks away. The run as it then is. */
  readonly signal?: AbortSignal;
}

// The end of a run rings no bell, so the store is asked too: often at first, then slowly.
const pollMs = { first: 10, max: 250 };

/** The run when it has ended, or is parked: then nothing but other code moves it. Throws WaitTimeoutError. */
export async function waitRun({ backend, clock }: Pick<Project, "backend" | "clock">, options: WaitRunOptions): Promise<RunRecord> {
  const { runId, timeoutMs = Infinity, untilSuspended = false, onEvents, signal } = options;
  const deadline = clock.monotonic() + timeoutMs;
  let seen = 0;
  let bell = deferred<undefined>();
  const ring = () => bell.resolve(undefined);
  const stop = backend.onWake(ring);
  signal?.addEventListener("abort", ring);
  try {
    for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pauseMs * 2, pollMs.max)) {
      bell = deferred();
      const run = await backend.getRun(runId);
      if (run === undefined) throw new RunNotFoundError(runId);
      const events = onEvents === undefined ? [] : await backend.readHistory(runId, seen);
      seen += events.length;
      if (events.length > 0) onEvents?.(events);
      if (isTerminal(run.status) || run.parked !== undefined || signal?.aborted) return run;
      if (untilSuspended && run.status === "suspended") return run;
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0) throw new WaitTimeoutError(runId, run.status);
      await rung(bell, clock, Math.min(pauseMs, leftMs));
    }
  } finally {
    signal?.removeEventListener("abort", ring);
    stop();
  }
}

/** Resolves when the bell rings, and after `delayMs` in any case. */
async function rung(bell: Deferred<undefined>, clock: Clock, delayMs: number): Promise<void> {
  const timer = clock.setTimer(() => bell.resolve(undefined), delayMs);
  await bell.promise;
  timer.cancel();
}
