import { defaults } from "../../../../src/core/defaults.js";
import type { RunId } from "../../../../src/core/ids.js";
import { isTerminal, type RunRecord } from "../../../../src/core/run.js";
import { findingsOfSchedule, findingsOfTicks } from "../../../../src/core/schedule/invariants.js";
import { firesAt } from "../../../../src/core/schedule/next.js";
import { mayReplace, type LiveRun, type OverlapPolicy, type ScheduleDefinition, type ScheduleRecord, type ScheduleSpec, type Tick, type TickDecision } from "../../../../src/core/schedule/schedule.js";
import type { ScheduleCommit } from "../../../../src/storage/backend.js";
import { day, scanDues, weekBegins } from "./specs.js";

/** Who wrote a decision, and what they wanted. */
export type Deed =
  | { readonly by: "scheduler" }
  | { readonly by: "trigger" | "backfill"; readonly policy?: OverlapPolicy | undefined }
  | { readonly by: "pause" | "resume" | "update" | "delete" };

/** A decision as the store took it. */
export interface Written {
  readonly deed: Deed;
  readonly commit: ScheduleCommit;
  /** What the schedule had started, and what had become of it, when it was written. */
  readonly runs: readonly RunRecord[];
}

/** How the store keeps a schedule. */
export interface Kept {
  readonly schedule: ScheduleRecord;
  readonly ledger: readonly Tick[];
  readonly runs: readonly RunRecord[];
  /** The latest time that anybody has seen. */
  readonly now: number;
}

const { ticksMax, lateAfterMs } = defaults.schedule;

/**
 * The oracle of one schedule. It is told of each decision that the store took, in their order, and says what that had to be: from the list
 * of all due times, from the runs that lived at that moment, and from nothing that a decider thinks.
 */
export class Judge {
  readonly faults: string[] = [];
  readonly #scheduleId: ScheduleRecord["scheduleId"];
  #definition: ScheduleDefinition;
  /** All of them, decided or not. */
  #dues: readonly number[];
  #status: ScheduleRecord["status"] = "active";
  /** Due times up to here are nobody's, or decided. */
  #passedTo: number;
  #line: Tick[] = [];
  readonly #ledger = new Map<string, Tick>();
  readonly #counts = { started: 0, skipped: 0, missed: 0 };
  /** Nothing has happened that allows two runs at a time. */
  #isPure = true;
  #live = new Map<RunId, boolean>();
  #toCancel: RunId[] = [];

  constructor(schedule: ScheduleRecord) {
    this.#scheduleId = schedule.scheduleId;
    this.#definition = schedule;
    this.#dues = allDues(schedule.spec);
    this.#passedTo = schedule.createdAt - 1;
  }

  get isPure(): boolean {
    return this.#isPure;
  }

  /** Somebody took up a run that had failed: it may live beside another. */
  noteRetry(): void {
    this.#isPure = false;
  }

  hear({ deed, commit, runs }: Written): void {
    // A request is for whoever goes on in the place of the run that is named; and somebody else may have asked while it was decided.
    const asked = commit.cancel.map((runId) => lastOfChain(runId, runs));
    this.#live = new Map(livesOf(runs).map(({ runId, cancellationRequested }) => [runId, cancellationRequested && !asked.includes(runId)]));
    this.#toCancel = [];
    if (deed.by === "delete" || deed.by === "pause") this.#hearStop(commit, deed.by === "delete" ? "deleted" : "paused");
    else if (deed.by === "scheduler" || (deed.by === "update" && commit.definition === undefined)) this.#hearScheduler(commit, deed.by);
    else if (deed.by === "trigger" || deed.by === "backfill") this.#hearAsked(commit, deed);
    else this.#hearChange(commit, deed.by);
    this.#checkRuns(commit, asked);
    this.#checkState(commit);
  }

