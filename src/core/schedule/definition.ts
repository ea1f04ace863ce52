import type { Encoded } from "../../base/codec.js";
import type { RunSettings } from "../run.js";
import type { ScheduleOptions } from "./options.js";
import type { ScheduleDefinition, ScheduleSpec } from "./schedule.js";

/** What a definition needs beside what a person writes. Times in milliseconds since the epoch. */
export interface DefinitionParts {
  readonly settings: RunSettings;
  readonly input: Encoded;
  /** Of the schedule: an interval without `startAt` counts from it. */
  readonly createdAt: number;
}

/** The schedule that options describe. Throws InvalidScheduleError, with the option, where they contradict each other or are not understood. */
export function definitionOf(options: ScheduleOptions, parts: DefinitionParts): ScheduleDefinition {
  void options;
  void parts;
  throw new RangeError("stub");
}

/** The options that describe a definition: what `definitionOf` makes of them is the same again. */
export function optionsOf(definition: ScheduleDefinition): ScheduleOptions {
  void definition;
  return {};
}

/** Throws InvalidScheduleError where nothing is due later than `after`: a schedule that never fires is a mistake. */
export function refuseNever(spec: ScheduleSpec, after: number): void {
  void spec;
  void after;
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
