import { randomBytes } from "node:crypto";
import type { Encoded } from "../base/codec.js";
import { assert } from "../base/unreachable.js";
import { ScheduleStatusError } from "../core/errors.js";
import { runIdsInOrder } from "../core/ids.js";
import type { RunSettings } from "../core/run.js";
import { decideOwed, decideStopped } from "../core/schedule/decide.js";
import { definitionOf, optionsOf, refuseNever } from "../core/schedule/definition.js";
import { redefined, resumed } from "../core/schedule/due.js";
import { whenOptions, type ScheduleOptions } from "../core/schedule/options.js";
import type { ScheduleRecord, ScheduleState } from "../core/schedule/schedule.js";
import { decideSchedule, refuseDeleted, type Decided, type Schedulable, type Seen, type Written } from "./decide-schedule.js";
import { findSchedule } from "./find-schedule.js";

/** What an update names takes the place of what was; null takes it off, back to the default. What is not named stays. */
export type ScheduleChange = { readonly [Option in keyof ScheduleOptions]?: ScheduleOptions[Option] | null };

export interface UpdateScheduleOptions extends ScheduleChange {
  /** Of every later run, from `acceptInput`. */
  readonly input?: Encoded;
  /** Of every later run. */
  readonly settings?: RunSettings;
}

/** Stops a schedule until it is resumed. Throws as {@link findSchedule}, and ScheduleStatusError where it is not active. */
export function pauseSchedule(project: Schedulable, text: string): Promise<ScheduleRecord> {
  return stop(project, text, "paused");
}

/**
 * Lets a schedule go on from now: what was due while it was paused or deleted is not caught up. Throws as {@link findSchedule}, and
 * ScheduleStatusError where it is active.
 */
export async function resumeSchedule(project: Schedulable, text: string): Promise<ScheduleRecord> {
  const resumption = await rewrite(project, text, ({ schedule, now }) => {
    const { scheduleId, status } = schedule;
    if (status === "active") throw new ScheduleStatusError(scheduleId, status, `pyworkflow schedules show ${scheduleId} tells when it is due`);
    return withState(resumed(schedule, now));
  });
  return resumption.schedule;
}

/**
 * Ends a schedule: its record and its ledger stay, its runs go on, and what was buffered is skipped. Throws as {@link findSchedule}, and
 * ScheduleStatusError where it was deleted before.
 */
export function deleteSchedule(project: Schedulable, text: string): Promise<ScheduleRecord> {
  return stop(project, text, "deleted");
}

async function stop(project: Schedulable, text: string, status: "paused" | "deleted"): Promise<ScheduleRecord> {
  for (;;) {
    const { schedule } = await rewrite(project, text, ({ now, ...loaded }) => {
      refuseDeleted(loaded.schedule);
      if (status === "paused") refusePaused(loaded.schedule);
      return decideStopped(loaded, status, now);
    });
    // More may be undecided than one transaction takes.
    if (schedule.status === status) return schedule;
  }
}

function refusePaused({ scheduleId, status }: ScheduleRecord): void {
  if (status === "paused") throw new ScheduleStatusError(scheduleId, status, `pyworkflow schedules resume ${scheduleId} lets it go on`);
}

/**
 * Changes what a schedule does from now on; see {@link ScheduleChange}. Naming one of `cron`, `interval`, `calendar` and `at` takes the place of the one
 * before. Throws as {@link findSchedule}, InvalidScheduleError, and ScheduleStatusError for a deleted one; then its definition is as it was.
 */
export async function updateSchedule(project: Schedulable, text: string, { input, settings, ...options }: UpdateScheduleOptions): Promise<ScheduleRecord> {
  for (;;) {
    const { decided, schedule } = await rewrite(project, text, ({ schedule: before, now, ...seen }): Decided => {
      refuseDeleted(before);
      const parts = { input: input ?? before.input, settings: settings ?? before.settings, createdAt: before.createdAt };
      const definition = definitionOf(changed(optionsOf(before), options), parts);
      const keepsTimes = JSON.stringify(definition.spec) === JSON.stringify(before.spec); // they may have passed: once, at a time
      if (!keepsTimes) refuseNever(definition.spec, Math.max(now, before.decidedUpTo ?? now));
      const owed = keepsTimes ? undefined : decideOwed({ schedule: before, ...seen }, { now, newRunId: runIdsInOrder(now, randomBytes) });
      return owed ?? { ...withState(redefined(before, definition, now)), definition };
    });
    if (decided.definition !== undefined) return schedule;
  }
}

function changed(options: ScheduleOptions, change: ScheduleChange): ScheduleOptions {
  const named = Object.entries(change).filter(([, value]) => value !== undefined);
  const replacesWhen = named.some(([option, value]) => value !== null && saysWhen(option));
  const kept = Object.entries(options).filter(([option]) => !(replacesWhen && saysWhen(option)));
  return Object.fromEntries([...new Map<string, unknown>([...kept, ...named])].filter(([, value]) => value !== null));
}

function saysWhen(option: string): boolean {
  return whenOptions.some((when) => when === option);
}

function withState(state: ScheduleState): Decided {
  return { state, ticks: [], create: [], cancel: [] };
}

async function rewrite<D extends Decided>(project: Schedulable, text: string, decide: (seen: Seen) => D): Promise<Written<D>> {
  const { scheduleId } = await findSchedule(project, text);
  const written = await decideSchedule(project, { scheduleId }, decide);
  assert(written !== undefined, "I8", `nothing was decided about ${scheduleId}`);
  return written;
}
