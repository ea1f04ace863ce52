import { PyworkflowError } from "../core/errors.js";

// The contract with scripts. A code that is not listed ends as 1: configuration, modules, the store, and our own bugs.
const exitCodes: Readonly<Record<string, number>> = {
  USAGE: 2,
  INVALID_INPUT: 2,
  INVALID_PAYLOAD: 2,
  NOT_STORABLE: 2,
  PAYLOAD_TOO_LARGE: 2,
  RUN_AMBIGUOUS: 2,
  INVALID_SCHEDULE: 2,
  INVALID_BUNDLE: 2,
  SCHEDULE_AMBIGUOUS: 2,
  WORKER_AMBIGUOUS: 2,
  RUN_FAILED: 3,
  RUN_CANCELLED: 3,
  STORE_NOT_FOUND: 4,
  RUN_NOT_FOUND: 4,
  WORKFLOW_NOT_FOUND: 4,
  WORKER_NOT_FOUND: 4,
  HOOK_NOT_FOUND: 4,
  INVALID_TOKEN: 4,
  OPERATION_NOT_FOUND: 4,
  SCHEDULE_NOT_FOUND: 4,
  RUN_NOT_ENDED: 5,
  RUN_ENDED: 5,
  RETRY_REFUSED: 5,
  RERUN_REFUSED: 5,
  EXPORT_REFUSED: 5,
  IMPORT_CONFLICT: 5,
  HOOK_ALREADY_RECEIVED: 5,
  HOOK_EXPIRED: 5,
  HOOK_DISPOSED: 5,
  SCHEDULE_EXISTS: 5,
  SCHEDULE_STATUS: 5,
  TICK_SKIPPED: 5,
  FILES_EXIST: 5,
  FILE_EXISTS: 5,
  WAIT_TIMEOUT: 6,
  NON_DETERMINISTIC: 7,
  NON_DURABLE_AWAIT: 7,
  INTERRUPTED: 130,
};

/** What each number tells a script. */
export const exitCodeMeanings: Readonly<Record<number, string>> = {
  0: "done",
  1: "an error that is none of the others: configuration, modules, the store, a bug of ours",
  2: "what was typed, or given as input or payload, is not valid; nothing was done",
  3: "the run that was waited for, or whose result was asked for, failed or was cancelled",
  4: "there is no such store, run, workflow, hook, schedule, worker or operation",
  5: "it is not in a state for that: ended already, received already, there already",
  6: "the time to wait was over; the run goes on",
  7: "code and history do not fit",
  130: "interrupted by Ctrl+C, or by a second signal where the first one drains",
};

/** What the process ends with after this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof PyworkflowError ? (exitCodes[error.code] ?? 1) : 1;
}
