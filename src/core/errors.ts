import type { Duration } from "../base/duration.js";
import type { OperationId, RunId } from "./ids.js";

/**
 * The closed family of errors that a user can cause. Each has a `code` (a heading of docs/errors.md), the facts as
 * fields, and a `hint`: the next step. A bug of ours is not among them. `instanceof` goes by the code, so it holds for an
 * error that was stored and read back, and across two copies of the package.
 */
export abstract class PyworkflowError extends Error {
  static readonly code: string = "";
  readonly code: string;
  /** What to do next. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = new.target.code;
    this.hint = hint;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, "code")) return Function.prototype[Symbol.hasInstance].call(this, value);
    if (!(value instanceof Error)) return false;
    const code: unknown = Reflect.get(value, "code");
    if (this.code !== "") return code === this.code;
    return typeof code === "string" && typeof Reflect.get(value, "hint") === "string";
  }
}

/** Thrown by a step that must not be tried again. */
export class FatalError extends PyworkflowError {
  static override readonly code = "FATAL";
  constructor(message: string, options?: ErrorOptions) {
    super(message, "the step is not tried again: mend the cause and start a new run", options);
  }
}

/** What a step may say beside its message. */
export interface RetryableErrorOptions extends ErrorOptions {
  /** Wait before the next attempt: `"30s"`, seconds, or a point in time. Wins over the step's `retryDelay`. */
  readonly retryAfter?: Duration | Date;
}

/** Thrown by a step that knows when to try again. */
export class RetryableError extends PyworkflowError {
  static override readonly code = "RETRYABLE";
  readonly retryAfter?: Duration | Date;
  constructor(message: string, options: RetryableErrorOptions = {}) {
    super(message, "the step is tried again until its maxRetries are used up", options);
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }
}

/** The run is being cancelled; thrown by the durable calls that wait. */
export class CancellationError extends PyworkflowError {
  static override readonly code = "CANCELLED";
  constructor(message = "the run was cancelled") {
    super(message, "clean up in a finally block and let the error pass");
  }
}

/** An attempt took longer than the step's `timeout`. Retryable. */
export class StepTimeoutError extends PyworkflowError {
  static override readonly code = "STEP_TIMEOUT";
  readonly operationId: OperationId;
  readonly timeoutMs: number;
  constructor(operationId: OperationId, timeoutMs: number) {
    super(`${operationId} did not finish within ${timeoutMs} ms`, "raise the step's timeout, or pass stepContext().signal on to what it waits for");
    this.operationId = operationId;
    this.timeoutMs = timeoutMs;
  }
}

/** The code asks for other operations than the history has. The run is parked, nothing new has acted. */
export class NonDeterministicWorkflowError extends PyworkflowError {
  static override readonly code = "NON_DETERMINISTIC";
  readonly operationId?: OperationId;
  readonly place?: string;
  constructor(message: string, operationId?: OperationId, place?: string) {
    super(message, "undo the change and restart the worker: the run goes on where it stopped");
    if (operationId !== undefined) this.operationId = operationId;
    if (place !== undefined) this.place = place;
  }
}

/** The body waited for something that is not in the log. The run is parked. */
export class NonDurableAwaitError extends PyworkflowError {
  static override readonly code = "NON_DURABLE_AWAIT";
  readonly operationId?: OperationId;
  readonly place?: string;
  constructor(message: string, operationId?: OperationId, place?: string) {
    super(message, "put what the body waits for (a file, a request, a timer) into a step, or use sleep()");
    if (operationId !== undefined) this.operationId = operationId;
    if (place !== undefined) this.place = place;
  }
}

/** A value that the log cannot hold: `path` leads to it. */
export class NotStorableValueError extends PyworkflowError {
  static override readonly code = "NOT_STORABLE";
  readonly owner: string;
  readonly path: string;
  constructor(owner: string, path: string, what: string) {
    super(`${owner} can't be stored: ${path === "" ? "it" : path} is ${what}`, "return plain data: objects, arrays, strings, numbers, Dates, Maps, Sets, Buffers");
    this.owner = owner;
    this.path = path;
  }
}

/** A value that is larger than the payload limit. */
export class PayloadTooLargeError extends PyworkflowError {
  static override readonly code = "PAYLOAD_TOO_LARGE";
  readonly owner: string;
  readonly bytes: number;
  readonly limit: number;
  constructor(owner: string, bytes: number, limit: number) {
    super(`${owner} takes ${bytes} bytes, the limit is ${limit}`, "store the large value elsewhere and pass its address, or raise limits.payload_bytes");
    this.owner = owner;
    this.bytes = bytes;
    this.limit = limit;
  }
}

/** A run has more events than the hard limit allows. */
export class EventLimitExceededError extends PyworkflowError {
  static override readonly code = "EVENT_LIMIT";
  readonly runId: RunId;
  readonly limit: number;
  constructor(runId: RunId, limit: number) {
    super(`run ${runId} has reached the limit of ${limit} events`, "split the work into several runs, or raise limits.event_hard");
    this.runId = runId;
    this.limit = limit;
  }
}

/** The run's worker was lost, and its settings allow no recovery. */
export class RecoveryDisabledError extends PyworkflowError {
  static override readonly code = "RECOVERY_DISABLED";
  readonly runId: RunId;
  constructor(runId: RunId, loss: string) {
    super(`the worker of run ${runId} was lost (${loss}) and its recovery is switched off`, "start a new run, or set recoverOnWorkerLoss");
    this.runId = runId;
  }
}

/** The run lost its worker too often without a new outcome. */
export class RecoveryExhaustedError extends PyworkflowError {
  static override readonly code = "RECOVERY_EXHAUSTED";
  readonly runId: RunId;
  readonly maxRecoveryAttempts: number;
  constructor(runId: RunId, maxRecoveryAttempts: number, loss: string) {
    super(
      `run ${runId} lost its worker ${maxRecoveryAttempts + 1} times without getting on (last: ${loss})`,
      "look at the step that was running: it probably ends its process; or raise maxRecoveryAttempts",
    );
    this.runId = runId;
    this.maxRecoveryAttempts = maxRecoveryAttempts;
  }
}

/** The input does not fit the workflow's schema. Nothing was recorded. */
export class InvalidInputError extends PyworkflowError {
  static override readonly code = "INVALID_INPUT";
  readonly workflowName: string;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  constructor(workflowName: string, issues: readonly { readonly path: string; readonly message: string }[]) {
    const list = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
    super(`the input of ${workflowName} is not valid: ${list}`, `pyworkflow workflows info ${workflowName} shows the input`);
    this.workflowName = workflowName;
    this.issues = issues;
  }
}

/** A definition that can't stand: a name outside [A-Za-z0-9_.-], an option out of range. */
export class InvalidDefinitionError extends PyworkflowError {
  static override readonly code = "INVALID_DEFINITION";
}

/** Two definitions bear one name. */
export class NameTakenError extends PyworkflowError {
  static override readonly code = "NAME_TAKEN";
  readonly kind: "workflow" | "step";
  readonly takenName: string;
  readonly places: readonly string[];
  constructor(kind: "workflow" | "step", takenName: string, places: readonly string[]) {
    const isMadeAnew = places.length === 2 && places[0] === places[1];
    const hint = isMadeAnew ? "define it at the top of its module: there it is made once" : "give one of them another name";
    super(`two ${kind}s are called ${takenName}${places.length > 0 ? `: ${places.join(" and ")}` : ""}`, hint);
    this.kind = kind;
    this.takenName = takenName;
    this.places = places;
  }
}

/** A call that needs a run was made outside its code: outside a workflow, or outside a step. */
export class NotInWorkflowError extends PyworkflowError {
  static override readonly code = "NOT_IN_WORKFLOW";
  constructor(call: string, owner: "workflow" | "step") {
    const stranger = owner === "workflow" ? "a step" : "the workflow itself";
    super(`${call} was called outside a ${owner}`, `call it from the function of a ${owner}() while a run executes it, not from ${stranger} or a script`);
  }
}

/** No workflow of that name was defined in this process. */
export class WorkflowNotFoundError extends PyworkflowError {
  static override readonly code = "WORKFLOW_NOT_FOUND";
  readonly workflowName: string;
  constructor(workflowName: string, suggestion: string) {
    super(`there is no workflow called ${workflowName}`, suggestion);
    this.workflowName = workflowName;
  }
}

/** No run of the store has that id or prefix. */
export class RunNotFoundError extends PyworkflowError {
  static override readonly code = "RUN_NOT_FOUND";
  readonly query: string;
  constructor(query: string) {
    super(`there is no run ${query} in this store`, "pyworkflow runs list shows the newest runs; --storage-path names another store");
    this.query = query;
  }
}

/** An id prefix that fits more than one run. */
export class AmbiguousRunError extends PyworkflowError {
  static override readonly code = "RUN_AMBIGUOUS";
  readonly prefix: string;
  readonly candidates: readonly string[];
  constructor(prefix: string, candidates: readonly string[]) {
    super(`${prefix} fits more than one run: ${candidates.join(", ")}`, "type more of the id");
    this.prefix = prefix;
    this.candidates = candidates;
  }
}

/** The run ended as failed; `cause` is what its body threw. */
export class RunFailedError extends PyworkflowError {
  static override readonly code = "RUN_FAILED";
  readonly runId: RunId;
  constructor(runId: RunId, cause: Error) {
    const hint = `pyworkflow runs logs ${runId} shows what happened`;
    super(`run ${runId} failed: ${cause.message}`, cause instanceof PyworkflowError ? `${cause.hint}; ${hint}` : hint, { cause });
    this.runId = runId;
  }
}

/** The run was cancelled, so it has no result. */
export class RunCancelledError extends PyworkflowError {
  static override readonly code = "RUN_CANCELLED";
  readonly runId: RunId;
  constructor(runId: RunId) {
    super(`run ${runId} was cancelled`, `pyworkflow runs logs ${runId} shows when and by whom`);
    this.runId = runId;
  }
}

/** Somebody asked for what only a run that has ended can give. */
export class RunNotEndedError extends PyworkflowError {
  static override readonly code = "RUN_NOT_ENDED";
  readonly runId: RunId;
  readonly status: string;
  constructor(runId: RunId, status: string) {
    super(`run ${runId} has no result yet: it is ${status}`, `pyworkflow runs wait ${runId} waits for its end`);
    this.runId = runId;
    this.status = status;
  }
}

/** Nobody saw the run end within the time given. The run itself goes on. */
export class WaitTimeoutError extends PyworkflowError {
  static override readonly code = "WAIT_TIMEOUT";
  readonly runId: RunId;
  readonly status: string;
  constructor(runId: RunId, status: string) {
    super(`run ${runId} is still ${status}`, `it goes on; pyworkflow runs wait ${runId} waits again`);
    this.runId = runId;
    this.status = status;
  }
}

/** Why a store failed, and what became of the write. */
export interface StorageFailure {
  readonly kind: "busy" | "full" | "io" | "closed" | "unreadable" | "newer" | "older" | "network";
  /** What became of the write: nothing of it was kept, or only reading again can tell. */
  readonly outcome: "rolled_back" | "unknown";
  readonly hint: string;
  readonly cause?: unknown;
}

/** The store could not do what it was asked to. */
export class StorageError extends PyworkflowError {
  static override readonly code = "STORAGE";
  readonly kind: StorageFailure["kind"];
  readonly outcome: StorageFailure["outcome"];
  constructor(message: string, failure: StorageFailure) {
    super(message, failure.hint, { cause: failure.cause });
    this.kind = failure.kind;
    this.outcome = failure.outcome;
  }
}

/** Where something that a person wrote went wrong, and what to write instead. */
export interface Advice extends ErrorOptions {
  /** `file:line:column`, a flag, or a variable. */
  readonly place: string;
  readonly hint: string;
}

/** The configuration does not say what we understand. */
export class ConfigError extends PyworkflowError {
  static override readonly code = "CONFIG";
  readonly place: string;
  constructor(message: string, { place, hint, ...options }: Advice) {
    super(`${place}: ${message}`, hint, options);
    this.place = place;
  }
}

/** A workflow module could not be found, compiled or imported. */
export class ModuleError extends PyworkflowError {
  static override readonly code = "MODULE";
  readonly place: string;
  constructor(message: string, { place, hint, ...options }: Advice) {
    super(`${place}: ${message}`, hint, options);
    this.place = place;
  }
}

/** A new project would replace files that are there already. Nothing was written. */
export class FilesExistError extends PyworkflowError {
  static override readonly code = "FILES_EXIST";
  readonly dir: string;
  readonly files: readonly string[];
  constructor(dir: string, files: readonly string[]) {
    super(`${dir} has ${files.join(", ")} already, with another content`, "--yes replaces them and keeps a backup of each; --dir names another folder");
    this.dir = dir;
    this.files = files;
  }
}

/** A new project could not be written; the folder is as it was. */
export class ProjectFolderError extends PyworkflowError {
  static override readonly code = "PROJECT_FOLDER";
  readonly path: string;
  constructor(path: string, cause: unknown) {
    super(`${path} can't be written: ${cause instanceof Error ? cause.message : String(cause)}`, "nothing was changed; make the folder writable, or name another one", { cause });
    this.path = path;
  }
}

/** The guided tour did not see what it promises. */
export class DemoFailedError extends PyworkflowError {
  static override readonly code = "DEMO_FAILED";
  /** The project it left behind, to look into. */
  readonly dir: string;
  constructor(message: string, dir: string, options?: ErrorOptions) {
    super(message, `the project is kept in ${dir}; pyworkflow runs logs @last shows what happened there`, options);
    this.dir = dir;
  }
}

/** A worker process ended before it could claim anything. */
export class WorkerProcessError extends PyworkflowError {
  static override readonly code = "WORKER_PROCESS";
  constructor(exit: string) {
    super(`a worker process ${exit} before it was ready`, "look at what it printed: a workflow module probably ends its process when it is imported");
  }
}

/** The process was ended in the middle of a command, by code that is not ours. */
export class EndedEarlyError extends PyworkflowError {
  static override readonly code = "ENDED_EARLY";
  constructor() {
    super(
      "the process ended before the command was done: a workflow module or a step called process.exit, failed where nobody catches, or waits at its top for what never comes",
      "look for that in your modules; a step that gives up throws FatalError",
    );
  }
}

/** No living worker of the store has such an id, or several have. */
export class WorkerNotFoundError extends PyworkflowError {
  static override readonly code = "WORKER_NOT_FOUND";
  readonly query: string;
  readonly candidates: readonly string[];
  constructor(query: string, candidates: readonly string[]) {
    const what = candidates.length > 1 ? `${query} fits more than one worker: ${candidates.join(", ")}` : `there is no living worker ${query} in this store`;
    super(what, candidates.length > 1 ? "type more of the id" : "pyworkflow worker list shows those that are alive");
    this.query = query;
    this.candidates = candidates;
  }
}
