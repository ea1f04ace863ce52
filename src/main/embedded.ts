import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { systemClock } from "../base/clock.js";
import type { ConfigFlags } from "../config/load-config.js";
import { ConfigError } from "../core/errors.js";
import { newWorkerId, type RunId } from "../core/ids.js";
import { checkDefinition, type WorkflowDefinition } from "../engine/definition.js";
import type { ExecutorNote } from "../engine/executor.js";
import { declarationsOf } from "../engine/declarations.js";
import { registeredSources, registeredWorkflows } from "../engine/registry.js";
import { startRetention } from "../runtime/retention.js";
import { startScheduler } from "../runtime/scheduler/scheduler.js";
import { noteSync } from "../runtime/scheduler/scheduling.js";
import { watchWorkers } from "../runtime/watch-workers.js";
import { resumeHook, type ResumedHook } from "../services/resume-hook.js";
import { runHandle, type RunHandle } from "../services/run-handle.js";
import type { Project } from "../services/project.js";
import { schedulesOf, type Schedules } from "../services/schedules.js";
import { acceptInput, startRun } from "../services/start-run.js";
import { hostWorker } from "./host-worker.js";
import type { EngineOptions, StartOptions } from "./engine.js";
import { fieldTexts } from "./log-line.js";
import { loadScript, openProject } from "./open-project.js";

/** The parts behind an engine in this process; see `openEngine`. */
export interface Embedded {
  start<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options?: StartOptions): Promise<RunHandle<Output>>;
  run(runId: RunId): RunHandle;
  resumeHook(token: string, payload: unknown): Promise<ResumedHook>;
  readonly schedules: Schedules;
  close(options?: { readonly shutdownTimeoutMs?: number }): Promise<void>;
}

export async function openEmbedded(options: EngineOptions & { readonly flags?: ConfigFlags }): Promise<Embedded> {
  const { config: file, recovery, flags = {}, onNote = printNote } = options;
  checkConcurrency(options.concurrency);
  const project = await openProject({
    access: "create",
    flags: { ...flags, ...(file !== undefined && { config: file }), ...(recovery && { recovery }) },
    cwd: process.cwd(),
    checkpoints: options.execute === false,
    env: process.env,
    loadScript,
  });
  const stop = options.execute === false ? undefined : await execute(project, options, onNote).catch((error: unknown) => closing(project, error));
  return {
    start: async (workflow, input, more) => {
      checkDefinition("start()", workflow);
      const accepted = await acceptInput(workflow, input, project.config.limits);
      return runHandle(project, (await startRun(project, { ...more, workflow, input: accepted })).runId);
    },
    run: (runId) => runHandle(project, runId),
    resumeHook: (token, payload) => resumeHook(project, { token, payload }),
    schedules: schedulesOf({ ...project, findWorkflow: (name) => knownWorkflows(options).find((workflow) => workflow.name === name) }),
    close: async ({ shutdownTimeoutMs = project.config.worker.shutdownTimeoutMs } = {}) => {
      await stop?.(shutdownTimeoutMs);
      await project.close();
    },
  };
}

// Types that a program in JavaScript does not know.
function checkConcurrency(concurrency = 1): void {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1) return;
  throw new ConfigError(`concurrency is ${concurrency}`, { place: "openEngine({ concurrency })", hint: "give a whole number from 1 up" });
}

async function execute(project: Project, options: EngineOptions, onNote: (note: ExecutorNote) => void): Promise<(graceMs: number) => Promise<void>> {
  const { backend, locks, config } = project;
  const { version = sourceVersion(), concurrency = config.worker.concurrency, scheduler: fires = true } = options;
  const workflows = knownWorkflows(options);
  const timing = { backend, clock: systemClock, random: randomBytes, onNote };
  await noteSync(timing, await declarationsOf(workflows, config));
  const workerId = newWorkerId(systemClock.now(), randomBytes);
  const worker = await hostWorker({
    config,
    backend,
    worker: { workerId, role: "embedded", hostname: hostname(), pid: process.pid, version, concurrency },
    workflows: new Map(workflows.map((workflow) => [workflow.name, workflow])),
    company: "any",
    onNote,
  });
  // Runs that an earlier life of this process held are due again as soon as somebody notices that it is gone.
  const watch = watchWorkers({ backend, locks, clock: systemClock, leaseMs: config.worker.leaseMs, own: workerId, onNote });
  const scheduler = fires ? startScheduler(timing) : undefined;
  const retaining = startRetention({ ...timing, retention: config.retention });
  return async (graceMs) => {
    await retaining.stop();
    await scheduler?.stop();
    await worker.stop(graceMs);
    await watch.stop();
  };
}

async function closing(project: Project, error: unknown): Promise<never> {
  await project.close();
  throw error;
}

function knownWorkflows({ workflows = [...registeredWorkflows().values()] }: EngineOptions): readonly WorkflowDefinition[] {
  return workflows;
}

function sourceVersion(): string {
  return createHash("sha256").update(registeredSources().join("\n")).digest("hex").slice(0, 16);
}

function printNote({ level, message, runId, fields = {}, inHistory }: ExecutorNote): void {
  // That a run failed is heard from its result.
  if (level !== "error" && (level !== "warn" || inHistory)) return;
  const where = runId === undefined ? "" : ` ${runId}`;
  process.stderr.write(`pyworkflow ${level}${where}: ${[message, ...fieldTexts(fields)].join(" ")}\n`);
}
