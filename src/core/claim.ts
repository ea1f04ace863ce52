import type { WorkflowResumed, WorkflowStarted } from "./events/run.js";
import type { WorkerId } from "./ids.js";
import { isTerminal, mustRunAlone, type RunRecord, type RunState } from "./run.js";

/** Why an append changes nothing. */
export type Refusal = "fence" | "ended" | "expect";

/** A run as an append meets it. */
export interface RunHead {
  readonly epoch: number;
  readonly state: RunState;
  readonly lastSequence: number;
}

/** What an append demands of the run. */
export interface AppendTerms {
  readonly fence?: number;
  readonly seen: number;
  readonly expect?: true;
  /** Refuse where the run has changed hands since this epoch. */
  readonly epoch?: number;
  /** It begins with a `RunRetried`: the one event that may follow a `workflow.failed` (I4). */
  readonly retries?: boolean;
}

/** Why the append must not happen, or undefined where it may. Decided before anything is written (I2, I4). */
export function refusalOf(head: RunHead, terms: AppendTerms): Refusal | undefined {
  if (terms.fence === undefined) {
    const { status } = head.state;
    if (isTerminal(status) && !(terms.retries && status === "failed")) return "ended";
  } else if (!isHeldUnder(head, terms.fence)) {
    return "fence";
  }
  if (terms.epoch !== undefined && head.epoch !== terms.epoch) return "expect";
  return terms.expect && head.lastSequence > terms.seen ? "expect" : undefined;
}

// A suspended or ended run is nobody's, whatever its epoch: who suspended it has let go of it.
function isHeldUnder({ epoch, state }: RunHead, fence: number): boolean {
  return epoch === fence && state.status === "running";
}

/** What a claim appends. */
export function claimEvent(state: RunState, { workerId, version, now }: Claimant): WorkflowStarted | WorkflowResumed {
  if (state.status === "pending") return { type: "workflow.started", at: now, workerId, version };
  return { type: "workflow.resumed", at: now, reason: state.wakeReason ?? "recovery", workerId, version };
}

/** Who claims, and when. */
export interface Claimant {
  readonly workerId: WorkerId;
  /** Of the code that it has loaded. */
  readonly version: string;
  readonly now: number;
}

/** Which runs by the danger they are: those that may execute beside others, those that must be alone (`mustRunAlone`), or both. */
export type Company = "crowd" | "alone" | "any";

/** Which runs a worker asks for. */
export interface ClaimTerms {
  readonly workflows: readonly string[];
  readonly version: string;
  readonly company: Company;
  readonly now: number;
}

/**
 * Whether a worker may claim the run: it is due, or was parked under another version of the code. `isServed` says whether a worker that
 * claims serves a version: a run reserved for one is left to that worker.
 */
export function isClaimable(run: RunRecord, terms: ClaimTerms, isServed: (version: string) => boolean): boolean {
  if (!terms.workflows.includes(run.workflowName)) return false;
  if (terms.company !== "any" && mustRunAlone(run) !== (terms.company === "alone")) return false;
  if (run.reservedFor !== undefined && run.reservedFor !== terms.version && isServed(run.reservedFor)) return false;
  if (run.parked) return run.parked.version !== terms.version;
  return run.dueAt !== undefined && run.dueAt <= terms.now;
}
