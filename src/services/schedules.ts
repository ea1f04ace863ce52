import { decode } from "../base/codec.js";
import type { OnProgress } from "../base/on-progress.js";
import type { Config } from "../config/config.js";
import { ScheduleNotFoundError, WorkflowNotFoundError } from "../core/errors.js";
import { parseScheduleId, type RunId, type ScheduleId } from "../core/ids.js";
import { optionsOf } from "../core/schedule/definition.js";
import type { ScheduleOptions, ScheduleTimes } from "../core/schedule/options.js";
import type { OverlapPolicy, ScheduleRecord, ScheduleStatus, Tick, TickDecision } from "../core/schedule/schedule.js";
import type { TickKind } from "../core/schedule/tick-kind.js";
import { checkTime, specOf } from "../core/schedule/spec.js";
import { defaultInput } from "../engine/declarations.js";
import { checkDefinition, type WorkflowDefinition, type WorkflowSchedule } from "../engine/definition.js";
import { acceptInput } from "../engine/new-run.js";
import { backfillSchedule } from "./backfill-schedule.js";
import { deleteSchedule, pauseSchedule, resumeSchedule, updateSchedule, type ScheduleChange } from "./change-schedule.js";
import { createSchedule } from "./create-schedule.js";
import { listSchedules } from "./list-schedules.js";
import { listTicks } from "./list-ticks.js";
import { comingFrom, nextTimes } from "./next-times.js";
import type { Project } from "./project.js";
import { checked } from "./schedule-calls.js";
import { triggerSchedule } from "./trigger-schedule.js";

