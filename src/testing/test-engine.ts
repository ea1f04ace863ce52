import { randomBytes } from "node:crypto";
import { systemClock, type Clock } from "../base/clock.js";
import { parseDurationMs, type Duration } from "../base/duration.js";
import { defaults } from "../core/defaults.js";
import { InvalidDefinitionError, RunNotFoundError, WorkflowNotFoundError } from "../core/errors.js";
import type { HookRecord } from "../core/hooks.js";
import { newWorkerId, tokenOf, type RunId } from "../core/ids.js";
import { createExecutor } from "../engine/create-executor.js";
import { declarationsOf } from "../engine/declarations.js";
import { checkDefinition, type WorkflowDefinition } from "../engine/definition.js";
import type { ExecutorNote } from "../engine/executor.js";
import type { StoredHistory } from "../engine/replay-run.js";
import type { StartHeartbeat } from "../runtime/worker/heartbeat.js";
import { startWorker, type Worker } from "../runtime/worker/worker.js";
import { cancelRun, type CancelOptions } from "../services/cancel-run.js";
import { runIdOf } from "../services/find-run.js";
import { resumeHook } from "../services/resume-hook.js";
import { runHandle, type RunHandle } from "../services/run-handle.js";
import { schedulesOf, type Schedules } from "../services/schedules.js";
import { acceptInput, startRun, type StartRunOptions } from "../services/start-run.js";
import type { Backend } from "../storage/backend.js";
import { createMemoryBackend } from "../storage/memory/memory-backend.js";
import { observed } from "./observed-store.js";
import { HookAnswers, stepsWith, type HookStandIns, type StepStandIns } from "./stand-ins.js";
import { TestClock } from "./test-clock.js";
import { openTestScheduler, settling } from "./test-schedules.js";

/** What the engine of a test executes. */
export interface TestEngineOptions {
  /** Children that the workflows start belong here too. */
  readonly workflows: readonly WorkflowDefinition[];
  /** Called in the place of the steps of these names, with their arguments; retries and timeouts stay the step's own. */
  readonly steps?: StepStandIns;
  /** Resume the hooks of these names as soon as they wait: with this payload, or with what the function makes of the token. */
  readonly hooks?: HookStandIns;
  /** False: schedules start nothing by themselves; `schedules.trigger` still does. Default true. */
  readonly scheduler?: boolean;
  /** Where time begins. Default 2025-01-01T00:00:00Z. */
  readonly startAt?: Date;
  /** What the engine and the runs' logs have to say. Default: nobody listens. */
  readonly onNote?: (note: ExecutorNote) => void;
}

/**
 * An engine without a file and with a clock of its own: a sleep of a week takes no time. Whatever is called, it resolves when the runs have come as
 * far as they get without time passing; a step that really waits, for a file or a server, is not waited for, so give it a stand-in or await its run's
 * `result()`. What a stand-in of a hook did wrong is thrown by the next call.
 */
export interface TestEngine {
  /** Records a run. Throws what `engine.start` throws, and WorkflowNotFoundError where this engine was not given the workflow. */
  start<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options?: Pick<StartRunOptions, "idempotencyKey" | "tags">): Promise<RunHandle<Output>>;
  /** A run that was started earlier, a child of one, say. Throws RunNotFoundError for a text that is no run id. */
  run(runId: string): RunHandle;
  /** Asks a run to end. False where it had ended before. Throws RunNotFoundError. */
  cancel(runId: string, options?: Pick<CancelOptions, "reason" | "force">): Promise<boolean>;
  /** Gives a hook its payload. Throws what `engine.resumeHook` throws: HookExpiredError, InvalidPayloadError … */
  resumeHook(token: string, payload: unknown): Promise<void>;
  /** The hooks that wait to be resumed, oldest first; those of one run, or all. */
  pendingHooks(runId?: string): Promise<readonly PendingHook[]>;
  /**
   * When the workflows start by themselves: what they declare is there, and fires as time passes. Throws what `engine.schedules` throws, and `create` also
   * WorkflowNotFoundError where this engine was not given the workflow.
   */
  readonly schedules: Schedules;
  /** Lets time pass: timers fire and schedules are due in their order, and what they wake or start executes. Throws InvalidDefinitionError for no duration. */
  advance(duration: Duration): Promise<void>;
  /** The time as the engine has it. */
  now(): Date;
  /** The types of a run's events, in order; an operation's with its id: `step.completed step_charge_1`. */
  history(runId: string): Promise<readonly string[]>;
  /** The run and its whole history, to be kept as JSON and given to `replayHistory` by a later version of the code. Throws RunNotFoundError. */
  historyOf(runId: string): Promise<StoredHistory>;
  /** Ends it. Throws InvalidDefinitionError where it had a stand-in for a hook that was never heard of. */
  close(): Promise<void>;
}

/** A hook that waits for its payload. */
export interface PendingHook {
  /** What resumes it. */
  readonly token: string;
  readonly name: string;
  readonly runId: RunId;
  /** When it gives up; undefined where it waits for ever. */
  readonly expiresAt: Date | undefined;
}

const startMs = Date.UTC(2025, 0, 1);
const config = { recovery: defaults.recovery, limits: defaults.limits };

/**
 * Opens a store in memory and a worker on it, both in this process. Throws InvalidDefinitionError for a stand-in of a step that was not defined, and for a
 * declared schedule whose input its workflow does not take.
 */
