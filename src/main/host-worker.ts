import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { systemClock } from "../base/clock.js";
import type { Config } from "../config/config.js";
import type { Company } from "../core/claim.js";
import { newWorkerId, type RunId, type WorkerId } from "../core/ids.js";
import { createExecutor } from "../engine/create-executor.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import type { ExecutorNote } from "../engine/executor.js";
import { registeredWorkflows } from "../engine/registry.js";
import { beatEveryMs, timerHeartbeat } from "../runtime/worker/heartbeat.js";
import { startWorker, type Worker } from "../runtime/worker/worker.js";
import type { Project } from "../services/project.js";
import type { Backend, NewWorker } from "../storage/backend.js";
import { processLocksOf } from "./process-lock.js";
import { threadHeartbeat } from "./thread-heartbeat.js";

export interface HostOptions {
  readonly config: Config;
  readonly backend: Backend;
  readonly worker: Omit<NewWorker, "startedAt" | "workflows">;
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>;
  readonly company: Company;
  readonly onOutcome?: (runId: RunId) => void;
  readonly onNote: (note: ExecutorNote) => void;
}

/** A worker in this process: with the lock that tells others of its death, and a heartbeat that a long step does not stop. */
export async function hostWorker(options: HostOptions): Promise<Worker> {
  const { config, backend, workflows, onNote, company } = options;
  const worker = { ...options.worker, workflows: [...workflows.keys()] };
  const { leaseMs, shutdownTimeoutMs } = config.worker;
  const lock = processLocksOf(config.storage).hold(worker.workerId);
  try {
    const hosted = await startWorker({
      backend,
      worker,
      company,
      leaseMs,
      shutdownTimeoutMs,
      onNote,
      clock: systemClock,
      startHeartbeat: heartbeatFor(worker.workerId, options),
      ...(options.onOutcome && { onOutcome: options.onOutcome }),
      ...(worker.onlyRun && { onlyRun: worker.onlyRun }),
      createExecutor: (hooks) =>
        createExecutor({
          ...hooks,
          backend,
          workflows,
          version: worker.version,
          limits: config.limits,
          recovery: config.recovery,
          clock: systemClock,
          mayStart: () => hooks.mayStart(),
          random: () => Math.random(),
        }),
    });
    void hosted.ended.then(() => lock.release());
    return hosted;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export interface HostOneRunOptions {
  readonly runId: RunId;
  readonly version: string;
  readonly onNote: (note: ExecutorNote) => void;
}

/** A worker in this process that executes one run of the workflows it has loaded, with the children that it waits for and the run that goes on in its place. */
export function hostOneRun({ config, backend }: Project, { runId, version, onNote }: HostOneRunOptions): Promise<Worker> {
  const workerId = newWorkerId(systemClock.now(), randomBytes);
  const worker = { workerId, role: "embedded", hostname: hostname(), pid: process.pid, version, concurrency: config.worker.concurrency, onlyRun: runId } as const;
  return hostWorker({ config, backend, worker, workflows: registeredWorkflows(), company: "any", onNote });
}

function heartbeatFor(workerId: WorkerId, { config, backend, onNote }: HostOptions) {
  const { storage, worker } = config;
  if (storage.backend === "memory") {
    return timerHeartbeat({ beat: (now) => backend.beat(workerId, now), clock: systemClock, everyMs: beatEveryMs(worker.leaseMs) });
  }
  const onTrouble = (error: Error) => onNote({ level: "error", message: "the heartbeat's thread has ended: others will take this worker for dead", fields: { error } });
  return threadHeartbeat({ workerId, storage, leaseMs: worker.leaseMs, maxBlockMs: worker.maxBlockMs }, onTrouble);
}
