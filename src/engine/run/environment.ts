import type { Clock } from "../../base/clock.js";
import type { WorkerId } from "../../core/ids.js";
import type { Backend } from "../../storage/backend.js";
import type { ExecutorEvents } from "../executor.js";
import type { StepDefinition, WorkflowDefinition } from "../definition.js";
import type { RecoverySettings } from "../new-run.js";
import type { GroupCommit } from "../group-commit.js";
import type { StepSlots } from "./step-slots.js";

/** What the runs of one process are given from outside. */
export interface GivenEnvironment {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly workerId: WorkerId;
  /** Version of the loaded code. */
  readonly version: string;
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>;
  readonly limits: RunLimits;
  /** For the children that runs start. */
  readonly recovery: RecoverySettings;
  readonly events: ExecutorEvents;
  /** What runs in the place of a step, for tests. */
  stepFor?(definition: StepDefinition): StepDefinition;
  /** 0 ≤ chance < 1, for jitter. */
  random(): number;
}

/** What the runs of one process share. */
export interface RunEnvironment extends GivenEnvironment {
  readonly commits: GroupCommit;
  readonly slots: StepSlots;
}

/** How large a run may grow: events, and bytes of one value. */
export interface RunLimits {
  readonly eventSoft: number;
  readonly eventHard: number;
  readonly eventWarningInterval: number;
  readonly payloadBytes: number;
}
