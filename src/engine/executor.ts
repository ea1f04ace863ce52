import type { RunId } from "../core/ids.js";
import type { LogLevel } from "../core/log-options.js";
import type { RunRecord } from "../core/run.js";

/** Why a worker no longer holds a run: the run ended, waits, is parked; was handed over; or belongs to somebody else now. */
export type Departure = "ended" | "suspended" | "parked" | "released" | "lost";

/** Executes claimed runs in this process. Claiming, heartbeats and recovery are the worker's affair (`runtime/worker/`). */
export interface Executor {
  /** Executes a run that this worker has just claimed. Resolves when the worker no longer holds it; rejects only where its workflow is unknown. */
  execute(run: RunRecord): Promise<Departure>;

  /** Somebody appended to a run that is executing here, up to `sequence`: load it. Unknown runs and old sequences are ignored. */
  wake(runId: RunId, sequence: number): void;

  /**
   * Hands over what is executing. No new step starts; steps that run get `graceMs` to finish (their outcomes are committed),
   * then their signals abort and their runs are released, due at once for others. Resolves when nothing is held.
   */
  release(graceMs: number): Promise<void>;

  /** Hands one run over as {@link release} does, without a grace: after the outcome that is being committed. */
  releaseRun(runId: RunId): Promise<void>;

  /** This worker was declared dead: forgets everything, writes nothing, starts nothing. */
  drop(): void;

  /** How many runs execute here. */
  readonly active: number;

  /** The run whose code is on the stack right now, for blame when the process dies of it. */
  currentRun(): RunId | undefined;
}

/** What the executor tells its worker. */
export interface ExecutorEvents {
  /** A commit with a new outcome of the run was accepted. */
  onOutcome(runId: RunId): void;
  /** The store fails, and is asked again and again: claim nothing until {@link onStorageBack}. */
  onStorageTrouble(error: Error): void;
  onStorageBack(): void;
  /** A line for the log. */
  onNote(note: ExecutorNote): void;
}

/** A line for the log: of the engine, or of a run's own code. */
export interface ExecutorNote {
  readonly level: LogLevel;
  readonly message: string;
  readonly runId?: RunId;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The history of the run tells the same. */
  readonly inHistory?: true;
}
