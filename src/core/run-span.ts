import type { RecordedEvent } from "./events/event.js";
import { isTerminal, type RunRecord, type RunStatus } from "./run.js";

/** A time in which a worker held the run. `interrupted`: it was lost. `parked`: code and history did not fit. `released`: it handed the run over. */
export interface HoldSpan {
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly status: RunStatus | "parked" | "released";
}

/** A time in which nobody held it. */
export interface IdleSpan {
  readonly kind: "pending" | "suspended" | "interrupted" | "parked" | "failed";
  readonly startedAt: number;
  readonly endedAt?: number;
}

/** A run over time: who held it when, and when nobody did. Times in milliseconds since the epoch; without `endedAt` it is so now. */
export interface RunSpan {
  readonly startedAt: number;
  readonly endedAt?: number | undefined;
  readonly holds: readonly HoldSpan[];
  readonly idles: readonly IdleSpan[];
}

/** What a history tells of its run as a whole; of a transient run, which has none, what its row tells. */
export function runSpanOf(run: RunRecord, history: readonly RecordedEvent[]): RunSpan {
  const { createdAt, completedAt } = run;
  // A rerun begins with events that are older than itself.
  const startedAt = Math.min(createdAt, history[0]?.at ?? createdAt);
  const pending: Course = { holds: [], idles: [{ kind: "pending", startedAt }] };
  const { holds, idles } = run.durable ? history.reduce(follow, pending) : held(pending, run);
  return { startedAt, endedAt: completedAt, holds, idles: isTerminal(run.status) ? idles.filter(({ endedAt }) => endedAt !== undefined) : idles };
}

interface Course {
  readonly holds: readonly HoldSpan[];
  readonly idles: readonly IdleSpan[];
}

function follow(course: Course, event: RecordedEvent): Course {
  const { at } = event;
  switch (event.type) {
    case "workflow.started":
      return claimed(course, at);
    case "workflow.resumed":
      return event.reset === undefined ? claimed(course, at) : letGo(course, at, { hold: "suspended", idle: "suspended" });
    case "workflow.suspended":
      return letGo(course, at, { hold: event.reason === "released" ? "released" : "suspended", idle: "suspended" });
    case "workflow.interrupted":
      return letGo(course, at, event.reason === "worker_lost" ? { hold: "interrupted", idle: "interrupted" } : { hold: "parked", idle: "parked" });
    case "workflow.failed":
      return letGo(course, at, { hold: "failed", idle: "failed" });
    case "workflow.completed":
      return letGo(course, at, { hold: "completed" });
    case "workflow.cancelled":
      return letGo(course, at, { hold: "cancelled" });
    case "workflow.continued_as_new":
      return letGo(course, at, { hold: "continued_as_new" });
    default:
      return course;
  }
}

function claimed({ holds, idles }: Course, at: number): Course {
  return { holds: [...holds, { startedAt: at, status: "running" }], idles: ended(idles, { endedAt: at }) };
}

function letGo({ holds, idles }: Course, at: number, { hold, idle }: { readonly hold: HoldSpan["status"]; readonly idle?: IdleSpan["kind"] }): Course {
  const before = ended(idles, { endedAt: at });
  return { holds: ended(holds, { endedAt: at, status: hold }), idles: idle === undefined ? before : [...before, { kind: idle, startedAt: at }] };
}

/** The last of them changes, if it goes on. */
function ended<S extends { readonly endedAt?: number }>(spans: readonly S[], change: Partial<S>): readonly S[] {
  const last = spans.at(-1);
  return last === undefined || last.endedAt !== undefined ? spans : [...spans.slice(0, -1), { ...last, ...change }];
}

function held(course: Course, { startedAt, completedAt, status }: RunRecord): Course {
  if (startedAt === undefined) return course;
  const { holds, idles } = claimed(course, startedAt);
  return completedAt === undefined ? { holds, idles } : { holds: ended(holds, { endedAt: completedAt, status }), idles };
}
