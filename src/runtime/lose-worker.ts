import type { Clock } from "../base/clock.js";
import type { LossOutcome } from "../core/recovery.js";
import type { ExecutorNote } from "../engine/executor.js";
import type { Backend, WorkerLoss } from "../storage/backend.js";
import type { ProcessLocks } from "./process-lock.js";

export interface LoseParts {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly locks: ProcessLocks;
  readonly onNote: (note: ExecutorNote) => void;
}

/** Declares a worker dead, tells which runs that interrupts or fails, and clears away what it left on this machine. Throws StorageError. */
export async function loseWorker({ backend, clock, locks, onNote }: LoseParts, loss: Omit<WorkerLoss, "now">): Promise<readonly LossOutcome[]> {
  const outcomes = await backend.loseWorker({ ...loss, now: clock.now() });
  for (const { runId, status, recoveryAttempts } of outcomes) {
    const level = status === "failed" ? "error" : "warn";
    onNote({ level, message: `run ${status}: it lost its worker (${loss.error})`, runId, fields: { recovery_attempts: recoveryAttempts } });
  }
  locks.forget(loss.workerId);
  return outcomes;
}
