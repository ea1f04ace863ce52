import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import type { RunId } from "../../../src/core/ids.js";
import { decideAsked, decideDue, type ScheduleDecision } from "../../../src/core/schedule/decide.js";
import { findingsOfSchedule, findingsOfTicks, type ScheduleFinding } from "../../../src/core/schedule/invariants.js";
import { overlapPolicies, type OverlapPolicy, type ScheduleRecord } from "../../../src/core/schedule/schedule.js";
import type { Backend } from "../../../src/storage/backend.js";
import { chanceOf, type Chance } from "../../support/simulation/chance.js";
import { current, decideOne, enterSchedule, liveIds, load, runningOf, runOf, tick } from "./scheduled.js";
import { cancelled, commitOne, eachWith, ended, failed, run, t0, type MakeStore } from "./support.js";

export function scheduleRacesContract(make: MakeStore): void {
  describe("several who decide about one schedule", () => {
    const store = eachWith(make);
    const sides = (): readonly [Backend, Backend] => [store.backend, store.other];

    test("of decisions that rest on one version, one is accepted", async () => {
      const of = await enterSchedule(store.backend, "race");
      for (let round = 1; round <= 20; round++) {
        const seen = await Promise.all(sides().map((backend) => current(backend, of)));
        const results = await Promise.all(sides().flatMap((backend, index) => seen.map((each) => decideOne(backend, each, { ticks: [tick(t0 + round, { kind: index === 0 ? "trigger" : "schedule" })], create: [runOf(of)] }))));
        expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
        expect(await current(store.backend, of)).toMatchObject({ version: round + 1 });
        expect(await liveIds(store.backend, of)).toHaveLength(round);
      }
      expect(await store.backend.listTicks({ scheduleId: of.scheduleId, limit: 100 })).toHaveLength(20);
    });

    test("a decision and the end of a run at once: the end is counted, and the decision comes first or not at all", async () => {
      const of = await enterSchedule(store.backend, "race");
      for (let round = 1; round <= 20; round++) {
        const [{ runId }, seen] = [await runningOf(store.backend, of), await current(store.backend, of)];
        const end = () => commitOne(store.backend, { runId, fence: 1, seen: 1, events: [ended] });
        const decide = () => decideOne(store.other, seen, { state: { skippedRuns: round } });
        const [first, second] = round % 2 === 0 ? [end(), decide()] : [decide(), end()];
        const { accepted } = await (round % 2 === 0 ? second : first);
        await Promise.all([first, second]);
        const after = await current(store.other, of);
        expect(after).toMatchObject({ successfulRuns: round, version: seen.version + (accepted ? 2 : 1), skippedRuns: accepted ? round : seen.skippedRuns });
      }
    });

    test.for(plays)("$policy keeps its word whoever decides and whenever runs end (seed $seed)", async ({ seed, policy }) => {
      const of = await enterSchedule(store.backend, "play", { overlapPolicy: policy, nextDueAt: undefined, wakeAt: undefined });
      const play = new Play(sides(), of, chanceOf("schedules", seed));
      await Promise.all([play.trigger(0), play.trigger(1), play.trigger(2), play.endRuns()]);
      await play.drain();

      const { schedule, live, buffered } = await load(store.other, of);
      expect([live, buffered, schedule.bufferedCount]).toEqual([[], [], 0]);
      const ticks = await store.other.listTicks({ scheduleId: of.scheduleId, limit: 1000 });
      expect(sorted(ticks.map(({ due }) => due))).toEqual(sorted(play.dues));
      const runs = await store.other.listRuns({ scheduleId: of.scheduleId, limit: 1000 });
      expect([...play.findings, ...findingsOfTicks(of, ticks, { runs: new Map(runs.map((each) => [each.runId, each])) })]).toEqual([]);
      const count = (status: string) => runs.filter((each) => each.status === status).length;
      const skippedRuns = ticks.length - runs.length;
      expect(schedule).toMatchObject({ totalRuns: runs.length, successfulRuns: count("completed"), failedRuns: count("failed"), skippedRuns });
      const { willingMax = Infinity, bufferedMax = Infinity, skips = false } = words[policy];
      expect([play.mostWilling > willingMax, play.mostBuffered > bufferedMax, !skips && skippedRuns > 0]).toEqual([false, false, false]);
    });
  });
}

