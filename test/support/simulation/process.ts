import type { Departure, Executor, ExecutorNote } from "../../../src/engine/executor.js";
import type { WorkflowDefinition } from "../../../src/engine/definition.js";
import type { WorkerId } from "../../../src/core/ids.js";
import type { RunRecord } from "../../../src/core/run.js";
import type { Backend } from "../../../src/storage/backend.js";
import { startProcess } from "../in-memory.js";
import { gatedBackend, type HeldCall } from "./gated-backend.js";
import { VirtualClock, type VirtualTime } from "./virtual-clock.js";

/**
 * `releasing`: it hands over what it has and claims nothing more. `zombie`: declared dead without knowing it. `gone`: nothing
 * of it moves any more.
 */
export type ProcessState = "live" | "releasing" | "zombie" | "gone";

export interface ProcessOptions {
  readonly store: Backend;
  readonly workflow: WorkflowDefinition;
  readonly time: VirtualTime;
  readonly forgetsExpect: boolean;
  readonly onFault: (fault: string) => void;
}

/** One simulated process: an executor whose calls to the store and whose timers the driver lets go on. */
export class SimulatedProcess {
  state: ProcessState = "live";
  /** The newest inbox that it was told of. */
  polledTo = 0;
  /** Claims under way. */
  executing = 0;
  readonly departures: Departure[] = [];
  readonly calls: HeldCall[];
  /** Answers of the store that are on their way back. */
  readonly answers: (() => void)[] = [];
  readonly clock: VirtualClock;
  readonly workerId: WorkerId;
  readonly executor: Executor;
  readonly notes: readonly ExecutorNote[];
  readonly #claim: () => Promise<readonly RunRecord[]>;

  static async start({ store, workflow, time, forgetsExpect, onFault }: ProcessOptions): Promise<SimulatedProcess> {
    const calls: HeldCall[] = [];
    const clock = new VirtualClock(time);
    const hold = (call: HeldCall) => {
      if (started.state === "gone" && call.kind === "commit") onFault("a process that was dropped wrote");
      calls.push(call);
    };
    const backend = gatedBackend(store, { hold, forgetsExpect });
    const started = new SimulatedProcess({ ...(await startProcess(backend, { workflows: [workflow], clock })), calls, clock });
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
    this.polledTo = 0;
    for (const run of await this.#claim()) void this.#execute(run);
  }

  async release(graceMs: number): Promise<void> {
    this.state = "releasing";
    await this.executor.release(graceMs);
  }

  /** It is killed: nothing of it moves any more. */
  drop(): void {
    this.state = "gone";
    this.executor.drop();
    this.calls.length = 0;
    this.answers.length = 0;
  }

  async #execute(run: RunRecord): Promise<void> {
    this.executing++;
    this.departures.push(await this.executor.execute(run));
    this.executing--;
  }
}
