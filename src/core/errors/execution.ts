import { parseDurationMs, type Duration } from "../../base/duration.js";
import type { ParkCode } from "../events/run.js";
import type { OperationId, RunId } from "../ids.js";
import { textOf, type Issue } from "./issue.js";
import { PyworkflowError } from "./pyworkflow-error.js";

/** Thrown by a step that must not be tried again. */
export class FatalError extends PyworkflowError {
  static override readonly code = "FATAL";
  constructor(message: string, options?: ErrorOptions) {
    super(message, "the step is not tried again: mend the cause, then pyworkflow runs retry takes the run up at it; or start a new one", options);
  }
}

/** What a step may say beside its message. */
export interface RetryableErrorOptions extends ErrorOptions {
  /** Wait before the next attempt: `"30s"`, seconds, or a point in time. Wins over the step's `retryDelay`. */
  readonly retryAfter?: Duration | Date;
}

/** Thrown by a step that knows when to try again. Throws InvalidDefinitionError for a `retryAfter` that is no duration. */
export class RetryableError extends PyworkflowError {
  static override readonly code = "RETRYABLE";
  readonly retryAfter?: Duration | Date;
  constructor(message: string, options: RetryableErrorOptions = {}) {
    super(message, "the step is tried again until its maxRetries are used up", options);
    if (options.retryAfter !== undefined) this.retryAfter = moment(message, options.retryAfter);
  }
}

// A wait that nobody understands would be passed over in silence: the Retry-After header of a server is "120", not "120s".
function moment(message: string, retryAfter: Duration | Date): Duration | Date {
  const isOne = retryAfter instanceof Date ? !Number.isNaN(retryAfter.getTime()) : parseDurationMs(retryAfter) !== undefined;
  if (isOne) return retryAfter;
  const written = retryAfter instanceof Date ? "an invalid Date" : JSON.stringify(retryAfter);
  throw new InvalidDefinitionError(`RetryableError(${JSON.stringify(message)}): its retryAfter is ${written}, which is no duration`, 'give "30s", a number of seconds, or a Date');
}

/** The run is being cancelled; thrown by the durable calls that wait. */
export class CancellationError extends PyworkflowError {
  static override readonly code = "CANCELLED";
  /** What was given with the request, if anything. */
  readonly reason?: string;
  constructor(message = "the run was cancelled", { reason }: { readonly reason?: string | undefined } = {}) {
    super(message, "clean up in a finally block and let the error pass");
    if (reason !== undefined) this.reason = reason;
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

/** A step did not call `heartbeat()` for longer than its `heartbeatTimeout`. Retryable. */
export class StepHeartbeatTimeoutError extends PyworkflowError {
  static override readonly code = "STEP_HEARTBEAT_TIMEOUT";
  readonly operationId: OperationId;
  readonly heartbeatTimeoutMs: number;
  constructor(operationId: OperationId, heartbeatTimeoutMs: number) {
    super(`${operationId} gave no heartbeat for ${heartbeatTimeoutMs} ms`, "call stepContext().heartbeat() more often, or raise the step's heartbeatTimeout");
    this.operationId = operationId;
    this.heartbeatTimeoutMs = heartbeatTimeoutMs;
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

/** The error that tells of a misfit of this kind. */
export function misfitError(message: string, { code, operationId, place }: { readonly code: ParkCode; readonly operationId?: OperationId; readonly place?: string }): PyworkflowError {
  const Misfit = code === "NON_DETERMINISTIC" ? NonDeterministicWorkflowError : NonDurableAwaitError;
  return new Misfit(message, operationId, place);
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
  readonly issues: readonly Issue[];
  constructor(workflowName: string, issues: readonly Issue[]) {
    super(`the input of ${workflowName} is not valid: ${textOf(issues)}`, `pyworkflow workflows info ${workflowName} shows the input`);
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
  readonly kind: "workflow" | "step" | "hook";
  readonly takenName: string;
  readonly places: readonly string[];
  constructor(kind: "workflow" | "step" | "hook", takenName: string, places: readonly string[]) {
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

/** A run took longer than its workflow's `maxDuration`, waits included. */
export class WorkflowTimeoutError extends PyworkflowError {
  static override readonly code = "WORKFLOW_TIMEOUT";
  readonly runId: RunId;
  readonly maxDurationMs: number;
  constructor(runId: RunId, maxDurationMs: number) {
    super(`run ${runId} did not end within ${maxDurationMs} ms`, "raise the workflow's maxDuration; pyworkflow runs retry gives the run that time once more");
    this.runId = runId;
    this.maxDurationMs = maxDurationMs;
  }
}

/** A call that only a log can keep was made in a run without one. */
export class DurableRunRequiredError extends PyworkflowError {
  static override readonly code = "DURABLE_RUN_REQUIRED";
  constructor(call: string) {
    super(`${call} was called in a transient run`, "such a run has no log to wait with: let the workflow be durable");
  }
}
