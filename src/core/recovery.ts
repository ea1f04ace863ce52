import { encode, type Encoded } from "../base/codec.js";
import type { WorkflowEvent } from "./events/event.js";
import { RecoveryDisabledError, RecoveryExhaustedError } from "./errors.js";
import type { RunId, WorkerId } from "./ids.js";
import type { RunRecord, RunState } from "./run.js";

/** One loss of a worker, as one of its runs sees it. */
export interface Loss {
  readonly workerId: WorkerId;
  readonly now: number;
  readonly error: string;
  /** Whether this loss counts against the run. */
  readonly charged: boolean;
  readonly lastEventSequence: number;
}

/**
 * What is appended to a run whose worker was lost: interrupted, so that it is due again; or interrupted and failed, where
 * its settings allow no recovery (`recoverOnWorkerLoss`), or where its losses without a new outcome passed `maxRecoveryAttempts`.
 */
export function lossEvents(run: RunRecord, loss: Loss): readonly WorkflowEvent[] {
  const attempt = run.recoveryAttempts + (loss.charged ? 1 : 0);
  const failure = loss.charged ? refusal(run, attempt, loss.error) : undefined;
  const interrupted: WorkflowEvent = {
    type: "workflow.interrupted",
    reason: "worker_lost",
    at: loss.now,
    workerId: loss.workerId,
    lastEventSequence: loss.lastEventSequence,
    error: loss.error,
    recoveryAttempt: attempt,
    recoverable: failure === undefined,
  };
  if (failure === undefined) return [interrupted];
  // Once that is requested, it is the only end.
  if (run.cancellationRequested) return [interrupted, { type: "workflow.cancelled", at: loss.now, reason: failure.message, cleanupCompleted: false }];
  return [interrupted, { type: "workflow.failed", at: loss.now, value: encode(failure) }];
}

function refusal(run: RunRecord, attempt: number, error: string): Error | undefined {
  if (!run.recoverOnWorkerLoss || run.maxRecoveryAttempts === 0) return new RecoveryDisabledError(run.runId, error);
  if (attempt > run.maxRecoveryAttempts) return new RecoveryExhaustedError(run.runId, run.maxRecoveryAttempts, error);
  return undefined;
}

/** What a loss has made of a run. */
export interface LossOutcome {
  readonly runId: RunId;
  readonly status: "interrupted" | "failed" | "cancelled";
  readonly recoveryAttempts: number;
  readonly error?: Encoded;
}

/** The run as it stands after its {@link lossEvents}. */
export function outcomeOfLoss(runId: RunId, { status, recoveryAttempts, error }: RunState): LossOutcome {
  return { runId, status: status === "failed" || status === "cancelled" ? status : "interrupted", recoveryAttempts, ...(error !== undefined && { error }) };
}
