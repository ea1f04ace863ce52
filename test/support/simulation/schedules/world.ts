import { randomBytes } from "node:crypto";
import type { Clock } from "../../../../src/base/clock.js";
import { InvalidScheduleError, ScheduleStatusError, StorageError } from "../../../../src/core/errors.js";
import { parseScheduleId, type ScheduleId } from "../../../../src/core/ids.js";
import { liveStatuses } from "../../../../src/core/run.js";
import { newSchedule } from "../../../../src/core/schedule/due.js";
import { overlapPolicies, type NewSchedule } from "../../../../src/core/schedule/schedule.js";
import { Ticker } from "../../../../src/runtime/scheduler/tick.js";
import { backfillSchedule } from "../../../../src/services/backfill-schedule.js";
import { deleteSchedule, pauseSchedule, resumeSchedule, updateSchedule, type UpdateScheduleOptions } from "../../../../src/services/change-schedule.js";
import type { Schedulable } from "../../../../src/services/decide-schedule.js";
import { triggerSchedule } from "../../../../src/services/trigger-schedule.js";
import type { Backend, ScheduleCommitResult } from "../../../../src/storage/backend.js";
import { chanceOf, type Chance } from "../chance.js";
import { Actor } from "./actor.js";
import { hidingEnds, ignoringVersions, turningTheLine } from "./broken-stores.js";
import { Judge, type Deed, type Written } from "./judge.js";
import { SimulatedRuns } from "./runs.js";
import { crons, day, hour, minute, randomDefinition, weekBegins } from "./specs.js";

/** What is wrong with the store, or with how schedulers read it. */
export type Broken = keyof typeof brokenStores | "reads runs first";

export interface Week {
  readonly seed: number;
  readonly openStore: () => Promise<Backend>;
  /** So many things happen in it, at most. */
  readonly movesMax: number;
  readonly broken?: Broken;
}

export interface Lived {
  /** What was found wrong; empty where all is well. */
  readonly faults: readonly string[];
  /** How often something happened: `schedule skipped`, `pause refused`… */
  readonly seen: ReadonlyMap<string, number>;
}

/** One simulated week. */
export async function liveWeek(week: Week): Promise<Lived> {
  const world = new World(week, await storeOf(week));
  await world.live();
  if (world.faults.length === 0) await world.comeToRest();
  return world;
}

const brokenStores = { "ignores versions": ignoringVersions, "hides ends": hidingEnds, "turns the line": turningTheLine };

async function storeOf({ openStore, broken }: Week): Promise<Backend> {
  const store = await openStore();
  return broken === undefined || broken === "reads runs first" ? store : brokenStores[broken](store);
}

/** A scheduler, or a hand that does one thing and is gone. */
interface Acting {
  readonly actor: Actor;
  readonly deed: Deed;
  /** Of a scheduler. */
  readonly look?: () => Promise<unknown>;
  /** Of a hand that has done what it wanted. */
  readonly onDone?: () => void;
}

const schedulersMax = 3;

class World implements Lived {
  readonly faults: string[] = [];
  readonly seen = new Map<string, number>();
  readonly #week: Week;
  readonly #store: Backend;
  readonly #chance: Chance;
  readonly #runs: SimulatedRuns;
  readonly #judges = new Map<ScheduleId, Judge>();
  readonly #schedulers: Acting[] = [];
  readonly #hands: Acting[] = [];
  #now = weekBegins;
  #latest = weekBegins;
  /** No scheduler lives before. */
  #downUntil = weekBegins;
  /** How likely a run ends when runs move. */
  readonly #endsLikely: number;

  constructor(week: Week, store: Backend) {
    this.#week = week;
    this.#store = store;
    this.#chance = chanceOf("week", week.seed);
    this.#runs = new SimulatedRuns(store, this.#chance);
    this.#endsLikely = this.#chance.pick([0.2, 0.5, 0.9]) ?? 0.5;
  }

