import { inspect } from "node:util";
import { isObject } from "../base/json.js";
import type { ScheduleOptions } from "../core/schedule/options.js";
import { checkOptions, refuse, workflow, workflowOptions } from "./define.js";
import type { WorkflowDefinition, WorkflowOptions } from "./definition.js";

/**
 * A workflow and its schedule in one: what a workflow is told, and when it starts by itself. The `description` is the workflow's, and `input` its
 * schema; a run is started with what the schema makes of `{}`: where it needs more, write `workflow({ schedule: { input } })`.
 */
export interface ScheduledWorkflowOptions<Input = unknown> extends Omit<WorkflowOptions<Input>, "schedule">, Omit<ScheduleOptions, "description"> {}

/**
 * Defines a workflow that starts by itself. Throws InvalidDefinitionError for a bad name or option, or where it is never due: one of `cron`,
 * `interval`, `calendar` and `at` says when; NameTakenError where another workflow bears the name.
 */
export function scheduledWorkflow<Input, Output>(options: ScheduledWorkflowOptions<Input>, fn: (input: Input) => Promise<Output>): WorkflowDefinition<Input, Output> {
  if (!isObject(options)) refuse("a scheduled workflow", `it is given ${inspect(options)}`, `write scheduledWorkflow({ name: "report", cron: "0 9 * * *" }, async () => { … })`);
  const { cron, interval, calendar, at, timezone, startAt, endAt, jitter, overlapPolicy, catchup, catchupWindow, ...rest } = options;
  const named = { cron, interval, calendar, at, timezone, startAt, endAt, jitter, overlapPolicy, catchup, catchupWindow };
  checkOptions(`workflow ${options.name}`, options, [...workflowOptions.filter((option) => option !== "schedule"), ...Object.keys(named)]);
  const schedule: ScheduleOptions = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  return workflow({ ...rest, schedule }, fn);
}
