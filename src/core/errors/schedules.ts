import { didYouMean } from "../../base/nearest.js";
import { PyworkflowError } from "./pyworkflow-error.js";
import { shown } from "./shown.js";

/** A schedule that can't be: its times contradict each other, are not understood, or never come. Nothing was recorded. */
export class InvalidScheduleError extends PyworkflowError {
  static override readonly code = "INVALID_SCHEDULE";
  /** The option, e.g. `cron` or `calendar[1].month`. */
  readonly option: string;
  constructor(option: string, why: string, hint: string) {
    super(`${option}: ${why}`, hint);
    this.option = option;
  }
}

/** No schedule of the store has that id or prefix. */
export class ScheduleNotFoundError extends PyworkflowError {
  static override readonly code = "SCHEDULE_NOT_FOUND";
  readonly query: string;
  /** `meant`: the nearest id that there is. */
  constructor(query: string, { meant }: { readonly meant?: string | undefined } = {}) {
    super(`there is no schedule ${shown(query)} in this store`, didYouMean(meant, "pyworkflow schedules list shows them; --storage-path names another store"));
    this.query = query;
  }
}

/** An id prefix that fits more than one schedule. */
export class AmbiguousScheduleError extends PyworkflowError {
  static override readonly code = "SCHEDULE_AMBIGUOUS";
  readonly prefix: string;
  readonly candidates: readonly string[];
  constructor(prefix: string, candidates: readonly string[]) {
    super(`${prefix} fits more than one schedule: ${candidates.join(", ")}`, "type more of the id");
    this.prefix = prefix;
    this.candidates = candidates;
  }
}

/** A new schedule was given the id of another, perhaps of one that was deleted. */
export class ScheduleExistsError extends PyworkflowError {
  static override readonly code = "SCHEDULE_EXISTS";
  readonly scheduleId: string;
  constructor(scheduleId: string, isDeleted: boolean) {
    const hint = isDeleted ? `it was deleted: pyworkflow schedules resume ${scheduleId} brings it back` : `pyworkflow schedules update ${scheduleId} changes it`;
    super(`there is a schedule ${scheduleId} already`, hint);
    this.scheduleId = scheduleId;
  }
}

/** What was asked of a schedule does not fit its status. */
export class ScheduleStatusError extends PyworkflowError {
  static override readonly code = "SCHEDULE_STATUS";
  readonly scheduleId: string;
  readonly status: string;
  constructor(scheduleId: string, status: string, suggestion: string) {
    super(`the schedule ${scheduleId} is ${status}`, suggestion);
    this.scheduleId = scheduleId;
    this.status = status;
  }
}

/** A schedule was triggered, and its overlap policy let nothing start. The ledger has the tick. */
export class TickSkippedError extends PyworkflowError {
  static override readonly code = "TICK_SKIPPED";
  readonly scheduleId: string;
  readonly reason: string;
  constructor(scheduleId: string, reason: string) {
    super(`the schedule ${scheduleId} started nothing: ${reason}`, "--overlap names another policy for this once: allow_all starts a run beside the others, buffer_all after them");
    this.scheduleId = scheduleId;
    this.reason = reason;
  }
}
