import { formatDuration } from "../../base/duration.js";
import { unreachable } from "../../base/unreachable.js";
import { defaults } from "../defaults.js";
import type { RunId } from "../ids.js";
import type { NewRun } from "../run.js";
import { awaiting, isLate, stopped } from "./due.js";
import { firesAt, nextDue } from "./next.js";
import type { LiveRun, LoadedSchedule, OverlapPolicy, ScheduleRecord, ScheduleState, Tick, TickDecision } from "./schedule.js";
import type { TickKind } from "./tick-kind.js";
import { stateOf } from "./state.js";

const { ticksMax } = defaults.schedule;

/** What is decided about a schedule, to be written at once and under the version that it rests on. */
export interface ScheduleDecision {
  readonly version: number;
  readonly state: ScheduleState;
  readonly ticks: readonly Tick[];
  readonly create: readonly NewRun[];
  /** Live runs to be asked to end. */
  readonly cancel: readonly RunId[];
}

/** Time and chance, handed in. */
export interface DecideParts {
  readonly now: number;
  newRunId(): RunId;
}

/** Due times that a hand asks for. */
export interface AskedTicks {
  readonly kind: Exclude<TickKind, "schedule">;
  readonly dues: readonly number[];
  /** How many of them were asked for before, and skipped: they are not skipped any more. */
  readonly skippedBefore?: number;
  /** In the place of the schedule's own. */
  readonly overlapPolicy?: OverlapPolicy;
}

/**
 * What a scheduler does about an active schedule that it finds due: buffered ticks start in their order as soon as nothing of the schedule
 * runs, then each due time that has come is decided. At most `ticksMax` at once; what is left is due at once.
 */
export function decideDue(loaded: LoadedSchedule, parts: DecideParts): ScheduleDecision {
  const deciding = new Deciding(loaded, parts);
  deciding.drain();
  deciding.takeDue();
  return deciding.end();
}

/**
 * The same before the times of a schedule change: what has come by the old ones is decided by them, without waiting for its jitter. Undefined where
 * nothing has.
 */
export function decideOwed(loaded: LoadedSchedule, parts: DecideParts): ScheduleDecision | undefined {
  const { schedule } = loaded;
  if (schedule.status !== "active" || dueBy(schedule, parts.now) === undefined) return undefined;
  const deciding = new Deciding(loaded, parts);
  deciding.drain();
  deciding.takeDue({ atOnce: true });
  return deciding.end();
}

/** The same for the due times that a hand asks for; at most `ticksMax`. They are not late, and the schedule's own times go on as before. */
export function decideAsked(loaded: LoadedSchedule, { kind, dues, skippedBefore = 0, overlapPolicy = loaded.schedule.overlapPolicy }: AskedTicks, parts: DecideParts): ScheduleDecision {
  const { schedule } = loaded;
  const deciding = new Deciding({ ...loaded, schedule: { ...schedule, skippedRuns: schedule.skippedRuns - skippedBefore } }, parts);
  if (schedule.status === "active") deciding.drain(); // those came first
  for (const due of dues) deciding.take({ kind, due, reason: reasonOf[kind] }, overlapPolicy);
  return deciding.end();
}

const reasonOf = { trigger: "triggered by hand", backfill: "asked for by a backfill" } as const;

/**
 * Pauses or deletes a schedule. Due times that have come, and have not fired, are missed; what is buffered stays in line where it is
 * paused, and is skipped where it is deleted. At most `ticksMax` at once, and it stops with the last of them: so who asks for it asks again until the
 * state says so.
 */
export function decideStopped({ schedule, buffered }: LoadedSchedule, status: "paused" | "deleted", now: number): ScheduleDecision {
  const reason = `its schedule was ${status}`;
  const skipped = status === "deleted" ? buffered.map((tick): Tick => ({ ...tick, decidedAt: now, decision: "skipped", reason })) : [];
  let state: ScheduleState = { ...stateOf(schedule), bufferedCount: schedule.bufferedCount - skipped.length, skippedRuns: schedule.skippedRuns + skipped.length };
  const ticks = [...skipped];
  for (let due = dueBy(state, now); due !== undefined && ticks.length < ticksMax; due = dueBy(state, now)) {
    ticks.push({ kind: "schedule", due, decidedAt: now, decision: "missed", reason: `${reason} before it fired` });
    state = awaiting(schedule, { ...state, missedRuns: state.missedRuns + 1, decidedUpTo: due }, due);
  }
  const isRest = ticks.length === ticksMax && (dueBy(state, now) !== undefined || (status === "deleted" && state.bufferedCount > 0));
  return { version: schedule.version, state: isRest ? state : stopped(state, status, now), ticks, create: [], cancel: [] };
}

