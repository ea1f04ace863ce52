import type { ChalkInstance } from "chalk";
import type { HookStatus } from "../../core/hooks.js";
import type { RunStatus } from "../../core/run.js";
import type { ScheduleStatus, TickDecision } from "../../core/schedule/schedule.js";
import type { SpanStatus } from "../../core/spans.js";
import type { SeenStatus } from "../../services/serving.js";

type Colour = "green" | "blue" | "yellow" | "cyan" | "red" | "magenta" | "gray";

/** The text in the colour of the status; the text may be a shortened one. */
type Painter<Status extends string> = (paint: ChalkInstance, status: Status, text?: string) => string;

export const paintStatus = painter<RunStatus | SpanStatus>({
  completed: "green",
  running: "blue",
  suspended: "yellow",
  retrying: "yellow",
  waiting: "yellow",
  interrupted: "cyan",
  pending: "cyan",
  failed: "red",
  expired: "red",
  cancelled: "magenta",
  left: "gray",
  continued_as_new: "gray",
});

export const paintHookStatus = painter<HookStatus>({
  pending: "cyan",
  received: "green",
  expired: "red",
  disposed: "gray",
});

export const paintScheduleStatus = painter<ScheduleStatus>({
  active: "green",
  paused: "yellow",
  deleted: "gray",
});

export const paintWorkerStatus = painter<SeenStatus>({
  online: "green",
  draining: "yellow",
  silent: "red",
  dead: "gray",
});

export const paintDecision = painter<TickDecision>({
  fired: "green",
  caught_up: "cyan",
  cancelled_other: "magenta",
  buffered: "yellow",
  skipped: "gray",
  missed: "red",
});

function painter<Status extends string>(colours: Readonly<Record<Status, Colour>>): Painter<Status> {
  return (paint, status, text = status) => paint[colours[status]](text);
}
