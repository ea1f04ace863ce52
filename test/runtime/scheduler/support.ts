import { randomBytes } from "node:crypto";
import { encode } from "../../../src/base/codec.js";
import type { Clock } from "../../../src/base/clock.js";
import { newWorkerId, parseScheduleId, type ScheduleId } from "../../../src/core/ids.js";
import type { RunSettings } from "../../../src/core/run.js";
import { definitionOf, type Declaration } from "../../../src/core/schedule/definition.js";
import { newSchedule } from "../../../src/core/schedule/due.js";
import type { ScheduleOptions } from "../../../src/core/schedule/options.js";
import type { ScheduleRecord, ScheduleState, Tick } from "../../../src/core/schedule/schedule.js";
import { stateOf } from "../../../src/core/schedule/state.js";
import type { Backend, ScheduleCommit } from "../../../src/storage/backend.js";

export function settingsOf(workflowName: string): RunSettings {
  return { workflowName, durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 };
}

export function idOf(text: string): ScheduleId {
  const id = parseScheduleId(text);
  if (id === undefined) throw new Error(`${text} is no id`);
  return id;
}

/** What code says of a workflow: with options, that it declares a schedule. */
export function declare(workflowName: string, options?: ScheduleOptions, input: unknown = {}): Declaration {
  return { settings: settingsOf(workflowName), ...(options && { schedule: { options, input: encode(input) } }) };
}

export async function enter(backend: Backend, clock: Pick<Clock, "now">, { id, workflow = "w", ...options }: ScheduleOptions & { readonly id: string; readonly workflow?: string }): Promise<ScheduleId> {
  const createdAt = clock.now();
  const scheduleId = idOf(id);
  const schedule = { ...definitionOf(options, { settings: settingsOf(workflow), input: encode({}), createdAt }), scheduleId, createdAt };
  if (!(await backend.createSchedule(newSchedule(schedule)))) throw new Error(`${id} is taken`);
  return scheduleId;
}

export async function scheduleIn(backend: Backend, id: string): Promise<ScheduleRecord> {
  const schedule = await backend.getSchedule(idOf(id));
  if (schedule === undefined) throw new Error(`there is no schedule ${id}`);
  return schedule;
}

/** Oldest due time first. */
export async function ticksOf(backend: Backend, id: string): Promise<readonly Tick[]> {
  return (await backend.listTicks({ scheduleId: idOf(id), limit: Infinity })).toReversed();
}

/** What a hand does to a schedule, whatever it is now. */
export async function change(backend: Backend, id: string, to: (schedule: ScheduleRecord) => Partial<Omit<ScheduleCommit, "state">> & { readonly state?: ScheduleState }): Promise<void> {
  const schedule = await scheduleIn(backend, id);
  const { scheduleId, version } = schedule;
  const [result] = await backend.commitSchedules([{ scheduleId, version, now: 0, state: stateOf(schedule), ticks: [], create: [], cancel: [], ...to(schedule) }]);
  if (result?.accepted !== true) throw new Error(`${id} was not changed`);
}

/** Claims every run of the workflow that is due, and ends it. */
export async function endRuns(backend: Backend, now: number, workflow = "w"): Promise<number> {
  const workerId = newWorkerId(now, randomBytes);
  await backend.registerWorker({ workerId, role: "worker", hostname: "here", pid: 1, version: "v1", concurrency: 1000, workflows: [workflow], startedAt: now });
  const claim = await backend.claim({ workerId, workflows: [workflow], version: "v1", company: "any", limit: 1000, now });
  const runs = claim.worker === "alive" ? claim.claimed : [];
  for (const { runId, epoch } of runs) {
    await backend.commit([{ runId, fence: epoch, seen: 1, events: [{ type: "workflow.completed", at: now, value: encode(null) }] }]);
  }
  return runs.length;
}
