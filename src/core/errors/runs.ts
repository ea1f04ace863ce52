import { didYouMean } from "../../base/nearest.js";
import type { RunId } from "../ids.js";
import { PyworkflowError } from "./pyworkflow-error.js";
import { shown } from "./shown.js";

/** No workflow of that name was defined in this process. */
export class WorkflowNotFoundError extends PyworkflowError {
  static override readonly code = "WORKFLOW_NOT_FOUND";
  readonly workflowName: string;
  constructor(workflowName: string, suggestion: string) {
    super(`there is no workflow called ${shown(workflowName)}`, suggestion);
    this.workflowName = workflowName;
  }
}

/** No run of the store has that id or prefix. */
export class RunNotFoundError extends PyworkflowError {
  static override readonly code = "RUN_NOT_FOUND";
  readonly query: string;
  /** `meant`: the nearest id that there is. `continuedFrom`: the run that went on in the one that is gone. */
  constructor(query: string, { meant, continuedFrom }: { readonly meant?: string | undefined; readonly continuedFrom?: RunId | undefined } = {}) {
    const what = continuedFrom === undefined ? `there is no run ${shown(query)} in this store` : `run ${continuedFrom} went on in ${query}, which is no longer in this store`;
    const hint = didYouMean(meant, "pyworkflow runs list shows the newest runs; --storage-path names another store");
    super(what, continuedFrom === undefined ? hint : "it has ended and was pruned");
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

/** Somebody asked for what only a run that lives can do. Nothing was changed. */
export class RunEndedError extends PyworkflowError {
  static override readonly code = "RUN_ENDED";
  readonly runId: RunId;
  readonly status: string;
  constructor(runId: RunId, status: string) {
    super(`run ${runId} has ended already: it is ${status}`, `nothing was changed; pyworkflow runs status ${runId} shows how it ended`);
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
    super(`run ${runId} is still ${status}`, `pyworkflow runs why ${runId} tells what it waits for; pyworkflow runs wait ${runId} waits again`);
    this.runId = runId;
    this.status = status;
  }
}

/** The run can't be taken up again. Nothing was changed. */
export class RetryRefusedError extends PyworkflowError {
  static override readonly code = "RETRY_REFUSED";
  readonly runId: RunId;
  constructor(runId: RunId, reason: string, hint: string) {
    super(`run ${runId} can't be retried: ${reason}`, hint);
    this.runId = runId;
  }
}

/** No new run can begin with that part of the run's history. Nothing was started. */
export class RerunRefusedError extends PyworkflowError {
  static override readonly code = "RERUN_REFUSED";
  readonly runId: RunId;
  constructor(runId: RunId, reason: string, hint: string) {
    super(`run ${runId} can't be run again from there: ${reason}`, hint);
    this.runId = runId;
  }
}

/** The run's history has no operation of that id. */
export class OperationNotFoundError extends PyworkflowError {
  static override readonly code = "OPERATION_NOT_FOUND";
  readonly runId: RunId;
  readonly operationId: string;
  constructor(runId: RunId, operationId: string, hint: string) {
    super(`the history of run ${runId} has no operation ${operationId}`, hint);
    this.runId = runId;
    this.operationId = operationId;
  }
}

/** What was to be imported is no sound bundle of runs. Nothing was imported. */
export class InvalidBundleError extends PyworkflowError {
  static override readonly code = "INVALID_BUNDLE";
  /** Where in the document, e.g. `$.runs[3].events[17].type`. */
  readonly path: string;
  constructor(path: string, what: string, hint = "nothing was imported; export the runs again") {
    super(`${path} ${what}`, hint);
    this.path = path;
  }
}

/** The store has something in the place of a run that was to be imported, or the run may still execute elsewhere. Nothing was imported. */
export class ImportConflictError extends PyworkflowError {
  static override readonly code = "IMPORT_CONFLICT";
  readonly runId: RunId;
  constructor(runId: RunId, what: string, hint: string) {
    super(`run ${runId} ${what}`, hint);
    this.runId = runId;
  }
}

/** The run can't be put into a bundle. */
export class ExportRefusedError extends PyworkflowError {
  static override readonly code = "EXPORT_REFUSED";
  readonly runId: RunId;
  constructor(runId: RunId, what: string, hint: string) {
    super(`run ${runId} ${what}`, hint);
    this.runId = runId;
  }
}