interface Word {
  /** Runs at a time that were not asked to end. */
  readonly willingMax?: number;
  readonly bufferedMax?: number;
  readonly skips?: true;
}

const words: Readonly<Record<OverlapPolicy, Word>> = {
  skip: { willingMax: 1, bufferedMax: 0, skips: true },
  buffer_one: { willingMax: 1, bufferedMax: 1, skips: true },
  buffer_all: { willingMax: 1 },
  cancel_other: { willingMax: 1, bufferedMax: 0 },
  allow_all: { bufferedMax: 0 },
};
const plays = [1, 2, 3].flatMap((seed) => overlapPolicies.map((policy) => ({ seed, policy })));
const triggersEach = 6;

/** Three who trigger one schedule and one who ends its runs, in an order that chance gives. */
class Play {
  readonly of: ScheduleRecord;
  readonly dues: number[] = [];
  mostWilling = 0;
  mostBuffered = 0;
  readonly findings: ScheduleFinding[] = [];
  readonly #sides: readonly [Backend, Backend];
  readonly #chance: Chance;
  #triggering = 3;

  constructor(sides: readonly [Backend, Backend], of: ScheduleRecord, chance: Chance) {
    this.#sides = sides;
    this.of = of;
    this.#chance = chance;
  }

  async trigger(who: number): Promise<void> {
    for (let nth = 0; nth < triggersEach; nth++) {
      await this.#pause();
      const due = t0 + nth * 10 + who;
      this.dues.push(due);
      while (!(await this.#tryToTrigger(due)));
      await this.#look();
    }
    this.#triggering--;
  }

  async #tryToTrigger(due: number): Promise<boolean> {
    const loaded = await load(this.#side(), this.of, this.of.overlapPolicy);
    await this.#pause(); // what was loaded grows old
    return this.#commit(decideAsked(loaded, { kind: "trigger", dues: [due] }, parts));
  }

  /** Ends whatever is alive, until nobody triggers any more. */
  async endRuns(): Promise<void> {
    while (this.#triggering > 0) {
      await this.#pause();
      await this.#endOne();
    }
  }

  async #endOne(): Promise<void> {
    const [runId] = await liveIds(this.#side(), this.of);
    if (runId !== undefined) await commitOne(this.#side(), { runId, seen: 0, events: [this.#chance.pick(ways) ?? ended] });
    await this.#look();
  }

  /** Ends and decides until nothing is left: what waits is due as soon as nothing is alive. */
  async drain(): Promise<void> {
    for (;;) {
      await this.#pause();
      const { live, buffered } = await load(this.#side(), this.of);
      if (live.length > 0) await this.#endOne();
      else if (buffered.length === 0) return;
      else await this.#decideDue();
    }
  }

  async #decideDue(): Promise<void> {
    const { due: [loaded] } = await this.#side().dueSchedules(parts.now, 10);
    if (loaded === undefined) throw new Error("a tick waits, nothing is alive, and nobody has to look");
    if (!(await this.#commit(decideDue(loaded, parts)))) throw new Error("nobody else decides, and the decision was refused");
  }

  async #commit(decision: ScheduleDecision): Promise<boolean> {
    const [result] = await this.#side().commitSchedules([{ ...decision, scheduleId: this.of.scheduleId, now: parts.now }]);
    if (result?.accepted === false && result.refused === "tick") throw new Error("the due time was decided before");
    return result?.accepted === true;
  }

  async #look(): Promise<void> {
    const { schedule, live, buffered } = await load(this.#side(), this.of);
    this.mostWilling = Math.max(this.mostWilling, live.filter(({ cancellationRequested }) => !cancellationRequested).length);
    this.mostBuffered = Math.max(this.mostBuffered, buffered.length);
    this.findings.push(...findingsOfSchedule(schedule, buffered, { live, now: parts.now }));
  }

  #side(): Backend {
    return this.#sides[this.#chance.below(2)] ?? this.#sides[0];
  }

  async #pause(): Promise<void> {
    for (let turns = this.#chance.below(4); turns >= 0; turns--) await setImmediate();
  }
}

const ways: readonly WorkflowEvent[] = [ended, failed, cancelled];
const parts = { now: t0 + 1000, newRunId: (): RunId => run().runId };

function sorted(times: readonly number[]): readonly number[] {
  return times.toSorted((a, b) => a - b);
}
