import type { Company } from "../../core/claim.js";
import type { RunId, WorkerId } from "../../core/ids.js";
import type { RunStatus } from "../../core/run.js";

/** What a supervisor sees of its processes at one moment; some four looks a second. Times are milliseconds since the epoch. */
export interface WorkerLook {
  readonly at: number;
  /** By their slots, then those that make room for a new one in the same slot. */
  readonly processes: readonly ProcessLook[];
  /** Runs that execute now, in all processes. */
  readonly activeRuns: number;
  /** Runs that came to their end here since the supervisor began. Processes tell of them once a second. */
  readonly processed: number;
  /** The same as a rate: runs that ended a second, over the last ten. */
  readonly endedPerSecond: number;
  /** Those that execute now, newest claim first; the first hundred of `activeRuns`. */
  readonly running: readonly RunLook[];
  /** Runs that this supervisor took from dead workers, the last loss first; the last hundred of `recoveries`, as they stand now. */
  readonly recovered: readonly RecoveredRun[];
  readonly recoveries: number;
}

export interface ProcessLook {
  readonly workerId: WorkerId;
  /** Absent where it could not be started. */
  readonly pid?: number;
  /** `starting`: its modules are being loaded. `draining`: it makes room, or the whole supervisor stops. `ended`: as it was asked to. */
  readonly status: "starting" | "online" | "draining" | "ended" | "dead";
  /** `alone`: it was started for runs that may be what kills their workers. */
  readonly company: Company;
  /** 1, 2, 3…; who is started in the place of another has the same. */
  readonly slot: number;
  /** Processes that were in this slot before. */
  readonly restarts: number;
  readonly activeRuns: number;
  readonly processed: number;
  /** Resident memory, bytes; absent until it has told it. */
  readonly memoryBytes?: number;
  readonly startedAt: number;
}

export interface RunLook {
  readonly runId: RunId;
  readonly workflowName: string;
  readonly workerId: WorkerId;
  /** First claim of the run. */
  readonly startedAt: number;
  /** Losses in a row without a new outcome. */
  readonly recoveryAttempts: number;
}

export interface RecoveredRun {
  readonly runId: RunId;
  readonly workflowName: string;
  readonly status: RunStatus;
  /** When it lost its worker. */
  readonly lostAt: number;
}