/** A schedule, as a program sees it. Nothing in it changes by itself: ask again. */
export interface Schedule {
  readonly scheduleId: ScheduleId;
  readonly workflowName: string;
  readonly status: ScheduleStatus;
  /** What `create` or the code was told, with all defaults. */
  readonly options: ScheduleOptions;
  /** Of every run. */
  readonly input: unknown;
  /** The next due time, without its jitter; undefined where there is none, or the schedule is not active. */
  readonly nextRunTime: Date | undefined;
  readonly lastRunAt: Date | undefined;
  readonly lastRunId: RunId | undefined;
  readonly totalRuns: number;
  readonly successfulRuns: number;
  readonly failedRuns: number;
  /** Due times that started nothing, as the overlap policy says. */
  readonly skippedRuns: number;
  /** Due times that passed while nobody looked, and were not caught up. */
  readonly missedRuns: number;
  /** Due times whose run waits for the end of another. */
  readonly bufferedCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One due time of a schedule, and what was decided: a row of its ledger. */
export interface ScheduleTick {
  readonly kind: TickKind;
  /** The due time: what the run's `runContext().scheduledTime` is. */
  readonly scheduledTime: Date;
  readonly decidedAt: Date;
  readonly decision: TickDecision;
  /** For people. */
  readonly reason: string;
  /** The run that it started. */
  readonly runId?: RunId;
}

/** A due time to come. */
export interface ScheduledTime {
  readonly scheduledTime: Date;
  /** What the clocks of the schedule's zone show then, with their offset from UTC: `2026-03-29T03:00:00+02:00`. */
  readonly local: string;
  /** What a change of those clocks has to do with it. */
  readonly note?: string;
}

export interface NewScheduleOptions<Input = unknown> extends WorkflowSchedule<Input> {
  /** `[A-Za-z0-9_][A-Za-z0-9_.-]*`, and it can be told by heart. Default: `sched_` and a ULID. */
  readonly scheduleId?: string;
}

export interface ScheduleUpdate extends ScheduleChange {
  /** Of every later run. The workflow has to be known in this process. */
  readonly input?: unknown;
}

/** Which schedules to list: those that fit all that is given. */
export interface ScheduleListFilter {
  readonly workflowName?: string;
  /** Default: active and paused. */
  readonly statuses?: readonly ScheduleStatus[];
  /** At most so many, the newest. Default: all. */
  readonly limit?: number;
  /** Only those that are older than this one. */
  readonly before?: ScheduleId;
}

/** Which ticks of a schedule to list: those that fit all that is given. */
export interface ScheduleTickFilter {
  readonly kind?: TickKind;
  readonly decision?: TickDecision;
  /** At most so many, those of the latest due times. Default 50. */
  readonly limit?: number;
}

/** A stretch of time whose due times are to be decided. A text without a zone is read in the schedule's. */
export interface BackfillRange {
  /** The first due time that counts. */
  readonly start: Date | string;
  /** The first that does not. */
  readonly end: Date | string;
  /** In the place of the schedule's own. */
  readonly overlapPolicy?: OverlapPolicy;
  readonly onProgress?: OnProgress;
}

/** What a backfill has done, earliest due time first. */
export interface BackfillResult {
  readonly ticks: readonly ScheduleTick[];
  readonly runIds: readonly RunId[];
  /** Due times that an earlier backfill brought to a run, or buffered for one. */
  readonly passedOver: number;
}

/** The schedules of a store. Ids are whole: an unknown one is a ScheduleNotFoundError. A deleted schedule takes nothing but `resume`: else ScheduleStatusError. */
export interface Schedules {
  /**
   * Records a schedule; it is active at once, for whoever schedules on this store. Throws InvalidScheduleError where its times or its id can't be, or no
   * due time lies ahead; ScheduleExistsError; and what `engine.start` throws for a workflow or an input. Then nothing was recorded.
   */
  create<Input, Output>(workflow: WorkflowDefinition<Input, Output>, options: NewScheduleOptions<NoInfer<Input>>): Promise<Schedule>;
  /** Undefined for an unknown id. */
  get(scheduleId: string): Promise<Schedule | undefined>;
  /** Newest first. */
  list(filter?: ScheduleListFilter): Promise<readonly Schedule[]>;
  /**
   * What is named takes the place of what was, null takes it off, all else stays; naming one of `cron`, `interval`, `calendar` and `at` takes the place of the
   * one before. Throws InvalidScheduleError; for an input, what `engine.start` throws, and WorkflowNotFoundError where this process does not know the workflow.
   */
  update(scheduleId: string, change: ScheduleUpdate): Promise<Schedule>;
  /** Nothing is due, and nothing buffered starts, until it is resumed. Throws ScheduleStatusError where it is not active. */
  pause(scheduleId: string): Promise<Schedule>;
  /** Goes on from now, also after a deletion; what was due meanwhile is not caught up. Throws ScheduleStatusError where it is active. */
  resume(scheduleId: string): Promise<Schedule>;
  /** Ends it; its runs go on, its ledger stays, what is buffered is skipped. */
  delete(scheduleId: string): Promise<Schedule>;
  /** One tick beside its own, now, by its overlap policy or another; also of a paused one. */
  trigger(scheduleId: string, options?: { readonly overlapPolicy?: OverlapPolicy }): Promise<ScheduleTick>;
  /**
   * Decides the due times in [start, end) at once. Asked for again, it takes up only what has not come to a run. Throws InvalidScheduleError where `end` is
   * not later than `start`, or they are more than 10,000.
   */
  backfill(scheduleId: string, range: BackfillRange): Promise<BackfillResult>;
  /** The latest due time first. */
  ticks(scheduleId: string, filter?: ScheduleTickFilter): Promise<readonly ScheduleTick[]>;
  /** The due times from `from` (default: now) on, `count` of them (default 10), of a schedule or of one that there is not. Throws InvalidScheduleError. */
  next(schedule: string | ScheduleTimes, options?: { readonly count?: number; readonly from?: Date | string }): Promise<readonly ScheduledTime[]>;
}

/** What of a project schedules need, and the workflows that this process knows. */
export interface SchedulesParts extends Pick<Project, "backend" | "clock"> {
  readonly config: Pick<Config, "recovery" | "limits">;
  readonly findWorkflow: (name: string) => WorkflowDefinition | undefined;
}

const countDefault = 10;

export function schedulesOf(parts: SchedulesParts): Schedules {
  const find = (text: string) => recordOf(parts, text);
  return {
    async create(workflow, given) {
      checkDefinition("schedules.create()", workflow);
      const { scheduleId, input, ...options } = checked("create", given);
      const accepted = await acceptInput(workflow, input ?? defaultInput(workflow), parts.config.limits);
      return scheduleOf(await createSchedule(parts, { workflow, options, input: accepted, ...(scheduleId !== undefined && { scheduleId }) }));
    },
    async get(text) {
      const scheduleId = parseScheduleId(text);
      const record = scheduleId && (await parts.backend.getSchedule(scheduleId));
      return record && scheduleOf(record);
    },
    list: async (filter = {}) => (await listSchedules(parts, checked("list", filter))).schedules.map(scheduleOf),
    async update(text, given) {
      const { input, ...change } = checked("update", given);
      const { scheduleId, settings } = await find(text);
      const accepted = input === undefined ? {} : { input: await acceptInput(knownWorkflow(parts, settings.workflowName), input, parts.config.limits) };
      return scheduleOf(await updateSchedule(parts, scheduleId, { ...change, ...accepted }));
    },
    pause: async (text) => scheduleOf(await pauseSchedule(parts, (await find(text)).scheduleId)),
    resume: async (text) => scheduleOf(await resumeSchedule(parts, (await find(text)).scheduleId)),
    delete: async (text) => scheduleOf(await deleteSchedule(parts, (await find(text)).scheduleId)),
    async trigger(text, options = {}) {
      const { overlapPolicy } = checked("trigger", options);
      return tickOf((await triggerSchedule(parts, (await find(text)).scheduleId, { overlapPolicy })).tick);
    },
    async backfill(text, given) {
      const { start, end, overlapPolicy, onProgress } = checked("backfill", given);
      const { scheduleId, spec } = await find(text);
      const range = { start: checkTime("start", start, spec.timezone), end: checkTime("end", end, spec.timezone) };
      const { ticks, runIds, passedOver } = await backfillSchedule(parts, scheduleId, { ...range, overlapPolicy, onProgress });
      return { ticks: ticks.map(tickOf), runIds, passedOver };
    },
    async ticks(text, filter = {}) {
      const wanted = checked("ticks", filter);
      return (await listTicks(parts, (await find(text)).scheduleId, wanted)).map(tickOf);
    },
    async next(schedule, options = {}) {
      const { count = countDefault, from } = checked("next", options);
      const now = parts.clock.now();
      const { spec, decidedUpTo }: Pick<ScheduleRecord, "spec" | "decidedUpTo"> = typeof schedule === "string" ? await find(schedule) : { spec: specOf(checked("times", schedule), now) };
      const first = from === undefined ? comingFrom({ decidedUpTo }, now) : checkTime("from", from, spec.timezone);
      return nextTimes(spec, { from: first - 1, count }).map(({ due, ...time }) => ({ scheduledTime: new Date(due), ...time }));
    },
  };
}

// A program that deletes by the beginning of an id has made a mistake.
async function recordOf({ backend }: SchedulesParts, text: string): Promise<ScheduleRecord> {
  const scheduleId = parseScheduleId(text);
  const record = scheduleId && (await backend.getSchedule(scheduleId));
  if (record === undefined) throw new ScheduleNotFoundError(text);
  return record;
}

function knownWorkflow({ findWorkflow }: SchedulesParts, name: string): WorkflowDefinition {
  const workflow = findWorkflow(name);
  if (workflow === undefined) throw new WorkflowNotFoundError(name, "its definition is what an input is checked by: import the module that has it");
  return workflow;
}

function scheduleOf(record: ScheduleRecord): Schedule {
  const { scheduleId, status, totalRuns, successfulRuns, failedRuns, skippedRuns, missedRuns, bufferedCount, lastRunId } = record;
  return {
    scheduleId,
    workflowName: record.settings.workflowName,
    status,
    options: optionsOf(record),
    input: decode(record.input),
    nextRunTime: dateOf(record.nextDueAt),
    lastRunAt: dateOf(record.lastRunAt),
    lastRunId,
    totalRuns,
    successfulRuns,
    failedRuns,
    skippedRuns,
    missedRuns,
    bufferedCount,
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
  };
}

function tickOf({ kind, due, decidedAt, decision, reason, runId }: Tick): ScheduleTick {
  return { kind, scheduledTime: new Date(due), decidedAt: new Date(decidedAt), decision, reason, ...(runId !== undefined && { runId }) };
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
