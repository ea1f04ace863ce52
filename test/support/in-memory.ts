import { randomBytes } from "node:crypto";
import { systemClock, type Clock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { defaults } from "../../src/core/defaults.js";
import { newRunId, newWorkerId, type RunId } from "../../src/core/ids.js";
import type { NewRun, RunRecord } from "../../src/core/run.js";
import { createExecutor } from "../../src/engine/create-executor.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import type { RunLimits } from "../../src/engine/run/environment.js";
import type { Departure, Executor, ExecutorNote } from "../../src/engine/executor.js";
import type { Backend } from "../../src/storage/backend.js";

/** One simulated process: registered as a worker, with an executor of its own. */
export async function startProcess(backend: Backend, options: { workflows: readonly WorkflowDefinition[]; clock?: Clock; version?: string; mayStart?: () => true | Promise<boolean>; limits?: Partial<RunLimits> }) {
  const { workflows, clock = systemClock, version = "v1", mayStart = () => true as const } = options;
  const workerId = newWorkerId(clock.now(), randomBytes);
  const notes: ExecutorNote[] = [];
  const names = workflows.map(({ name }) => name);
  await backend.registerWorker({ workerId, role: "worker", hostname: "here", pid: 1, version, concurrency: 10, workflows: names, startedAt: clock.now() });
  const executor: Executor = createExecutor({
    backend,
    clock,
    workerId,
    version,
    workflows: new Map(workflows.map((definition) => [definition.name, definition])),
    limits: { ...defaults.limits, ...options.limits },
    recovery: defaults.recovery,
    mayStart,
    random: () => 0.5,
    events: { onOutcome: () => {}, onStorageTrouble: () => {}, onStorageBack: () => {}, onNote: (note) => void notes.push(note) },
  });
  const claim = async (): Promise<readonly RunRecord[]> => {
    const result = await backend.claim({ workerId, workflows: names, version, company: "any", limit: 10, now: clock.now() });
    return result.worker === "alive" ? result.claimed : [];
  };
  return { workerId, executor, notes, claim };
}

/** Inserts a pending run. */
export async function startRun(backend: Backend, { name: workflowName }: WorkflowDefinition, more: Partial<Omit<NewRun, "input">> & { input?: unknown } = {}): Promise<RunId> {
  const runId = newRunId(systemClock.now(), randomBytes);
  const settings = { durable: true, createdAt: 0, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3, nestingDepth: 0 };
  await backend.createRun({ ...settings, ...more, runId, workflowName, input: encode(more.input) });
  return runId;
}

/** Claims whatever is due and executes it until nothing is held; how each run left. */
export async function executeDue(backend: Backend, workflows: readonly WorkflowDefinition[]): Promise<readonly Departure[]> {
  const { claim, executor } = await startProcess(backend, { workflows });
  return Promise.all((await claim()).map((run) => executor.execute(run)));
}