  duesIn(from: number, before: number): readonly number[] {
    return scanDues(this.#definition.spec, from, before);
  }

  /** Each due time of a backfill has its row. */
  hearBackfilled(dues: readonly number[]): void {
    const forgotten = dues.filter((due) => !this.#ledger.has(`backfill ${due}`));
    if (forgotten.length > 0) this.#fault(`a backfill has forgotten ${times(forgotten)}`);
  }

  /** What the store keeps is what was written. */
  check({ schedule, ledger, runs, now }: Kept): void {
    const [found, written] = [ledger, [...this.#ledger.values()]].map((ticks) => ticks.map(rowOf).toSorted());
    if (found?.join("\n") !== written?.join("\n")) this.#fault(`the ledger has ${ledger.length} rows, and they are not the ${this.#ledger.size} that were written`);
    const first = runs.filter(({ continuedFrom }) => continuedFrom === undefined);
    const ended = (status: string) => runs.filter((run) => run.status === status).length;
    this.#same("totalRuns", schedule.totalRuns, first.length);
    this.#same("the runs that rows of the ledger name", ledger.filter(({ runId }) => runId !== undefined).length, first.length);
    this.#same("successfulRuns", schedule.successfulRuns, ended("completed"));
    this.#same("failedRuns", schedule.failedRuns, ended("failed"));
    this.#same("skippedRuns", schedule.skippedRuns, this.#counts.skipped);
    this.#same("missedRuns", schedule.missedRuns, this.#counts.missed);
    this.#same("bufferedCount", schedule.bufferedCount, this.#line.length);
    const lives = livesOf(runs);
    this.#checkPolicy(lives.length);
    const findings = [...findingsOfSchedule(schedule, ledger, { live: lives, now }), ...findingsOfTicks(schedule, ledger, { runs: new Map(runs.map((run) => [run.runId, run])) })];
    for (const { invariant, message } of findings) this.#fault(`${invariant} ${message}`);
  }

  /** Schedulers have looked at everything that is due by `now`, and no run lives. */
  checkAtRest(now: number): void {
    if (this.#status !== "active") return;
    const due = this.#next();
    if (due !== undefined && this.#firesAt(due) <= now) this.#fault(`nobody decides ${times([due])}`);
    if (this.#line.length > 0) this.#fault(`nobody drains ${this.#line.length} buffered ticks`);
  }

  #checkPolicy(lives: number): void {
    const { overlapPolicy } = this.#definition;
    if (!this.#isPure || overlapPolicy === "allow_all" || overlapPolicy === "cancel_other") return;
    if (lives > 1) this.#fault(`${lives} runs live under ${overlapPolicy}`);
    if (overlapPolicy === "buffer_one" && this.#line.length > 1) this.#fault(`${this.#line.length} ticks are buffered under buffer_one`);
    if (overlapPolicy === "skip" && this.#line.length > 0) this.#fault(`${this.#line.length} ticks are buffered under skip`);
  }

  // Who changes the times decides by the old ones first, and waits for no jitter.
  #hearScheduler({ ticks, now }: ScheduleCommit, by: "scheduler" | "update"): void {
    const latest = by === "update" ? Infinity : now;
    if (this.#status !== "active") this.#fault(`a scheduler wrote, and it is ${this.#status}`);
    const own = this.#hearDrained(ticks);
    for (const tick of own) this.#hearOwn(tick, now, latest);
    if (ticks.length > ticksMax) this.#fault(`${ticks.length} ticks in one transaction`);
    if (ticks.length >= ticksMax) return;
    const due = this.#nextBy(now);
    if (due !== undefined && this.#firesAt(due) <= latest) this.#fault(`${times([due])} was due and was left out`);
    if (this.#mayDrain()) this.#fault("a buffered tick could start and was left out");
  }

  #hearOwn(tick: Tick, now: number, latest: number): void {
    const due = this.#next();
    if (due === undefined || tick.kind !== "schedule" || tick.due !== due) return this.#fault(`the next due time was ${times(due === undefined ? [] : [due])}, and ${nameOf(tick)} was decided`);
    this.#passedTo = due;
    const { overlapPolicy } = this.#definition;
    const fires = this.#firesAt(due);
    if (due > now || fires > latest) this.#fault(`${nameOf(tick)} was decided too early`);
    const isLate = now - fires > lateAfterMs;
    if (isLate && this.#isMissed(now - fires, now)) this.#take(tick, "missed");
    else this.#take(tick, this.#demanded(overlapPolicy, isLate ? "caught_up" : "fired"));
  }

  #isMissed(lateMs: number, now: number): boolean {
    const { catchup, catchupWindowMs } = this.#definition;
    const following = this.#next();
    const isLatest = following === undefined || this.#firesAt(following) > now;
    return lateMs > catchupWindowMs || catchup === "none" || (catchup === "latest" && !isLatest);
  }

  /** What a policy demands of a tick at this moment. */
  #demanded(policy: OverlapPolicy, free: TickDecision): TickDecision {
    const [isBusy, isLine] = [this.#live.size > 0, this.#line.length > 0];
    if (policy === "skip") return isBusy ? "skipped" : free;
    if (policy === "buffer_one" && isLine) return "skipped";
    if (policy === "buffer_one" || policy === "buffer_all") return isBusy || isLine ? "buffered" : free;
    if (policy === "allow_all") return free;
    const others = [...this.#live].filter(([, isAsked]) => !isAsked).map(([runId]) => runId);
    this.#toCancel.push(...others);
    for (const runId of others) this.#live.set(runId, true);
    return others.length > 0 ? "cancelled_other" : free;
  }

  #hearAsked({ ticks, now }: ScheduleCommit, { by, policy }: Extract<Deed, { readonly by: "trigger" | "backfill" }>): void {
    const { overlapPolicy } = this.#definition;
    if (this.#status === "deleted") this.#fault(`a ${by} of a deleted schedule`);
    if (policy !== undefined && policy !== overlapPolicy) this.#isPure = false;
    const asked = this.#status === "active" ? this.#hearDrained(ticks) : ticks;
    if (this.#status === "active" && this.#mayDrain() && ticks.length - asked.length < ticksMax) this.#fault(`${by} overtakes what is buffered`);
    if (!isAskedFor(asked, by, now)) this.#fault(`a ${by} decided ${asked.map(nameOf).join()}`);
    for (const tick of asked) this.#take(tick, this.#demanded(policy ?? overlapPolicy, "fired"));
  }

  /** Takes the drained ticks off; returns what follows them. */
  #hearDrained(ticks: readonly Tick[]): readonly Tick[] {
    const waited = new Set(this.#line.map(keyOf));
    const end = ticks.findIndex((tick) => !waited.has(keyOf(tick)));
    const drained = end < 0 ? ticks : ticks.slice(0, end);
    for (const tick of drained) {
      if (!this.#mayDrain()) this.#fault(`${nameOf(tick)} was to wait`);
      const [first] = this.#line;
      if (first === undefined || keyOf(first) !== keyOf(tick)) this.#fault(`${nameOf(tick)} was drained before its turn`);
      this.#line = this.#line.filter((waits) => keyOf(waits) !== keyOf(tick));
      this.#take(tick, "fired");
    }
    return ticks.slice(drained.length);
  }

  #mayDrain(): boolean {
    const [first] = this.#line;
    if (first === undefined) return false;
    return this.#live.size === 0 || (this.#definition.overlapPolicy === "allow_all" && first.kind === "schedule");
  }

  #hearStop({ ticks, state, now }: ScheduleCommit, status: "deleted" | "paused"): void {
    const inLine = status === "deleted" ? this.#line.splice(0, ticksMax) : [];
    const skipped = ticks.slice(0, inLine.length);
    if (JSON.stringify(skipped.map(keyOf)) !== JSON.stringify(inLine.map(keyOf))) this.#fault("a deletion leaves buffered ticks out");
    for (const tick of skipped) this.#take(tick, "skipped");
    for (const tick of ticks.slice(inLine.length)) this.#hearMissed(tick, now);
    const isRest = this.#nextBy(now) !== undefined || (status === "deleted" && this.#line.length > 0);
    if (isRest && ticks.length !== ticksMax) this.#fault("a stop leaves out what was due");
    if (!isRest) this.#status = status;
    if (state.status !== this.#status) this.#fault(`it is made ${state.status}, with ${this.#line.length} ticks in line`);
  }

  #hearMissed(tick: Tick, now: number): void {
    if (tick.kind !== "schedule" || tick.due !== this.#nextBy(now)) this.#fault(`${nameOf(tick)} is not what was due next`);
    this.#passedTo = tick.due;
    this.#take(tick, "missed");
  }

  #hearChange({ ticks, now, definition }: ScheduleCommit, by: "resume" | "update"): void {
    if (ticks.length > 0) this.#fault(`${by} decided ${ticks.map(nameOf).join()}`);
    const isNew = definition !== undefined && JSON.stringify(definition.spec) !== JSON.stringify(this.#definition.spec);
    if (definition !== undefined && definition.overlapPolicy !== this.#definition.overlapPolicy) this.#isPure = false;
    this.#definition = definition ?? this.#definition;
    if (isNew) this.#dues = allDues(this.#definition.spec);
    if (by === "resume") this.#status = "active";
    if (by === "resume" || isNew) this.#passedTo = Math.max(now, this.#lastDecided());
  }

  /** The next one, where it has come. */
  #nextBy(now: number): number | undefined {
    const next = this.#status === "active" ? this.#next() : undefined;
    return next !== undefined && next <= now ? next : undefined;
  }

  #lastDecided(): number {
    return Math.max(-Infinity, ...[...this.#ledger.values()].filter(({ kind }) => kind === "schedule").map(({ due }) => due));
  }

  #take(tick: Tick, demanded: TickDecision): void {
    if (tick.decision !== demanded) this.#fault(`${nameOf(tick)} was to be ${demanded}, with ${this.#live.size} runs alive and ${this.#line.length} ticks in line (${tick.reason})`);
    const before = this.#ledger.get(keyOf(tick));
    if (before !== undefined && !mayReplace(before, tick)) this.#fault(`${nameOf(tick)} was ${before.decision} before`);
    this.#ledger.set(keyOf(tick), tick);
    if (tick.decision === "buffered") this.#line.push(tick);
    if (before?.decision === "skipped") this.#counts.skipped--;
    if (tick.decision === "skipped") this.#counts.skipped++;
    if (tick.decision === "missed") this.#counts.missed++;
    if (tick.runId === undefined) return;
    this.#counts.started++;
    this.#live.set(tick.runId, false);
  }

  #checkRuns({ ticks, create }: ScheduleCommit, asked: readonly RunId[]): void {
    const started = ticks.flatMap(({ kind, due, runId }) => (runId === undefined ? [] : [`${runId} ${kind} ${due}`]));
    const created = create.map(({ runId, schedule, scheduledTime }) => `${runId} ${schedule?.kind} ${scheduledTime}`);
    if (started.join() !== created.join()) this.#fault(`its ticks start ${started.join() || "nothing"}, and ${created.join() || "nothing"} is created`);
    if (asked.toSorted().join() !== this.#toCancel.toSorted().join()) this.#fault(`${asked.join() || "nobody"} is asked to end in the place of ${this.#toCancel.join() || "nobody"}`);
  }

  #checkState({ state, now }: ScheduleCommit): void {
    const next = this.#status === "active" ? this.#next() : undefined;
    this.#same("status", state.status, this.#status);
    this.#same("nextDueAt", state.nextDueAt, next);
    this.#same("totalRuns", state.totalRuns, this.#counts.started);
    const looksAt = state.wakeAt ?? Infinity;
    if (next !== undefined && looksAt > Math.max(now, this.#firesAt(next))) this.#fault(`nobody looks before ${times([looksAt])}`);
    if (this.#status !== "active") this.#same("wakeAt", state.wakeAt, undefined);
  }

  /** The first due time that nobody has decided. */
  #next(): number | undefined {
    return this.#dues.find((due) => due > this.#passedTo);
  }

  #firesAt(due: number): number {
    const { spec } = this.#definition;
    const fires = firesAt(this.#scheduleId, spec, due);
    if (fires < due || fires > due + (spec.jitterMs ?? 0)) this.#fault(`${times([due])} fires at a wrong time`);
    return fires;
  }

  #same(what: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.#fault(`${what} is ${String(found)}, not ${String(expected)}`);
  }

  #fault(message: string): void {
    this.faults.push(`${this.#scheduleId}: ${message}`);
  }
}

function isAskedFor(ticks: readonly Tick[], by: "trigger" | "backfill", now: number): boolean {
  if (ticks.some(({ kind }) => kind !== by)) return false;
  return by === "backfill" || (ticks.length === 1 && ticks.every(({ due }) => due >= now));
}

function allDues(spec: ScheduleSpec): readonly number[] {
  return scanDues(spec, weekBegins - 2 * day, weekBegins + 16 * day);
}

function livesOf(runs: readonly RunRecord[]): readonly LiveRun[] {
  return runs.filter(({ status }) => !isTerminal(status)).map(({ runId, cancellationRequested = false }) => ({ runId, cancellationRequested }));
}

function lastOfChain(first: RunId, runs: readonly RunRecord[]): RunId {
  const next = runs.find(({ runId }) => runId === first)?.continuedTo;
  return next === undefined ? first : lastOfChain(next, runs);
}

function keyOf({ kind, due }: Tick): string {
  return `${kind} ${due}`;
}

function rowOf({ kind, due, decidedAt, decision, reason, runId }: Tick): string {
  return [kind, due, decidedAt, decision, reason, runId].join(" ");
}

function nameOf({ kind, due, decision }: Tick): string {
  return `${kind} ${times([due])} (${decision})`;
}

function times(all: readonly number[]): string {
  return all.length === 0 ? "nothing" : all.map((time) => new Date(time).toISOString()).join(", ");
}
