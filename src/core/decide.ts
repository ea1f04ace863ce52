import type { OperationId } from "./ids.js";
import type { ParkCode } from "./events/run.js";

/** Why a run is to be parked. */
export interface Misfit {
  readonly code: ParkCode;
  readonly message: string;
  readonly operationId?: OperationId;
  readonly place?: string;
}

/** What a person reads of it: the message, and the place behind it. */
export function sentenceOf({ message, place }: Misfit): string {
  return place === undefined ? message : `${message} (${place})`;
}

/** A run at rest: no committed outcome waits for delivery. */
export interface RunAtRest {
  /** Found while the body ran. */
  readonly misfit: Misfit | undefined;
  /** A recorded operation that the body has not asked for. */
  readonly unasked: OperationId | undefined;
  readonly bodyEnded: boolean;
  /** Operations that were asked for and have not acted. */
  readonly mustAct: boolean;
  /** A `patched()` that said true is on its way into the log: nothing acts before it is there. */
  readonly recordsPatch: boolean;
  /** The worker hands its runs over: nothing new acts. */
  readonly releasing: boolean;
  /** Something of this run is going on in this process: an attempt runs, events wait for their commit. */
  readonly busy: boolean;
  /** Transient runs may wait for anything, and never leave memory. */
  readonly durable: boolean;
  /** Operations without an outcome that the body waits for. */
  readonly open: number;
  /** When `maxDuration` is over; Infinity without. */
  readonly deadline: number;
  readonly lastDelivered: number;
  /** The earliest timer, and whether it is a retry. */
  readonly nextTimer: { readonly dueAt: number; readonly isRetry: boolean } | undefined;
  readonly now: number;
  readonly retryInMemoryMs: number;
}

/** What comes next for a run at rest. */
export type Decision =
  | { readonly kind: "park"; readonly misfit: Misfit }
  | { readonly kind: "end" }
  /** `maxDuration` is over. */
  | { readonly kind: "expire" }
  | { readonly kind: "release" }
  | { readonly kind: "act" }
  /** A timer is due: fired before suspending is decided, or the run would be claimed and suspended for ever. */
  | { readonly kind: "fire_timers" }
  | { readonly kind: "wait"; readonly until?: number }
  | { readonly kind: "suspend"; readonly wakeAt?: number; readonly wakeReason?: "timer" | "retry" };

/** What a run at rest does next. Drift is ruled out before anything acts. */
export function decide(run: RunAtRest): Decision {
  const misfit = run.misfit ?? drift(run);
  if (misfit !== undefined) return { kind: "park", misfit };
  if (run.bodyEnded) return { kind: "end" };
  if (run.deadline <= run.now) return { kind: "expire" };
  if (run.releasing) return run.busy ? { kind: "wait" } : { kind: "release" };
  if (run.mustAct) return run.recordsPatch ? { kind: "wait" } : { kind: "act" };
  if (run.nextTimer !== undefined && run.nextTimer.dueAt <= run.now) return { kind: "fire_timers" };
  if (run.busy) return waiting(run);
  return atPeace(run);
}

// I6
function drift({ unasked, durable }: RunAtRest): Misfit | undefined {
  if (unasked === undefined || !durable) return undefined;
  const message = `the history has ${unasked}, but the code did not ask for it`;
  return { code: "NON_DETERMINISTIC", message, operationId: unasked };
}

function atPeace(run: RunAtRest): Decision {
  if (!run.durable) return waiting(run);
  if (run.open === 0) {
    const message = `after event ${run.lastDelivered} the body waits for something that is not in the log`;
    return { kind: "park", misfit: { code: "NON_DURABLE_AWAIT", message } };
  }
  const next = earliest(run);
  if (next === undefined) return { kind: "suspend" };
  if (next.isRetry && next.dueAt - run.now < run.retryInMemoryMs) return waiting(run);
  return { kind: "suspend", wakeAt: next.dueAt, wakeReason: next.isRetry ? "retry" : "timer" };
}

function waiting(run: RunAtRest): Decision {
  const next = earliest(run);
  return next === undefined ? { kind: "wait" } : { kind: "wait", until: next.dueAt };
}

function earliest({ nextTimer, deadline }: RunAtRest): RunAtRest["nextTimer"] {
  if (deadline === Infinity || (nextTimer !== undefined && nextTimer.dueAt <= deadline)) return nextTimer;
  return { dueAt: deadline, isRetry: false };
}
