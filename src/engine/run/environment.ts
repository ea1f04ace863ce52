import type { Clock } from "../../base/clock.js";
import type { WorkerId } from "../../core/ids.js";
import type { Backend } from "../../storage/backend.js";
import type { ExecutorEvents } from "../executor.js";
import type { GroupCommit } from "../group-commit.js";
import type { StepSlots } from "./step-slots.js";

/** What the runs of one process share. */
export interface RunEnvironment {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly workerId: WorkerId;
  /** Version of the loaded code. */
  readonly version: string;
  readonly limits: RunLimits;
  readonly commits: GroupCommit;
  readonly slots: StepSlots;
  readonly events: ExecutorEvents;
  /** 0 ≤ chance < 1, for jitter. */
  random(): number;
}

export interface RunLimits {
  readonly eventSoft: number;
  readonly eventHard: number;
  readonly eventWarningInterval: number;
  readonly payloadBytes: number;
}
