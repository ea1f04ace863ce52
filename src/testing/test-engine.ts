import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { parseDurationMs, type Duration } from "../base/duration.js";
import { defaults } from "../core/defaults.js";
import { InvalidDefinitionError } from "../core/errors.js";
import { newWorkerId, type RunId } from "../core/ids.js";
import { createExecutor } from "../engine/create-executor.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import type { ExecutorNote } from "../engine/executor.js";
import type { StartHeartbeat } from "../runtime/worker/heartbeat.js";
import { startWorker } from "../runtime/worker/worker.js";
import { runHandle, type RunHandle } from "../services/run-handle.js";
import { acceptInput, startRun } from "../services/start-run.js";
import type { Backend } from "../storage/backend.js";
import { createMemoryBackend } from "../storage/memory/memory-backend.js";
import { TestClock } from "./test-clock.js";

/** What the engine of a test executes. */
export interface TestEngineOptions {
  readonly workflows: readonly WorkflowDefinition[];
  /** Where time begins. Default 2025-01-01T00:00:00Z. */
  readonly startAt?: Date;
  /** What the engine and the runs' logs have to say. Default: nobody listens. */
  readonly onNote?: (note: ExecutorNote) => void;
}

/** An engine without a file and with a clock of its own: a sleep of a week takes no time. */
export interface TestEngine {
  /** Records a run; it executes as far as it gets without time passing. Throws InvalidInputError. */
  start<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input): Promise<RunHandle<Output>>;
  /** Lets time pass: timers fire in their order, and what they wake executes. Throws InvalidDefinitionError for no duration. */
  advance(duration: Duration): Promise<void>;
  /** The time as the engine has it. */
  now(): Date;
  /** The types of a run's events, in order; an operation's with its id: `step.completed step_charge_1`. */
  history(runId: RunId): Promise<readonly string[]>;
  close(): Promise<void>;
}

const startMs = Date.UTC(2025, 0, 1);

/** Opens a store in memory and a worker on it, both in this process. */
export async function openTestEngine({ workflows, startAt, onNote = () => {} }: TestEngineOptions): Promise<TestEngine> {
  const clock = new TestClock(startAt?.getTime() ?? startMs);
  const { backend, settled } = observed(createMemoryBackend());
  const byName = new Map(workflows.map((definition) => [definition.name, definition]));
  const workerId = newWorkerId(clock.now(), randomBytes);
  const shared = { backend, clock, onNote };
  const worker = await startWorker({
    ...shared,
    worker: { workerId, role: "embedded", hostname: "test", pid: process.pid, version: "test", concurrency: 1000, workflows: [...byName.keys()] },
    company: "any",
    leaseMs: defaults.worker.leaseMs,
    shutdownTimeoutMs: 0,
    startHeartbeat: alwaysAlive,
    createExecutor: (hooks) =>
      createExecutor({ ...hooks, ...shared, version: "test", workflows: byName, limits: defaults.limits, random: () => 0 }),
  });
  const project = { ...shared, config: { recovery: defaults.recovery } };

  return {
    async start(workflow, input) {
      const { runId } = await startRun(project, { workflow, input: await acceptInput(workflow, input, defaults.limits) });
      await settled();
      return runHandle(project, runId);
    },
    async advance(duration) {
      const ms = parseDurationMs(duration);
      if (ms === undefined) throw new InvalidDefinitionError(`advance(${JSON.stringify(duration)}): this is no duration`, 'give "7d", "1h30m", or a number of seconds');
      const target = clock.now() + ms;
      await settled();
      while (clock.now() < target) {
        clock.moveTo(Math.min(target, await nextMove(backend, clock)));
        await settled();
      }
    },
    now: () => new Date(clock.now()),
    history: async (runId) => (await backend.readHistory(runId, 0)).map((event) => ("operationId" in event ? `${event.type} ${event.operationId}` : event.type)),
    async close() {
      await worker.stop(0);
      await backend.close();
    },
  };
}

/** While a run executes, the next timer may be one of its; while all are suspended, only their wake times matter. */
async function nextMove(backend: Backend, clock: TestClock): Promise<number> {
  const running = await backend.listRuns({ statuses: ["running"], limit: 1 });
  if (running.length > 0) return clock.nextTimerAt ?? Infinity;
  const suspended = await backend.listRuns({ statuses: ["suspended"], limit: Infinity });
  const wakes = suspended.map(({ dueAt }) => dueAt ?? Infinity).filter((dueAt) => dueAt > clock.now());
  return Math.min(Infinity, ...wakes);
}

// Nothing can take this worker for dead: it is the only one that looks.
const alwaysAlive: StartHeartbeat = (listener) => ({
  age: () => ({ monotonicMs: 0, wallMs: 0 }),
  beatNow: () => listener.onAlive(),
  stop: async () => {},
});

const quietTurns = 10;

/** A store, and the wait until nobody has asked it for anything for some turns of the event loop. */
function observed(store: Backend): { readonly backend: Backend; readonly settled: () => Promise<void> } {
  let quiet = 0;
  const backend = new Proxy(store, {
    get(target, name) {
      quiet = 0;
      return Reflect.get(target, name) as unknown;
    },
  });
  const settled = async () => {
    for (quiet = 0; quiet < quietTurns; quiet++) await nextTurn();
  };
  return { backend, settled };
}
