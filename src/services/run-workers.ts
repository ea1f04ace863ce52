import type { Begin } from "../runtime/supervisor/messages.js";
import type { Launch } from "../runtime/supervisor/child.js";
import type { WorkerLook } from "../runtime/supervisor/look.js";
import { startSupervisor, type Supervisor } from "../runtime/supervisor/supervisor.js";
import type { ExecutorNote } from "../engine/executor.js";
import { ConfigError } from "../core/errors.js";
import type { RandomBytes, WorkerId } from "../core/ids.js";
import type { LogOptions } from "../core/log-options.js";
import type { Project } from "./project.js";

export type { ProcessLook, RecoveredRun, RunLook, WorkerLook } from "../runtime/supervisor/look.js";

export interface RunWorkersOptions {
  /** Worker processes. Default: what the configuration says, else one for each core. */
  readonly processes?: number;
  /** Runs at a time in each process. Default: what the configuration says. */
  readonly concurrency?: number;
  readonly shutdownTimeoutMs?: number;
  /** Execute these workflows only. Default: all that the modules define. */
  readonly workflows?: readonly string[];
  /** End when nothing is due and nothing runs. */
  readonly drain: boolean;
  /** Start the runs of schedules. Default true. */
  readonly scheduler?: boolean;
  /** The name of this machine for people who list workers. */
  readonly hostname: string;
  readonly log: LogOptions;
  readonly onNote: (note: ExecutorNote) => void;
  /** Hears some four times a second how things stand; for a live view. */
  readonly onLook?: (look: WorkerLook) => void;
  /** Hears what the processes print, their logs too, which else goes where our own output goes. Whole lines, mostly. */
  readonly onOutput?: (text: string) => void;
}

/** What the machine gives; made by `main`. */
export interface ProcessMeans {
  readonly launch: Launch;
  readonly newWorkerId: () => WorkerId;
  readonly random: RandomBytes;
  readonly cores: number;
  readonly pid: number;
}

/** Workers at work, or about to be. */
export interface RunningWorkers extends Supervisor {
  readonly processes: number;
}

/** Starts a supervisor with its worker processes. Throws ConfigError where the store is not one that processes can share. */
export function runWorkers(project: Project, options: RunWorkersOptions, means: ProcessMeans): RunningWorkers {
  const { config, backend, clock, locks } = project;
  if (config.storage.backend === "memory") {
    throw new ConfigError("a store in memory can't be shared by worker processes", { place: "storage", hint: "choose --storage sqlite" });
  }
  const { processes = config.worker.processes ?? means.cores, concurrency = config.worker.concurrency } = options;
  const shutdownTimeoutMs = options.shutdownTimeoutMs ?? config.worker.shutdownTimeoutMs;
  const { hostname, workflows, log, drain, scheduler = true, onNote, onLook, onOutput } = options;
  const begin: Omit<Begin, "workerId" | "parentId" | "company"> = {
    concurrency,
    hostname,
    log,
    config: { ...config, worker: { ...config.worker, shutdownTimeoutMs } },
    ...(workflows && { workflows }),
  };
  const { cores, pid, launch, newWorkerId, random } = means;
  const settings = { processes, cores, pid, leaseMs: config.worker.leaseMs, shutdownTimeoutMs, drain, scheduler };
  const supervisor = startSupervisor({ backend, clock, locks, launch, newWorkerId, random, settings, begin, onNote, ...(onLook && { onLook }), ...(onOutput && { onOutput }) });
  return Object.assign(supervisor, { processes });
}
