import type { Clock } from "../../base/clock.js";
import type { RandomBytes, WorkerId } from "../../core/ids.js";
import type { Retention } from "../../core/retention.js";
import type { ExecutorNote } from "../../engine/executor.js";
import type { Backend } from "../../storage/backend.js";
import type { ProcessLocks } from "../process-lock.js";
import type { Launch } from "./child.js";
import type { WorkerLook } from "./look.js";
import type { Begin, SourceFile } from "./messages.js";

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
  readonly retention: Retention;
  /** What every worker process is told beside who it is. */
  readonly begin: Omit<Begin, "workerId" | "parentId" | "company">;
  /** Tells when the code has changed on disk: the processes are then replaced by such that run the new one. */
  readonly codeWatch?: CodeWatch;
  readonly onNote: (note: ExecutorNote) => void;
  /** Hears some four times a second how things stand. */
  readonly onLook?: (look: WorkerLook) => void;
  /** Hears what the processes print; absent: it goes where our own output goes. */
  readonly onOutput?: (text: string) => void;
}

/** Looks at the user's code, for who runs it while it is being written. */
export interface CodeWatch {
  /**
   * The files that are no longer what `sources`, the running code, was made of, each change told once, when it stands still: paths for people.
   * Empty where there is nothing to tell.
   */
  changed(sources: readonly SourceFile[]): Promise<readonly string[]>;
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
  /** A process whose resident memory grows past this is replaced. */
  readonly maxMemoryBytes?: number;
}
