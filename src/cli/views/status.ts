import type { ChalkInstance } from "chalk";
import type { HookStatus } from "../../core/hooks.js";
import type { RunStatus } from "../../core/run.js";
import type { ScheduleStatus, TickDecision } from "../../core/schedule/schedule.js";
import type { StepStatus } from "../../core/steps.js";

const colours = {
  completed: "green",
  running: "blue",
  suspended: "yellow",
  retrying: "yellow",
  interrupted: "cyan",
  pending: "cyan",
  failed: "red",
  cancelled: "magenta",
  continued_as_new: "gray",
} as const satisfies Record<RunStatus | StepStatus, keyof ChalkInstance>;

/** The text in the colour of the status; the text may be a shortened one. */
export function paintStatus(paint: ChalkInstance, status: RunStatus | StepStatus, text: string = status): string {
  return paint[colours[status]](text);
}

const hookColours = {
  pending: "cyan",
  received: "green",
  expired: "red",
  disposed: "gray",
} as const satisfies Record<HookStatus, keyof ChalkInstance>;

export function paintHookStatus(paint: ChalkInstance, status: HookStatus, text: string = status): string {
  return paint[hookColours[status]](text);
}

const scheduleColours = {
  active: "green",
  paused: "yellow",
  deleted: "gray",
} as const satisfies Record<ScheduleStatus, keyof ChalkInstance>;

export function paintScheduleStatus(paint: ChalkInstance, status: ScheduleStatus, text: string = status): string {
  return paint[scheduleColours[status]](text);
}

const decisionColours = {
  fired: "green",
  caught_up: "cyan",
  cancelled_other: "magenta",
  buffered: "yellow",
  skipped: "gray",
  missed: "red",
} as const satisfies Record<TickDecision, keyof ChalkInstance>;

export function paintDecision(paint: ChalkInstance, decision: TickDecision, text: string = decision): string {
  return paint[decisionColours[decision]](text);
}
