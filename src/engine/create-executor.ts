import { setAlarm } from "../base/clock.js";
import { defaults } from "../core/defaults.js";
import { WorkflowNotFoundError } from "../core/errors.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { currentContext } from "./context/current.js";
import type { Departure, Executor } from "./executor.js";
import { GroupCommit } from "./group-commit.js";
import { guardRejections } from "./rejections.js";
import type { GivenEnvironment, RunEnvironment } from "./run/environment.js";
import { RunLoop } from "./run/run-loop.js";
import { StepSlots } from "./run/step-slots.js";

export interface ExecutorOptions extends GivenEnvironment {
  /** Whether the lease holds, so that a step may start: true; or the answer to come, false when the worker is dead. */
  mayStart(): true | Promise<boolean>;
}

export function createExecutor(options: ExecutorOptions): Executor {
  guardRejections();
  return new RunLoops(options);
}

class RunLoops implements Executor {
  readonly #options: ExecutorOptions;
  readonly #environment: RunEnvironment;
  readonly #loops = new Map<RunId, { readonly loop: RunLoop; readonly departed: Promise<Departure> }>();
  #dropped = false;

  constructor(options: ExecutorOptions) {
    const { backend, clock, events } = options;
    this.#options = options;
    this.#environment = {
      ...options,
      slots: new StepSlots(defaults.engine.stepsMax, () => options.mayStart()),
      commits: new GroupCommit({
        backend,
        clock,
        onTrouble: (error) => events.onStorageTrouble(error),
        onBack: () => events.onStorageBack(),
      }),
      random: () => options.random(),
    };
  }

  get active(): number {
    return this.#loops.size;
  }

  async execute(run: RunRecord): Promise<Departure> {
    if (this.#dropped) return "lost";
    const definition = this.#options.workflows.get(run.workflowName);
    // A worker claims only the workflows that it knows.
    if (definition === undefined) throw new WorkflowNotFoundError(run.workflowName, "start a worker that loads its module");
    const loop = new RunLoop(run, definition, this.#environment);
    const departed = loop.execute();
    this.#loops.set(run.runId, { loop, departed });
    const departure = await departed;
    if (this.#loops.get(run.runId)?.loop === loop) this.#loops.delete(run.runId);
    return departure;
  }

  wake(runId: RunId, sequence: number): void {
    this.#loops.get(runId)?.loop.wake(sequence);
  }

  async release(graceMs: number): Promise<void> {
    const entries = [...this.#loops.values()];
    for (const { loop } of entries) loop.release();
    const timer = setAlarm(this.#options.clock, graceMs, () => {
      for (const { loop } of entries) loop.releaseNow();
    });
    await Promise.all(entries.map(({ departed }) => departed));
    timer.cancel();
  }

  async releaseRun(runId: RunId): Promise<void> {
    const entry = this.#loops.get(runId);
    entry?.loop.releaseNow();
    await entry?.departed;
  }

  drop(): void {
    this.#dropped = true;
    this.#environment.commits.close();
    for (const { loop } of this.#loops.values()) loop.drop();
  }

  currentRun(): RunId | undefined {
    return currentContext()?.runId;
  }
}
