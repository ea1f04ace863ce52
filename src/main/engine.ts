import type { WorkflowDefinition } from "../engine/definition.js";
import type { ExecutorNote } from "../engine/executor.js";
import type { CancelOptions } from "../services/cancel-run.js";
import type { ResumedHook } from "../services/resume-hook.js";
import type { RunHandle } from "../services/run-handle.js";
import type { Schedules } from "../services/schedules.js";

/** What `openEngine` may be told; the configuration says the rest. */
export interface EngineOptions {
  /** `sqlite:PATH` or `memory:`. Default: what the configuration says, else `sqlite:./pyworkflow_data/pyworkflow.db`. */
  readonly storage?: string;
  /** The workflows that this process executes. Default: every one that was defined in it. */
  readonly workflows?: readonly WorkflowDefinition[];
  /** A configuration file; `false`: none. Default: the nearest one upward. These options win over it. */
  readonly config?: string | false;
  /** What becomes of runs that lose their worker, where their definition does not say; stored with each run as it starts. Default: the configuration's. */
  readonly recovery?: { readonly recoverOnWorkerLoss?: boolean; readonly maxRecoveryAttempts?: number };
  /** Runs at a time in this process. */
  readonly concurrency?: number;
  /** False: only start and look at runs; workers elsewhere execute them. Default true. */
  readonly execute?: boolean;
  /**
   * False: declared schedules are stored, and others start the runs of schedules: a worker, another engine, `pyworkflow scheduler run`. Default true, where
   * this process executes.
   */
  readonly scheduler?: boolean;
  /** Names the version of the code. Default: a hash of the source of the workflows and steps. */
  readonly version?: string;
  /** What the engine and the runs' logs have to say. Default: warnings and errors on stderr. */
  readonly onNote?: (note: ExecutorNote) => void;
}

/** What a start may be told beside the input. */
export interface StartOptions {
  /** A second start of the workflow with the same key names the first run, whatever its status. */
  readonly idempotencyKey?: string;
  readonly tags?: readonly string[];
}

/** An engine inside this process. */
export interface Engine {
  /**
   * Records a run; when this resolves, the run will happen. Throws InvalidInputError, NotStorableValueError, PayloadTooLargeError, or
   * InvalidDefinitionError for what is no workflow or an empty key, before anything is recorded; StorageError where the store refuses.
   */
  start<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options?: StartOptions): Promise<RunHandle<Output>>;
  /** A run that was started earlier, here or elsewhere. Throws RunNotFoundError for a text that is no run id. */
  run(runId: string): RunHandle;
  /**
   * Asks a run to end: its code cleans up, then it is cancelled. False where it had ended before. Throws RunNotFoundError, and
   * WaitTimeoutError where the end was to be waited for and did not come in time.
   */
  cancel(run: string | RunHandle, options?: CancelOptions): Promise<boolean>;
  /**
   * Gives a hook its payload, and its run goes on. Throws InvalidTokenError, HookNotFoundError, HookAlreadyReceivedError, HookExpiredError,
   * HookDisposedError, InvalidPayloadError, NotStorableValueError or PayloadTooLargeError; then nothing was recorded.
   */
  resumeHook(token: string, payload: unknown): Promise<ResumedHook>;
  /** When workflows start by themselves. */
  readonly schedules: Schedules;
  /** Gives running steps up to `shutdownTimeoutMs` (default: the configuration's), hands the rest over, closes the store. */
  close(options?: { readonly shutdownTimeoutMs?: number }): Promise<void>;
}
