import type { Config } from "../config/config.js";
import type { CodeWatch, SupervisorParts, SupervisorSettings } from "../runtime/supervisor/parts.js";
import type { Launch } from "../runtime/supervisor/child.js";
import type { WorkerLook } from "../runtime/supervisor/look.js";
import { startSupervisor, type Supervisor } from "../runtime/supervisor/supervisor.js";
import type { ExecutorNote } from "../engine/executor.js";
import { ConfigError } from "../core/errors.js";
import type { RandomBytes, WorkerId } from "../core/ids.js";
import type { LogOptions } from "../core/log-options.js";
import type { Project } from "./project.js";

export type { ProcessLook, WorkerLook } from "../runtime/supervisor/look.js";

export interface RunWorkersOptions {
  /** Worker processes. Default: what the configuration says, else one for each core. */
  readonly processes?: number;
  /** Runs at a time in each process. Default: what the configuration says. */
  readonly concurrency?: number;
  readonly shutdownTimeoutMs?: number;
  /** A process whose resident memory grows past this is replaced by a fresh one. Default: what the configuration says, else never. */
  readonly maxMemoryBytes?: number;
  /** Replace the processes when the workflow modules change on disk; for development. */
  readonly watch?: boolean;
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
  readonly watchCode: (config: Config) => CodeWatch;
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
  const { launch, newWorkerId, random } = means;
  const { onNote, onLook, onOutput } = options;
  const settings = settingsOf(config, options, means);
  const codeWatch = options.watch ? means.watchCode(config) : undefined;
  const asked = { ...(codeWatch && { codeWatch }), ...(onLook && { onLook }), ...(onOutput && { onOutput }) };
  const begin = beginOf(config, options, settings);
  const supervisor = startSupervisor({ backend, clock, locks, launch, newWorkerId, random, settings, retention: config.retention, begin, onNote, ...asked });
  return Object.assign(supervisor, { processes: settings.processes });
}

function settingsOf({ worker }: Config, options: RunWorkersOptions, { cores, pid }: ProcessMeans): SupervisorSettings {
  const { drain, scheduler = true, processes = worker.processes ?? cores } = options;
  const { shutdownTimeoutMs = worker.shutdownTimeoutMs, maxMemoryBytes = worker.maxMemoryBytes } = options;
  return { processes, cores, pid, leaseMs: worker.leaseMs, shutdownTimeoutMs, drain, scheduler, ...(maxMemoryBytes !== undefined && { maxMemoryBytes }) };
}

function beginOf(config: Config, options: RunWorkersOptions, { shutdownTimeoutMs, maxMemoryBytes }: SupervisorSettings): SupervisorParts["begin"] {
  const { concurrency = config.worker.concurrency, hostname, log, workflows, onLook } = options;
  return {
    concurrency,
    hostname,
    log,
    tellsMemory: maxMemoryBytes !== undefined || onLook !== undefined,
    config: { ...config, worker: { ...config.worker, shutdownTimeoutMs } },
    ...(workflows && { workflows }),
  };
}
