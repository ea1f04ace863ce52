import { isObject } from "../base/json.js";
import { InvalidDefinitionError, PyworkflowError } from "../core/errors.js";
import { refuseNever, rulesOf, type Declaration, type DeclaredSchedule } from "../core/schedule/definition.js";
import type { ScheduleOptions } from "../core/schedule/options.js";
import type { ScheduleSpec } from "../core/schedule/schedule.js";
import type { WorkflowDefinition, WorkflowSchedule } from "./definition.js";
import { jsonSchemaOf } from "./input.js";
import { acceptInput, runSettingsOf, type RecoverySettings } from "./new-run.js";

interface DeclarationConfig {
  readonly recovery: RecoverySettings;
  readonly limits: { readonly payloadBytes: number };
}

/**
 * What definitions say of the schedules of their workflows, ready to be stored. Throws InvalidDefinitionError, with the place of the definition, where
 * the input of a schedule is none of its workflow's or can't be stored.
 */
export async function declarationsOf(workflows: Iterable<WorkflowDefinition>, config: DeclarationConfig): Promise<readonly Declaration[]> {
  return Promise.all([...workflows].map((workflow) => declarationOf(workflow, config)));
}

async function declarationOf(workflow: WorkflowDefinition, { recovery, limits }: DeclarationConfig): Promise<Declaration> {
  const settings = runSettingsOf(workflow, { recovery });
  const { schedule } = workflow.options;
  return schedule === undefined ? { settings } : { settings, schedule: await declaredSchedule(workflow, schedule, limits) };
}

async function declaredSchedule(workflow: WorkflowDefinition, { input = defaultInput(workflow), ...options }: WorkflowSchedule, limits: DeclarationConfig["limits"]): Promise<DeclaredSchedule> {
  try {
    return { options: withTexts(options), input: await acceptInput(workflow, input, limits) };
  } catch (error) {
    if (!(error instanceof PyworkflowError)) throw error;
    const { name, place } = workflow;
    const where = place === undefined ? "" : `${place}: `;
    throw new InvalidDefinitionError(`${where}the schedule of workflow ${name} can't start it: ${error.message}`, "write an input that the workflow takes: schedule: { input: … }", { cause: error });
  }
}

/** What a workflow is given where nobody says: an object for its schema to fill, where that has fields. */
export function defaultInput({ options }: Pick<WorkflowDefinition, "options">): unknown {
  const properties = jsonSchemaOf(options.input)?.["properties"];
  return isObject(properties) && Object.keys(properties).length > 0 ? {} : undefined;
}

// A Date does not survive JSON.
function withTexts({ at, startAt, endAt, ...options }: ScheduleOptions): ScheduleOptions {
  return { ...options, ...(at !== undefined && { at: textOf(at) }), ...(startAt !== undefined && { startAt: textOf(startAt) }), ...(endAt !== undefined && { endAt: textOf(endAt) }) };
}

function textOf(time: Date | string): string {
  return typeof time === "string" ? time : time.toISOString();
}

/** Throws InvalidScheduleError where the options of a schedule contradict each other, are not understood, or name no time that ever comes or came. */
export function checkTimes(schedule: WorkflowSchedule): void {
  const spec = declaredSpec(schedule);
  // A time that has passed was a time once: the code of an old project still loads.
  refuseNever(spec, Math.min(0, spec.startAt ?? 0) - 1);
}

/** When a declared schedule is due. Throws InvalidScheduleError. */
export function declaredSpec({ input, ...options }: WorkflowSchedule): ScheduleSpec {
  void input; // it needs the workflow's schema, which may answer later
  return rulesOf(options, 0).spec;
}
