import { randomBytes } from "node:crypto";
import type { Encoded } from "../base/codec.js";
import { InvalidScheduleError, ScheduleExistsError } from "../core/errors.js";
import { declaredScheduleId, newScheduleId, parseScheduleId, type ScheduleId } from "../core/ids.js";
import { definitionOf, refuseNever } from "../core/schedule/definition.js";
import { newSchedule } from "../core/schedule/due.js";
import type { ScheduleOptions } from "../core/schedule/options.js";
import type { ScheduleRecord } from "../core/schedule/schedule.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { runSettingsOf } from "../engine/new-run.js";
import type { Startable } from "./start-run.js";

export interface CreateScheduleOptions {
  readonly workflow: WorkflowDefinition;
  readonly options: ScheduleOptions;
  /** Of every run, from `acceptInput`. */
  readonly input: Encoded;
  /** Default: a new one. */
  readonly scheduleId?: string;
}

/**
 * Records a schedule; it is active at once. Throws InvalidScheduleError where its times or its id can't be, or no due time lies ahead, and
 * ScheduleExistsError where the id is taken, also by one that was deleted.
 */
export async function createSchedule({ backend, clock, config }: Startable, { workflow, options, input, ...given }: CreateScheduleOptions): Promise<ScheduleRecord> {
  const createdAt = clock.now();
  const scheduleId = given.scheduleId === undefined ? newScheduleId(createdAt, randomBytes) : scheduleIdOf(given.scheduleId);
  const definition = definitionOf(options, { input, settings: runSettingsOf(workflow, config), createdAt });
  refuseNever(definition.spec, createdAt - 1);
  const schedule = newSchedule({ ...definition, scheduleId, createdAt });
  if (await backend.createSchedule(schedule)) return { ...schedule, version: 1 };
  const other = await backend.getSchedule(scheduleId);
  throw new ScheduleExistsError(scheduleId, other?.status === "deleted");
}

function scheduleIdOf(text: string): ScheduleId {
  const id = parseScheduleId(text);
  if (id === undefined) throw new InvalidScheduleError("scheduleId", `${JSON.stringify(text)} is no id`, "use letters, digits, _ . and - only, at most 128 of them, and begin with a letter, a digit or _");
  const reserved = declaredScheduleId("");
  if (id.startsWith(reserved)) throw new InvalidScheduleError("scheduleId", `${id} begins with ${reserved}, as the schedules do that a workflow declares`, "choose another id");
  return id;
}
