import type { ChalkInstance } from "chalk";
import type { HookStatus } from "../../core/hooks.js";
import type { RunStatus } from "../../core/run.js";
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
