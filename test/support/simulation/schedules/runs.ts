import { randomBytes } from "node:crypto";
import { encode } from "../../../../src/base/codec.js";
import type { WorkflowEvent } from "../../../../src/core/events/event.js";
import { requestEvents, successorOf } from "../../../../src/core/family.js";
import { newRunId, newWorkerId, type RunId, type ScheduleId, type WorkerId } from "../../../../src/core/ids.js";
import type { RunRecord } from "../../../../src/core/run.js";
import type { Backend } from "../../../../src/storage/backend.js";
import type { Chance } from "../chance.js";

const encoded = encode("done");

/** The life of the runs: a worker claims them, they end in every way there is, and hands cancel and retry them. */
export class SimulatedRuns {
  readonly #store: Backend;
  readonly #chance: Chance;
  #workerId: WorkerId | undefined;

  constructor(store: Backend, chance: Chance) {
    this.#store = store;
    this.#chance = chance;
  }

  /** All that a schedule has started. */
  of(scheduleId: ScheduleId): Promise<readonly RunRecord[]> {
    return this.#store.listRuns({ scheduleId, limit: Number.MAX_SAFE_INTEGER });
  }

  async claim(now: number): Promise<void> {
    await this.#store.claim({ workerId: await this.#worker(now), workflows: ["report"], version: "v1", company: "any", limit: 1 + this.#chance.below(10), now });
  }

  /** One that a worker holds ends. */
  async end(now: number): Promise<void> {
    const run = await this.#pick("running");
    if (run !== undefined) await this.#end(run, now);
  }

  /** All that live end, as they are. */
  async endAll(now: number): Promise<void> {
    while ((await this.#store.countDue({ workflows: ["report"], version: "v1", company: "any", limit: 1, now })) > 0) await this.claim(now);
    for (const run of await this.#with("running")) await this.#end(run, now);
  }

  /** The worker is lost, and whatever it holds with it: those runs are due again, or have failed. */
  async loseWorker(now: number): Promise<void> {
    if (this.#workerId !== undefined) await this.#store.loseWorker({ workerId: this.#workerId, now, error: "killed", charge: "all" });
    this.#workerId = undefined;
  }

  async cancel(now: number): Promise<void> {
    const run = await this.#pick(this.#chance.happens(0.5) ? "running" : "pending");
    if (run !== undefined) await this.#append(run, requestEvents(run, { at: now, requestedBy: "somebody" }));
  }

  async retry(now: number): Promise<void> {
    const run = await this.#pick("failed");
    if (run !== undefined) await this.#append(run, [{ type: "workflow.resumed", at: now, reason: "manual_retry", reset: [] }]);
  }

  async #worker(now: number): Promise<WorkerId> {
    if (this.#workerId !== undefined) return this.#workerId;
    const workerId = newWorkerId(now, randomBytes);
    await this.#store.registerWorker({ workerId, role: "worker", hostname: "here", pid: 1, version: "v1", concurrency: 10, workflows: ["report"], startedAt: now });
    this.#workerId = workerId;
    return workerId;
  }

  async #end(run: RunRecord, now: number): Promise<void> {
    const { runId, epoch: fence, cancellationRequested } = run;
    const newId = newRunId(now, randomBytes);
    const end = cancellationRequested ? cancelled(now) : this.#randomEnd(now, newId);
    const create = end.type === "workflow.continued_as_new" ? [successorOf(run, { runId: newId, input: run.input, createdAt: now })] : [];
    await this.#store.commit([{ runId, fence, seen: 0, events: [end], create }]);
  }

  #randomEnd(at: number, newId: RunId): WorkflowEvent {
    const sort = this.#chance.next();
    if (sort < 0.6) return { type: "workflow.completed", at, value: encoded };
    if (sort < 0.8) return { type: "workflow.failed", at, value: encoded };
    return sort < 0.9 ? cancelled(at) : { type: "workflow.continued_as_new", at, newRunId: newId, value: encoded };
  }

  async #append({ runId }: RunRecord, events: readonly WorkflowEvent[]): Promise<void> {
    if (events.length > 0) await this.#store.commit([{ runId, seen: 0, events }]);
  }

  async #pick(status: RunRecord["status"]): Promise<RunRecord | undefined> {
    return this.#chance.pick(await this.#with(status));
  }

  #with(status: RunRecord["status"]): Promise<readonly RunRecord[]> {
    return this.#store.listRuns({ statuses: [status], limit: 20 });
  }
}

function cancelled(at: number): WorkflowEvent {
  return { type: "workflow.cancelled", at, cleanupCompleted: true };
}