/** The due time that is to be decided next, where it has come; its jitter may still run. */
function dueBy({ nextDueAt }: ScheduleState, now: number): number | undefined {
  return nextDueAt !== undefined && nextDueAt <= now ? nextDueAt : undefined;
}

interface Due {
  readonly kind: TickKind;
  readonly due: number;
  /** Why it comes to be decided now. */
  readonly reason: string;
  /** It comes after its time, and starts a run all the same. */
  readonly late?: true;
}

class Deciding {
  readonly #schedule: ScheduleRecord;
  readonly #parts: DecideParts;
  #state: ScheduleState;
  #live: readonly LiveRun[];
  readonly #waiting: Tick[];
  readonly #ticks: Tick[] = [];
  readonly #create: NewRun[] = [];
  readonly #cancel: RunId[] = [];

  constructor({ schedule, live, buffered }: LoadedSchedule, parts: DecideParts) {
    this.#schedule = schedule;
    this.#parts = parts;
    this.#state = stateOf(schedule);
    this.#live = live;
    this.#waiting = [...buffered];
  }

  drain(): void {
    while (this.#mayDrain() && this.#hasRoom()) {
      const tick = this.#waiting.shift();
      if (tick === undefined) break;
      this.#state = { ...this.#state, bufferedCount: this.#state.bufferedCount - 1 };
      this.#start(tick, { decision: "fired", reason: "it was buffered, and the run before it has ended" });
    }
  }

  takeDue({ atOnce = false } = {}): void {
    const { scheduleId, spec } = this.#schedule;
    const { now } = this.#parts;
    const hasCome = (due: number) => atOnce || firesAt(scheduleId, spec, due) <= now;
    for (let due = dueBy(this.#state, now); due !== undefined && hasCome(due) && this.#hasRoom(); due = dueBy(this.#state, now)) {
      this.#takeOwn(due);
      this.#state = awaiting(this.#schedule, { ...this.#state, decidedUpTo: due }, due);
    }
  }

  // Under `allow_all`, which somebody chose while ticks were waiting, those of the schedule's own wait no longer. What a hand asked for waits
  // because it was asked to.
  #mayDrain(): boolean {
    if (this.#state.bufferedCount === 0) return false;
    const [first] = this.#waiting;
    return this.#live.length === 0 || (this.#schedule.overlapPolicy === "allow_all" && (first === undefined || first.kind === "schedule"));
  }

  #takeOwn(due: number): void {
    const { scheduleId, spec, overlapPolicy } = this.#schedule;
    const lateMs = this.#parts.now - firesAt(scheduleId, spec, due);
    if (!isLate(lateMs)) return this.take({ kind: "schedule", due, reason: "due" }, overlapPolicy);
    const late = `${formatDuration(lateMs)} late: no scheduler looked when it was due`;
    const missed = this.#whyMissed(due, lateMs);
    if (missed === undefined) return this.take({ kind: "schedule", due, reason: late, late: true }, overlapPolicy);
    this.#state = { ...this.#state, missedRuns: this.#state.missedRuns + 1 };
    this.#note({ kind: "schedule", due }, { decision: "missed", reason: `${late}, and ${missed}` });
  }

