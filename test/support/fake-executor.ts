import { encode } from "../../src/base/codec.js";
import { deferred, type Deferred } from "../../src/base/deferred.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import type { RunRecord } from "../../src/core/run.js";
import type { Departure, Executor } from "../../src/engine/executor.js";
import type { ExecutorHooks } from "../../src/runtime/worker/worker.js";
import type { Backend } from "../../src/storage/backend.js";

/** Holds runs until the test lets them go. */
export class FakeExecutor implements Executor {
  readonly hooks: ExecutorHooks;
  readonly woken: { runId: RunId; sequence: number }[] = [];
  dropped = false;
  readonly #backend: Backend;
  readonly #held = new Map<RunId, { readonly run: RunRecord; readonly departed: Deferred<Departure> }>();

  constructor(hooks: ExecutorHooks, backend: Backend) {
    this.hooks = hooks;
    this.#backend = backend;
  }

  get held(): readonly RunId[] {
    return [...this.#held.keys()];
  }

  get active(): number {
    return this.#held.size;
  }

  execute(run: RunRecord): Promise<Departure> {
    const departed = deferred<Departure>();
    this.#held.set(run.runId, { run, departed });
    return departed.promise;
  }

  /** The run ends as completed. */
  async complete(runId: RunId): Promise<void> {
    await this.#append(runId, { type: "workflow.completed", at: 0, value: encode(null) });
    this.#depart(runId, "ended");
  }

  /** The run has a new outcome. */
  async getOn(runId: RunId): Promise<void> {
    await this.#append(runId, { type: "step.completed", at: 0, operationId: operationIdOf("step_any", 1), value: encode(null) });
    this.hooks.events.onOutcome(runId);
  }

  async releaseRun(runId: RunId): Promise<void> {
    await this.#append(runId, { type: "workflow.suspended", at: 0, reason: "released" });
    this.#depart(runId, "released");
  }

  async release(): Promise<void> {
    for (const runId of this.held) await this.releaseRun(runId);
  }

  wake(runId: RunId, sequence: number): void {
    this.woken.push({ runId, sequence });
  }

  drop(): void {
    this.dropped = true;
  }

  currentRun(): undefined {
    return undefined;
  }

  async #append(runId: RunId, event: WorkflowEvent): Promise<void> {
    const run = this.#held.get(runId)?.run;
    if (run === undefined) throw new Error(`${runId} is not held`);
    const seen = (await this.#backend.readHistory(runId, 0)).length;
    const [result] = await this.#backend.commit([{ runId, fence: run.epoch, seen, events: [event] }]);
    if (result?.accepted !== true) throw new Error(`${runId} was taken away`);
  }

  #depart(runId: RunId, departure: Departure): void {
    this.#held.get(runId)?.departed.resolve(departure);
    this.#held.delete(runId);
  }
}