  async live(): Promise<void> {
    for (let count = 1 + this.#chance.below(3); count > 0; count--) await this.#create(`plan-${count}`);
    for (let move = 0; this.#now < weekBegins + 7 * day && move < this.#week.movesMax && this.faults.length === 0; move++) {
      await this.#move();
      this.#see("move");
      if (move % 100 === 0) await this.#check();
    }
  }

  /** All that live end; one scheduler does what is left to do. */
  async comeToRest(): Promise<void> {
    for (const { actor } of [...this.#schedulers.splice(0), ...this.#hands.splice(0)]) await actor.crash("before");
    this.#downUntil = this.#now = this.#latest + minute; // behind all clocks
    this.#startScheduler(0);
    for (let isLive = true; isLive && this.faults.length === 0; ) {
      await this.#runs.endAll(this.#now);
      await this.#lookToTheEnd();
      isLive = (await this.#store.listRuns({ statuses: liveStatuses, limit: 1 })).length > 0;
    }
    await this.#check();
    for (const judge of this.#judges.values()) judge.checkAtRest(this.#now);
    this.#collect();
  }

  async #create(name: string): Promise<void> {
    const scheduleId = parseScheduleId(name);
    if (scheduleId === undefined) return;
    const schedule: NewSchedule = { scheduleId, createdAt: weekBegins + this.#chance.below(hour), ...randomDefinition(this.#chance) };
    await this.#store.createSchedule(newSchedule(schedule));
    const record = await this.#store.getSchedule(scheduleId);
    if (record !== undefined) this.#judges.set(scheduleId, new Judge(record));
  }

  async #move(): Promise<void> {
    const sort = this.#chance.next();
    if (sort < 0.5) return this.#moveSchedulers();
    if (sort < 0.7) return this.#moveRuns();
    if (sort < 0.8) return this.#moveHands();
    if (sort < 0.8015) return this.#goDown();
    await this.#passTime();
  }

  async #moveSchedulers(): Promise<void> {
    if (this.#now < this.#downUntil) return;
    if (this.#schedulers.length < schedulersMax) return this.#startScheduler(this.#chance.happens(0.5) ? 0 : this.#chance.below(4000) - 2000);
    const acting = this.#chance.pick(this.#schedulers);
    if (acting !== undefined) await this.#act(acting);
    this.#keepLiving(this.#schedulers);
  }

  /** Clocks of several machines differ a little. */
  #startScheduler(aheadMs: number): void {
    const actor = new Actor(this.#store, { readsRunsFirst: this.#week.broken === "reads runs first" });
    const onNote = ({ level, message }: { level: string; message: string }) => void (level === "error" && this.faults.push(message));
    const ticker = new Ticker({ backend: actor.backend, clock: { now: () => this.#now + aheadMs }, random: randomBytes, onNote });
    this.#schedulers.push({ actor, deed: { by: "scheduler" }, look: () => ticker.look() });
  }

  async #act(acting: Acting): Promise<void> {
    const { actor, look } = acting;
    if (actor.isIdle && look !== undefined) return actor.begin(look);
    const sort = this.#chance.next();
    if (sort < 0.04) await actor.crash("before");
    else if (sort < 0.08) await this.#write(acting, () => actor.crash("after"));
    else if (sort < 0.1) await actor.fail(new StorageError("the disk is full", { kind: "full", outcome: "rolled_back", hint: "make room" }));
    else await this.#write(acting, () => actor.goOn());
  }

  /** Carries out what somebody waits for, and tells the judges. */
  async #write({ actor, deed }: Acting, carryOut: () => Promise<readonly ScheduleCommitResult[]>): Promise<void> {
    const batch = actor.held?.kind === "commit" ? actor.held.batch : [];
    const runs = await Promise.all(batch.map(({ scheduleId }) => this.#runs.of(scheduleId)));
    const results = await carryOut();
    for (const [index, commit] of batch.entries()) {
      const isAccepted = results[index]?.accepted === true;
      this.#see(`${deed.by} ${isAccepted ? "accepted" : "refused"}`);
      if (isAccepted) this.#hear({ deed, commit, runs: runs[index] ?? [] });
    }
    this.#collect();
  }

  #hear(written: Written): void {
    const { scheduleId, ticks } = written.commit;
    this.#judges.get(scheduleId)?.hear(written);
    for (const { kind, decision } of ticks) this.#see(`${kind} ${decision}`);
  }

  #see(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  async #moveRuns(): Promise<void> {
    const sort = this.#chance.next();
    if (sort < 0.03) return this.#runs.loseWorker(this.#now);
    if (sort < 0.06) return this.#runs.cancel(this.#now);
    if (sort < 0.08) return this.#retry();
    if (sort < 0.4) return this.#runs.claim(this.#now);
    if (this.#chance.happens(this.#endsLikely)) await this.#runs.end(this.#now);
  }

  async #retry(): Promise<void> {
    await this.#runs.retry(this.#now);
    for (const judge of this.#judges.values()) judge.noteRetry();
  }

  async #moveHands(): Promise<void> {
    const hand = this.#chance.pick(this.#hands);
    if (hand === undefined || this.#chance.happens(0.3)) await this.#startHand();
    else await this.#act(hand);
    for (const { actor, onDone } of this.#hands) if (actor.isIdle && actor.error === undefined) onDone?.();
    this.#keepLiving(this.#hands);
    this.#collect();
  }

  async #startHand(): Promise<void> {
    const name = this.#chance.pick([...this.#judges.keys()]);
    if (name === undefined) return;
    const actor = new Actor(this.#store);
    const clock: Clock = { now: () => this.#now, monotonic: () => this.#now, setTimer: () => ({ cancel: () => {} }) };
    const { deed, act, onDone } = this.#randomDeed({ backend: actor.backend, clock }, name);
    this.#hands.push({ actor, deed, ...(onDone && { onDone }) });
    await actor.begin(act);
  }

  #randomDeed(project: Schedulable, name: ScheduleId): { readonly deed: Deed; readonly act: () => Promise<unknown>; readonly onDone?: () => void } {
    const sort = this.#chance.next();
    const policy = this.#chance.happens(0.3) ? this.#chance.pick(overlapPolicies) : undefined;
    if (sort < 0.35) return { deed: { by: "trigger", policy }, act: () => triggerSchedule(project, name, { overlapPolicy: policy }) };
    if (sort < 0.5) return this.#randomBackfill(project, name);
    if (sort < 0.62) return { deed: { by: "pause" }, act: () => pauseSchedule(project, name) };
    if (sort < 0.84) return { deed: { by: "resume" }, act: () => resumeSchedule(project, name) };
    if (sort < 0.87) return { deed: { by: "delete" }, act: () => deleteSchedule(project, name) };
    return { deed: { by: "update" }, act: () => updateSchedule(project, name, this.#randomChange()) };
  }

  #randomBackfill(project: Schedulable, name: ScheduleId) {
    const policy = this.#chance.happens(0.5) ? this.#chance.pick(overlapPolicies) : undefined;
    const start = this.#now - this.#chance.below(day);
    const end = start + 1 + this.#chance.below(day);
    // Those of the times that it has when it is asked: it may be given others before all are decided.
    const dues = this.#judges.get(name)?.duesIn(start, end) ?? [];
    return {
      deed: { by: "backfill", policy } as const,
      act: () => backfillSchedule(project, name, { start, end, overlapPolicy: policy }),
      onDone: () => this.#judges.get(name)?.hearBackfilled(dues),
    };
  }

  #randomChange(): UpdateScheduleOptions {
    const changes: readonly UpdateScheduleOptions[] = [
      { overlapPolicy: this.#chance.pick(overlapPolicies) ?? "skip" },
      { catchup: this.#chance.pick(["none", "latest", "all"] as const) ?? "all" },
      { cron: this.#chance.pick(crons) ?? crons[0] },
      { interval: "40m", jitter: "1m" },
      { jitter: null, endAt: null },
      { description: `as of ${this.#now}` },
    ];
    return this.#chance.pick(changes) ?? {};
  }

  // They die together, as machines do that go down for the night.
  async #goDown(): Promise<void> {
    for (const acting of this.#schedulers.splice(0)) await this.#write(acting, () => acting.actor.crash(this.#chance.happens(0.5) ? "before" : "after"));
    this.#downUntil = this.#now + (this.#chance.pick([minute, 10 * minute, 2 * hour, 8 * hour, day]) ?? hour);
  }

  async #passTime(): Promise<void> {
    const { due, nextWakeAt = Infinity } = await this.#store.dueSchedules(this.#now, 1);
    const isDown = this.#now < this.#downUntil;
    const sort = this.#chance.next();
    if (sort < 0.003) this.#now -= this.#chance.below(3 * hour); // somebody sets the clock back
    else if (isDown) this.#now = this.#downUntil;
    else if (due.length > 0) this.#now += this.#chance.below(sort < 0.9 ? 1000 : 20 * minute);
    else this.#now = Math.min(nextWakeAt, this.#now + this.#chance.below(6 * hour)) + this.#chance.below(3000);
    this.#latest = Math.max(this.#latest, this.#now);
  }

  #keepLiving(all: Acting[]): void {
    const living = all.filter(({ actor, look }) => !actor.isGone && (look !== undefined || !actor.isIdle));
    for (const { actor } of all) if (actor.error !== undefined) this.#hearError(actor);
    all.splice(0, all.length, ...living);
  }

  #hearError(actor: Actor): void {
    const { error } = actor;
    actor.error = undefined;
    if (error instanceof ScheduleStatusError || error instanceof InvalidScheduleError || error instanceof StorageError) return;
    this.faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  async #lookToTheEnd(): Promise<void> {
    for (const acting of this.#schedulers) {
      if (acting.look === undefined) continue;
      for (let isDue = true, look = 0; isDue && look < 1000; look++) {
        await acting.actor.begin(acting.look);
        isDue = acting.actor.held !== undefined;
        while (acting.actor.held !== undefined) await this.#write(acting, () => acting.actor.goOn());
      }
    }
    this.#keepLiving(this.#schedulers);
  }

  async #check(): Promise<void> {
    for (const [scheduleId, judge] of this.#judges) {
      const schedule = await this.#store.getSchedule(scheduleId);
      const ledger = await this.#store.listTicks({ scheduleId, limit: Number.MAX_SAFE_INTEGER });
      if (schedule !== undefined) judge.check({ schedule, ledger, runs: await this.#runs.of(scheduleId), now: this.#latest });
    }
    this.#collect();
  }

  #collect(): void {
    for (const judge of this.#judges.values()) this.faults.push(...judge.faults.splice(0));
  }
}

