import { randomBytes } from "node:crypto";
import { encode } from "../../src/base/codec.js";
import { defaults } from "../../src/core/defaults.js";
import type { ScheduleOptions } from "../../src/core/schedule/options.js";
import type { ScheduleRecord } from "../../src/core/schedule/schedule.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { tickOnce, type DecidedTick } from "../../src/runtime/scheduler/tick.js";
import { createSchedule } from "../../src/services/create-schedule.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { TestClock } from "../../src/testing/test-clock.js";
import { startProcess } from "./in-memory.js";

export const hourMs = 3_600_000;
export const startMs = Date.UTC(2026, 0, 15, 8, 30);

/** A store, a clock that the test moves, and a scheduler and a worker that act when they are told to. */
export class ScheduledWorld {
  readonly clock = new TestClock(startMs);
  readonly config = { recovery: defaults.recovery, limits: defaults.limits };
  readonly backend: Backend;

  constructor(wrap: (backend: Backend) => Backend = (backend) => backend) {
    this.backend = wrap(createMemoryBackend());
  }

  create(workflow: WorkflowDefinition, options: ScheduleOptions, more: { scheduleId?: string; input?: unknown } = {}): Promise<ScheduleRecord> {
    const { input, ...named } = more;
    return createSchedule(this, { workflow, options, input: encode(input), ...named });
  }

  async pass(ms: number): Promise<void> {
    this.clock.moveTo(this.clock.now() + ms);
  }

  /** One pass of a scheduler. */
  tick(): Promise<readonly DecidedTick[]> {
    return tickOnce({ backend: this.backend, clock: this.clock, random: randomBytes, onNote: () => {} });
  }

  /** Executes what is due, and what is due because of that, as far as it gets. */
  async execute(...workflows: readonly WorkflowDefinition[]): Promise<void> {
    const { claim, executor } = await startProcess(this.backend, { workflows, clock: this.clock });
    for (let due = await claim(); due.length > 0; due = await claim()) await Promise.all(due.map((run) => executor.execute(run)));
  }

  /** The due times of a schedule's runs, in the order in which they were created, and what became of them. */
  async runsOf({ scheduleId }: Pick<ScheduleRecord, "scheduleId">): Promise<readonly string[]> {
    const runs = await this.backend.listRuns({ scheduleId, limit: 1000 });
    return runs.toReversed().map(({ scheduledTime = Number.NaN, schedule, status }) => `${new Date(scheduledTime).toISOString().slice(11, 16)} ${schedule?.kind} ${status}`);
  }
}
