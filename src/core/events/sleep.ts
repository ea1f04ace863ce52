import type { Encoded } from "../../base/codec.js";
import type { OperationId } from "../ids.js";

/** A timer is set for `resumeAt`. `value` holds the argument of the call, for the drift check. */
export interface SleepStarted {
  readonly type: "sleep.started";
  readonly at: number;
  readonly operationId: OperationId;
  readonly resumeAt: number;
  readonly after: number;
  readonly value: Encoded;
}

/** The timer has fired. */
export interface SleepCompleted {
  readonly type: "sleep.completed";
  readonly at: number;
  readonly operationId: OperationId;
}

export type SleepEvent = SleepStarted | SleepCompleted;