  #whyMissed(due: number, lateMs: number): string | undefined {
    const { scheduleId, spec, catchup, catchupWindowMs } = this.#schedule;
    if (lateMs > catchupWindowMs) return `its catch-up window of ${formatDuration(catchupWindowMs)} is over`;
    switch (catchup) {
      case "none":
        return "nothing is caught up (catchup: none)";
      case "latest": {
        const next = nextDue(spec, due);
        return next !== undefined && firesAt(scheduleId, spec, next) <= this.#parts.now ? "a later time was due as well (catchup: latest)" : undefined;
      }
      case "all":
        return undefined;
      default:
        return unreachable(catchup);
    }
  }

  take(tick: Due, policy: OverlapPolicy): void {
    const decision = tick.late ? "caught_up" : "fired";
    const because = this.#whyNot(policy);
    if (because === undefined) return this.#start(tick, { decision, reason: tick.reason });
    switch (policy) {
      case "skip":
        return this.#skip(tick, because);
      case "buffer_one":
        return this.#state.bufferedCount > 0 ? this.#skip(tick, `${because}, and a tick is buffered already`) : this.#buffer(tick, because);
      case "buffer_all":
        return this.#buffer(tick, because);
      case "cancel_other":
        return this.#takePlace(tick);
      case "allow_all":
        return this.#start(tick, { decision, reason: tick.reason });
      default:
        return unreachable(policy);
    }
  }

  /** What stands in the way of a run; undefined where nothing does. */
  #whyNot(policy: OverlapPolicy): string | undefined {
    const [oldest] = this.#live;
    if (oldest !== undefined) return `${oldest.runId} has not ended (overlap: ${policy})`;
    // No tick overtakes those that wait in line.
    const waits = this.#state.bufferedCount > 0 && (policy === "buffer_one" || policy === "buffer_all");
    return waits ? `others are buffered before it (overlap: ${policy})` : undefined;
  }

  #skip(tick: Due, reason: string): void {
    this.#state = { ...this.#state, skippedRuns: this.#state.skippedRuns + 1 };
    this.#note(tick, { decision: "skipped", reason });
  }

  #buffer(tick: Due, reason: string): void {
    this.#state = { ...this.#state, bufferedCount: this.#state.bufferedCount + 1 };
    this.#note(tick, { decision: "buffered", reason });
  }

  #takePlace(tick: Due): void {
    const others = this.#live.filter(({ cancellationRequested }) => !cancellationRequested).map(({ runId }) => runId);
    this.#cancel.push(...others);
    this.#live = this.#live.map(({ runId }) => ({ runId, cancellationRequested: true }));
    const [first] = others;
    if (first === undefined) return this.#start(tick, { decision: tick.late ? "caught_up" : "fired", reason: `${tick.reason}; the runs before it were asked to end` });
    const more = others.length > 1 ? ` and ${others.length - 1} more` : "";
    this.#start(tick, { decision: "cancelled_other", reason: `${first}${more} had not ended and was asked to (overlap: cancel_other)` });
  }

  #start({ kind, due }: Pick<Due, "kind" | "due">, why: Pick<Tick, "decision" | "reason">): void {
    const { now } = this.#parts;
    const { scheduleId, settings, input } = this.#schedule;
    const runId = this.#parts.newRunId();
    this.#create.push({ runId, ...settings, input, createdAt: now, nestingDepth: 0, schedule: { scheduleId, kind }, scheduledTime: due });
    this.#live = [...this.#live, { runId, cancellationRequested: false }];
    this.#state = { ...this.#state, totalRuns: this.#state.totalRuns + 1, lastRunAt: now, lastRunId: runId };
    this.#note({ kind, due }, { ...why, runId });
  }

  #note({ kind, due }: Pick<Due, "kind" | "due">, what: { readonly decision: TickDecision; readonly reason: string; readonly runId?: RunId }): void {
    this.#ticks.push({ kind, due, decidedAt: this.#parts.now, ...what });
  }

  /** The next due time stays as it is; what can be drained and found no room is due at once. */
  #wake(): Pick<ScheduleState, "wakeAt"> {
    const { scheduleId, spec } = this.#schedule;
    const { nextDueAt } = this.#state;
    if (this.#mayDrain()) return { wakeAt: this.#parts.now };
    return nextDueAt === undefined ? { wakeAt: undefined } : { wakeAt: firesAt(scheduleId, spec, nextDueAt) };
  }

  #hasRoom(): boolean {
    return this.#ticks.length < ticksMax;
  }

  end(): ScheduleDecision {
    const { version, status } = this.#schedule;
    if (status === "active") this.#state = { ...this.#state, ...this.#wake() };
    return { version, state: this.#state, ticks: this.#ticks, create: this.#create, cancel: this.#cancel };
  }
}
