import type { Clock } from "../../base/clock.js";
import type { RandomBytes, WorkerId } from "../../core/ids.js";
import type { ExecutorNote } from "../../engine/executor.js";
import type { Backend } from "../../storage/backend.js";
import type { ProcessLocks } from "../process-lock.js";
import type { Launch } from "./child.js";
import type { WorkerLook } from "./look.js";
import type { Begin } from "./messages.js";

/** What a supervisor is made of. */
export interface SupervisorParts {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly locks: ProcessLocks;
  readonly launch: Launch;
  readonly newWorkerId: () => WorkerId;
  /** Of the runs that schedules start. */
  readonly random: RandomBytes;
  readonly settings: SupervisorSettings;
  /** What every worker process is told beside who it is. */
  readonly begin: Omit<Begin, "workerId" | "parentId" | "company">;
  readonly onNote: (note: ExecutorNote) => void;
  /** Hears some four times a second how things stand. */
  readonly onLook?: (look: WorkerLook) => void;
  /** Hears what the processes print; absent: it goes where our own output goes. */
  readonly onOutput?: (text: string) => void;
}

export interface SupervisorSettings {
  readonly processes: number;
  /** Cores of the machine: as many runs as are idle may execute alone. */
  readonly cores: number;
  readonly pid: number;
  readonly leaseMs: number;
  readonly shutdownTimeoutMs: number;
  /** End when nothing is due, of runs and schedules, and nothing runs. */
  readonly drain: boolean;
  /** Whether it starts the runs of schedules. */
  readonly scheduler: boolean;
}
