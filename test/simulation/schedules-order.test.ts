import { randomBytes } from "node:crypto";
import { assert, describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { parseScheduleId, type ScheduleId } from "../../src/core/ids.js";
import { liveStatuses } from "../../src/core/run.js";
import { newSchedule, stopped } from "../../src/core/schedule/due.js";
import type { NewSchedule, OverlapPolicy } from "../../src/core/schedule/schedule.js";
import { Ticker } from "../../src/runtime/scheduler/tick.js";
import { triggerSchedule } from "../../src/services/trigger-schedule.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { eachStore } from "../support/each-store.js";
import { ManualClock } from "../support/manual-clock.js";
import type { Chance } from "../support/simulation/chance.js";
import { Actor } from "../support/simulation/schedules/actor.js";
import { hidingEnds, ignoringVersions } from "../support/simulation/schedules/broken-stores.js";
import { SimulatedRuns } from "../support/simulation/schedules/runs.js";

// Three read the live runs of a schedule, and only then they write, one after the other, in every order; and its run ends at every place between.

const minute = 60_000;
const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as const;
const ends = ["never", 0, 1, 2, 3] as const;
const scenes = ["nothing lives", "a run lives", "a run lives and a tick is buffered"] as const;
// Of two schedulers it does not matter which is which.
const crews = { "three schedulers": orders, "two schedulers and a hand": [[0, 1, 2], [0, 2, 1], [2, 0, 1]] } as const;

interface Case {
  readonly overlapPolicy: OverlapPolicy;
  readonly scene: (typeof scenes)[number];
  readonly crew: keyof typeof crews;
  readonly order: (typeof orders)[number];
  /** After how many writes the run ends. */
  readonly end: (typeof ends)[number];
}

/** The first of everything: runs complete. */
const first: Chance = { next: () => 0, happens: () => true, below: () => 0, pick: ([choice]) => choice };

class Stage {
  readonly #store: Backend;
  readonly #clock = new ManualClock();
  readonly #runs: SimulatedRuns;
  readonly #overlapPolicy: OverlapPolicy;
  readonly #notes: string[] = [];
  readonly scheduleId: ScheduleId;

  constructor(store: Backend, { overlapPolicy }: Case) {
    const scheduleId = parseScheduleId(`case-${++cases}`);
    assert(scheduleId !== undefined);
    this.scheduleId = scheduleId;
    this.#store = store;
    this.#overlapPolicy = overlapPolicy;
    this.#runs = new SimulatedRuns(store, first);
  }

  async prepare(scene: Case["scene"]): Promise<void> {
    const { scheduleId } = this;
    const createdAt = this.#clock.now();
    const settings = { workflowName: "report", durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 };
    const spec = { when: { intervalMs: minute, anchor: createdAt }, timezone: "UTC", startAt: createdAt + minute };
    const schedule: NewSchedule = { scheduleId, createdAt, spec, settings, input: encode({}), overlapPolicy: this.#overlapPolicy, catchup: "all", catchupWindowMs: minute };
    await this.#store.createSchedule(newSchedule(schedule));
    for (let dues = scenes.indexOf(scene); dues > 0; dues--) {
      this.#clock.jump(minute);
      await this.settle([this.scheduler()]);
    }
    this.#clock.jump(minute);
  }

  scheduler(): Part {
    const actor = new Actor(this.#store);
    const onNote = ({ message }: { message: string }) => void this.#notes.push(message);
    const ticker = new Ticker({ backend: actor.backend, clock: this.#clock, random: randomBytes, onNote });
    return { actor, look: () => ticker.look() };
  }

  hand(): Part {
    const actor = new Actor(this.#store);
    return { actor, look: () => triggerSchedule({ backend: actor.backend, clock: this.#clock }, this.scheduleId) };
  }

  async endRun(): Promise<void> {
    await this.#runs.endAll(this.#clock.now());
  }

  /** All that these have begun comes to its end, and what is due is decided. */
  async settle(parts: readonly Part[]): Promise<void> {
    for (const { actor } of parts) while (actor.held !== undefined) await actor.goOn();
    for (const part of [this.scheduler(), this.scheduler()]) {
      await part.actor.begin(part.look);
      while (part.actor.held !== undefined) {
        await part.actor.goOn();
        await part.actor.begin(part.look);
      }
    }
  }

  async seen() {
    const live = await this.#store.listRuns({ scheduleId: this.scheduleId, statuses: liveStatuses, limit: 10 });
    const ticks = await this.#store.listTicks({ scheduleId: this.scheduleId, limit: 100 });
    return { live: live.length, ticks, buffered: ticks.filter(({ decision }) => decision === "buffered").length };
  }

  async faults(): Promise<readonly string[]> {
    const { live, buffered, ticks } = await this.seen();
    const bufferedMax = this.#overlapPolicy === "skip" ? 0 : 1;
    return [
      ...this.#notes.splice(0),
      ...(live > 1 ? [`${live} runs live`] : []),
      ...(buffered > bufferedMax ? [`${buffered} ticks are buffered`] : []),
      ...(new Set(ticks.map(({ kind, due }) => `${kind} ${due}`)).size < ticks.length ? ["a due time has two rows"] : []),
    ];
  }

  async leave(): Promise<void> {
    const schedule = await this.#store.getSchedule(this.scheduleId);
    assert(schedule !== undefined);
    const { scheduleId, version } = schedule;
    const now = this.#clock.now();
    await this.#store.commitSchedules([{ scheduleId, version, state: stopped(schedule, "paused", now), ticks: [], create: [], cancel: [], now }]);
  }
}

interface Part {
  readonly actor: Actor;
  readonly look: () => Promise<unknown>;
}

let cases = 0;

/** What is wrong at any moment of it. */
async function play(store: Backend, scripted: Case): Promise<readonly string[]> {
  const { scene, crew, order, end } = scripted;
  const stage = new Stage(store, scripted);
  await stage.prepare(scene);
  const parts = [stage.scheduler(), stage.scheduler(), crew === "three schedulers" ? stage.scheduler() : stage.hand()];
  for (const { actor, look } of parts) await actor.begin(look);
  const wrong = parts.every(({ actor }) => actor.held?.kind === "commit") ? [] : ["somebody has nothing to write"];
  for (const [written, index] of order.entries()) {
    if (end === written) await stage.endRun();
    await parts[index]?.actor.goOn();
    wrong.push(...(await stage.faults()));
  }
  if (end === order.length) await stage.endRun();
  await stage.settle(parts);
  wrong.push(...(await stage.faults()), ...(await faultsAtRest(stage, scripted)));
  await stage.leave();
  return wrong.map((fault) => `${JSON.stringify(scripted)}: ${fault}`);
}

async function faultsAtRest(stage: Stage, { scene, crew }: Case): Promise<readonly string[]> {
  const wrong: string[] = [];
  const { live, buffered, ticks } = await stage.seen();
  const expected = scenes.indexOf(scene) + 1 + (crew === "three schedulers" ? 0 : 1);
  if (ticks.length !== expected) wrong.push(`${ticks.length} ticks are decided, not ${expected}`);
  if (live === 0 && buffered > 0) wrong.push("a tick is buffered, and nothing lives");
  for (let round = 0; round <= ticks.length; round++) {
    await stage.endRun();
    await stage.settle([]);
    wrong.push(...(await stage.faults()));
  }
  const { live: left, ticks: decided } = await stage.seen();
  if (left > 0 || decided.some(({ decision, runId }) => decision !== "skipped" && runId === undefined)) wrong.push("nobody drains what is buffered");
  return wrong;
}

async function playAll(open: () => Promise<Backend>, overlapPolicy: OverlapPolicy): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const scene of scenes) {
    const store = await open();
    for (const end of ends) {
      for (const order of crews["three schedulers"]) wrong.push(...(await play(store, { overlapPolicy, scene, crew: "three schedulers", order, end })));
      for (const order of crews["two schedulers and a hand"]) wrong.push(...(await play(store, { overlapPolicy, scene, crew: "two schedulers and a hand", order, end })));
    }
  }
  return wrong;
}

describe.each(["skip", "buffer_one"] as const)("whoever writes first, and whenever the run ends: under %s", (overlapPolicy) => {
  test.for(eachStore)("never two runs, never two buffered, and never one that nobody drains, on %s", { timeout: 120_000 }, async ([, open]) => {
    expect(await playAll(open, overlapPolicy)).toEqual([]);
  });

  test("and a store that ignores what has become of the schedule is found out", { timeout: 120_000 }, async () => {
    expect(await playAll(async () => ignoringVersions(createMemoryBackend()), overlapPolicy)).not.toEqual([]);
  });
});

test("a store that ignores the end of a run, for which a tick then waits, is found out", { timeout: 120_000 }, async () => {
  expect(await playAll(async () => hidingEnds(createMemoryBackend()), "buffer_one")).not.toEqual([]);
});