export async function openTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const clock = new TestClock(options.startAt?.getTime() ?? startMs);
  const store = createMemoryBackend();
  const answers = new HookAnswers(options.hooks ?? {}, {
    settled: () => settled(),
    resume: (token, payload) => resumeHook({ config, clock, backend }, { token, payload }),
  });
  const { backend, settled } = observed(answers.watch(store));
  const worker = await startTestWorker(options, { backend, clock });
  const project = { config, backend, clock };
  const { workflows } = options;
  const scheduler = await startTestScheduler(options, { backend: store, clock });
  // Who waits for a run waits in real time, and without being taken for something that goes on.
  const waiting = { backend: store, clock: realTimersOf(clock) };
  const atRest = async () => {
    do await settled();
    while ((await scheduler.fire()) || answers.busy);
    answers.check();
  };
  const findWorkflow = (name: string) => workflows.find((workflow) => workflow.name === name);
  const schedules = settling(schedulesOf({ ...project, findWorkflow }), { atRest, check: (workflow) => checkKnown(workflows, workflow) });
  await atRest();

  return {
    async start(workflow, input, more) {
      checkDefinition("start()", workflow);
      checkKnown(workflows, workflow);
      const { runId } = await startRun(project, { ...more, workflow, input: await acceptInput(workflow, input, config.limits) });
      await atRest();
      return runHandle(waiting, runId);
    },
    run: (runId) => runHandle(waiting, runIdOf(runId)),
    async cancel(runId, more) {
      const { cancelled } = await cancelRun(project, runIdOf(runId), { ...more, requestedBy: "test" });
      await atRest();
      return cancelled;
    },
    async resumeHook(token, payload) {
      await resumeHook(project, { token, payload });
      await atRest();
    },
    pendingHooks: (runId) => pendingHooks(store, runId),
    schedules,
    async advance(duration) {
      const target = clock.now() + lengthOf(duration);
      await atRest();
      for (; clock.now() < target; await atRest()) {
        clock.moveTo(Math.min(target, clock.nextTimerAt, await scheduler.nextWakeAt(), await nextWakeAt(store, clock)));
      }
    },
    now: () => new Date(clock.now()),
    history: async (runId) => (await store.readHistory(runIdOf(runId), 0)).map((event) => ("operationId" in event ? `${event.type} ${event.operationId}` : event.type)),
    historyOf: (runId) => storedHistory(store, runIdOf(runId)),
    async close() {
      await endOf(worker, { clock, settled });
      await store.close();
      answers.checkUse();
    },
  };
}

async function startTestWorker({ workflows, steps = {}, onNote = () => {} }: TestEngineOptions, parts: { readonly backend: Backend; readonly clock: TestClock }) {
  const { backend, clock } = parts;
  const byName = new Map(workflows.map((definition) => [definition.name, definition]));
  const stepFor = stepsWith(steps);
  const shared = { backend, onNote };
  return startWorker({
    ...shared,
    clock: clock.background,
    worker: { workerId: newWorkerId(clock.now(), randomBytes), role: "embedded", hostname: "test", pid: process.pid, version: "test", concurrency: 1000, workflows: [...byName.keys()] },
    company: "any",
    leaseMs: defaults.worker.leaseMs,
    shutdownTimeoutMs: 0,
    startHeartbeat: alwaysAlive,
    createExecutor: (hooks) => createExecutor({ ...hooks, ...shared, ...config, clock, version: "test", workflows: byName, stepFor, random: () => 0 }),
  });
}

async function startTestScheduler({ workflows, scheduler: fires = true, onNote = () => {} }: TestEngineOptions, parts: { readonly backend: Backend; readonly clock: Clock }) {
  return openTestScheduler({ ...parts, onNote }, await declarationsOf(workflows, config), fires);
}

async function endOf(worker: Worker, { clock, settled }: { readonly clock: TestClock; readonly settled: () => Promise<void> }): Promise<void> {
  const stopped = worker.stop(0);
  await settled();
  clock.moveTo(clock.now()); // steps that still run get no grace
  await stopped;
}

// Nothing can take this worker for dead: it is the only one that looks.
const alwaysAlive: StartHeartbeat = (listener) => ({
  age: () => ({ monotonicMs: 0, wallMs: 0 }),
  beatNow: () => listener.onAlive(),
  stop: async () => {},
});

function realTimersOf(clock: Clock): Clock {
  return { ...systemClock, now: () => clock.now() };
}

// Under its name another one would run, or none.
function checkKnown<Input, Output>(workflows: readonly unknown[], workflow: WorkflowDefinition<Input, Output>): void {
  if (!workflows.includes(workflow)) throw new WorkflowNotFoundError(workflow.name, "give it to openTestEngine({ workflows: [ … ] })");
}

async function storedHistory(store: Backend, runId: RunId): Promise<StoredHistory> {
  const run = await store.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  return { run, history: await store.readHistory(runId, 0) };
}

async function pendingHooks(store: Backend, runId: string | undefined): Promise<readonly PendingHook[]> {
  const hooks = await store.listHooks({ status: "pending", limit: Infinity, ...(runId !== undefined && { runId: runIdOf(runId) }) });
  return hooks.toReversed().map(pendingHook);
}

function pendingHook({ runId, hookId, name, expiresAt }: HookRecord): PendingHook {
  return { token: tokenOf(runId, hookId), name, runId, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) };
}

function lengthOf(duration: Duration): number {
  const ms = parseDurationMs(duration);
  if (ms === undefined) throw new InvalidDefinitionError(`advance(${JSON.stringify(duration)}): this is no duration`, 'give "7d", "1h30m", or a number of seconds');
  return ms;
}

/** When the next suspended run goes on by itself. */
async function nextWakeAt(store: Backend, clock: Clock): Promise<number> {
  const suspended = await store.listRuns({ statuses: ["suspended"], limit: Infinity });
  return Math.min(Infinity, ...suspended.map(({ dueAt = Infinity }) => dueAt).filter((dueAt) => dueAt > clock.now()));
}
