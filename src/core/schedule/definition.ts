import type { Encoded } from "../../base/codec.js";
import { writeDuration } from "../../base/duration.js";
import { defaults } from "../defaults.js";
import { InvalidScheduleError } from "../errors/schedules.js";
import type { RunSettings } from "../run.js";
import { checkDuration, checkKeys, checkText, checkWord } from "./check.js";
import { nextDue } from "./next.js";
import { whenOptions, type ScheduleOptions } from "./options.js";
import { catchups, overlapPolicies, type ScheduleDefinition, type ScheduleSpec } from "./schedule.js";
import { specOf, timesOf } from "./spec.js";
import { specWords } from "./words.js";

/** What a definition needs beside what a person writes. Times in milliseconds since the epoch. */
export interface DefinitionParts {
  readonly settings: RunSettings;
  readonly input: Encoded;
  /** Of the schedule: an interval without `startAt` counts from it. */
  readonly createdAt: number;
}

/** All that people write of a schedule. */
export const optionNames = [...whenOptions, "timezone", "startAt", "endAt", "jitter", "overlapPolicy", "catchup", "catchupWindow", "description"] as const satisfies (keyof ScheduleOptions)[];

/** The schedule that options describe. Throws InvalidScheduleError, with the option, where they contradict each other or are not understood. */
export function definitionOf(options: ScheduleOptions, { settings, input, createdAt }: DefinitionParts): ScheduleDefinition {
  return { ...rulesOf(options, createdAt), input, settings };
}

/** A definition but for what its runs begin with. Throws as {@link definitionOf}. */
export function rulesOf(options: ScheduleOptions, createdAt: number): Omit<ScheduleDefinition, "input" | "settings"> {
  checkKeys("schedule", options, optionNames);
  const { overlapPolicy, catchup, catchupWindow, description } = options;
  const { schedule } = defaults;
  return {
    spec: specOf(options, createdAt),
    overlapPolicy: overlapPolicy === undefined ? schedule.overlapPolicy : checkWord("overlapPolicy", overlapPolicy, overlapPolicies),
    catchup: catchup === undefined ? schedule.catchup : checkWord("catchup", catchup, catchups),
    catchupWindowMs: catchupWindow === undefined ? schedule.catchupWindowMs : checkDuration("catchupWindow", catchupWindow),
    ...(description !== undefined && { description: checkText("description", description) }),
  };
}

/** The options that describe a definition: what `definitionOf` makes of them is the same again. */
export function optionsOf({ spec, overlapPolicy, catchup, catchupWindowMs, description }: ScheduleDefinition): ScheduleOptions {
  return { ...timesOf(spec), overlapPolicy, catchup, catchupWindow: writeDuration(catchupWindowMs), ...(description !== undefined && { description }) };
}

/** Throws InvalidScheduleError where nothing is due later than `after`: a schedule that never fires is a mistake. */
export function refuseNever(spec: ScheduleSpec, after: number): void {
  if (nextDue(spec, after) !== undefined) return;
  const { when, timezone, endAt } = spec;
  if (nextDue({ when, timezone }, after) === undefined) {
    const words = specWords(spec).replace(/^\w+: /, ""); // the option is named before them
    if ("at" in when) throw new InvalidScheduleError("at", `its only due time, ${words}, has passed`, "name a time to come");
    const option = "cron" in when ? "cron" : "calendar";
    throw new InvalidScheduleError(option, `${words} never comes`, "no calendar has such a day: look at the day, the month and the weekday");
  }
  const option = endAt === undefined ? "startAt" : "endAt";
  throw new InvalidScheduleError(option, `${specWords(spec)}: nothing is due in what is left of the time from startAt to endAt`, "take one of them away, or move it");
}

/** What a worker's code says of one of its workflows; plain JSON, so that a process can tell it to another. */
export interface Declaration {
  readonly settings: RunSettings;
  readonly schedule?: DeclaredSchedule;
}

export interface DeclaredSchedule {
  /** Times as texts in ISO 8601. */
  readonly options: ScheduleOptions;
  readonly input: Encoded;
}
