import type { Executor, ExecutorNote } from "../../../src/engine/executor.js";
import type { WorkflowDefinition } from "../../../src/engine/definition.js";
import type { RunId, WorkerId } from "../../../src/core/ids.js";
import type { RunRecord } from "../../../src/core/run.js";
import type { Backend } from "../../../src/storage/backend.js";
import { startProcess } from "../in-memory.js";
import { gatedBackend, type HeldCall, type StoreFault } from "./gated-backend.js";
import { VirtualClock, type VirtualTime } from "./virtual-clock.js";

/**
 * `releasing`: it hands over what it has and claims nothing more. `zombie`: declared dead without knowing it. `gone`: nothing
 * of it moves any more.
 */
export type ProcessState = "live" | "releasing" | "zombie" | "gone";

export interface ProcessOptions {
  readonly store: Backend;
  readonly workflows: readonly WorkflowDefinition[];
  readonly time: VirtualTime;
  readonly fault?: StoreFault | undefined;
  readonly onFault: (fault: string) => void;
}

/** One simulated process: an executor whose calls to the store and whose timers the driver lets go on. */
export class SimulatedProcess {
  state: ProcessState = "live";
  /** The runs that it executes. */
  readonly executing = new Map<RunId, Execution>();
  /** The runs that it has handed over. */
  readonly released = new Set<RunId>();
  readonly calls: HeldCall[];
  /** Answers of the store that are on their way back. */
  readonly answers: (() => void)[] = [];
  readonly clock: VirtualClock;
  readonly workerId: WorkerId;
  readonly executor: Executor;
  readonly notes: readonly ExecutorNote[];
  readonly #claim: () => Promise<readonly RunRecord[]>;

  static async start({ store, workflows, time, fault, onFault }: ProcessOptions): Promise<SimulatedProcess> {
    const calls: HeldCall[] = [];
    const clock = new VirtualClock(time);
    const hold = (call: HeldCall) => {
      if (started.state === "gone" && call.kind === "commit") onFault("a process that was dropped wrote");
      calls.push(call);
    };
    const backend = gatedBackend(store, { hold, fault });
    const started = new SimulatedProcess({ ...(await startProcess(backend, { workflows, clock })), calls, clock });
    return started;
  }

  private constructor(parts: Pick<SimulatedProcess, "calls" | "clock" | "workerId" | "executor" | "notes"> & { claim: () => Promise<readonly RunRecord[]> }) {
    this.calls = parts.calls;
    this.clock = parts.clock;
    this.workerId = parts.workerId;
    this.executor = parts.executor;
    this.notes = parts.notes;
    this.#claim = parts.claim;
  }

  async claim(): Promise<void> {
    for (const run of await this.#claim()) void this.#execute(run);
  }

  async release(graceMs: number): Promise<void> {
    this.state = "releasing";
    await this.executor.release(graceMs);
  }

  /** It hears that somebody appended to a run, up to `sequence`. */
  tell(runId: RunId, sequence: number): void {
    const execution = this.executing.get(runId);
    if (execution !== undefined) execution.toldTo = sequence;
    this.executor.wake(runId, sequence);
  }

  /** It is killed: nothing of it moves any more. */
  drop(): void {
    this.state = "gone";
    this.executor.drop();
    this.calls.length = 0;
    this.answers.length = 0;
  }

  async #execute(run: RunRecord): Promise<void> {
    const { runId } = run;
    const execution: Execution = { toldTo: 0 };
    this.executing.set(runId, execution);
    const departure = await this.executor.execute(run);
    if (departure === "released") this.released.add(runId);
    // It may have claimed the run again before it heard that it had let go of it.
    if (this.executing.get(runId) === execution) this.executing.delete(runId);
  }
}

interface Execution {
  /** The newest event that the process was told of. */
  toldTo: number;
}
