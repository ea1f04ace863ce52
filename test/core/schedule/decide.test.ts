import { describe, expect, test } from "vitest";
import { decideAsked, decideDue, decideOwed, decideStopped, type AskedTicks, type ScheduleDecision } from "../../../src/core/schedule/decide.js";
import { firesAt } from "../../../src/core/schedule/next.js";
import type { Catchup, LoadedSchedule, OverlapPolicy, Tick } from "../../../src/core/schedule/schedule.js";
import { overlapPolicies } from "../../../src/core/schedule/schedule.js";
import { at, loadedWith, minute, numbersOf, partsAt, runIdOf, scheduleWith, tickAt } from "../../support/schedule.js";

/** What was decided, one line a tick: `kind minute decision`, and the run that it started, by its number. */
function rowsOf({ ticks }: ScheduleDecision): readonly string[] {
  return ticks.map(({ kind, due, decision, runId }) => [kind, numbersOf(due), decision, ...(runId === undefined ? [] : [`→ ${Number(runId.slice(-4))}`])].join(" "));
}

/** The state as whoever loads it next finds it; the runs that were started live. */
function after({ schedule, live, buffered }: LoadedSchedule, { state, ticks, create, cancel }: ScheduleDecision): LoadedSchedule {
  const decided = new Set(ticks.map(({ kind, due }) => `${kind} ${due}`));
  const lives = [...live, ...create.map(({ runId }) => ({ runId, cancellationRequested: false }))];
  return {
    schedule: { ...schedule, ...state, version: schedule.version + 1 },
    live: lives.map(({ runId, cancellationRequested }) => ({ runId, cancellationRequested: cancellationRequested || cancel.includes(runId) })),
    buffered: [...buffered.filter(({ kind, due }) => !decided.has(`${kind} ${due}`)), ...ticks.filter(({ decision }) => decision === "buffered")],
  };
}

function ask(kind: AskedTicks["kind"], minutes: readonly number[], overlapPolicy?: OverlapPolicy): AskedTicks {
  return { kind, dues: minutes.map(at), ...(overlapPolicy && { overlapPolicy }) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("a due time that comes", () => {
  const nothing = { live: [], buffered: [] };
  const one = { live: [runIdOf(901)], buffered: [] };
  const waiting = { live: [runIdOf(901)], buffered: [tickAt(0)] };
  const drained = { live: [], buffered: [tickAt(0)] };

  test.for<[OverlapPolicy, { live: readonly ReturnType<typeof runIdOf>[]; buffered: readonly Tick[] }, readonly string[]]>([
    ["skip", nothing, ["schedule 1 fired → 1"]],
    ["skip", one, ["schedule 1 skipped"]],
    ["skip", waiting, ["schedule 1 skipped"]],
    ["skip", drained, ["schedule 0 fired → 1", "schedule 1 skipped"]],
    ["buffer_one", nothing, ["schedule 1 fired → 1"]],
    ["buffer_one", one, ["schedule 1 buffered"]],
    ["buffer_one", waiting, ["schedule 1 skipped"]],
    ["buffer_one", drained, ["schedule 0 fired → 1", "schedule 1 buffered"]],
    ["buffer_all", nothing, ["schedule 1 fired → 1"]],
    ["buffer_all", one, ["schedule 1 buffered"]],
    ["buffer_all", waiting, ["schedule 1 buffered"]],
    ["buffer_all", drained, ["schedule 0 fired → 1", "schedule 1 buffered"]],
    ["cancel_other", nothing, ["schedule 1 fired → 1"]],
    ["cancel_other", one, ["schedule 1 cancelled_other → 1"]],
    ["cancel_other", waiting, ["schedule 1 cancelled_other → 1"]],
    ["cancel_other", drained, ["schedule 0 fired → 1", "schedule 1 cancelled_other → 2"]],
    ["allow_all", nothing, ["schedule 1 fired → 1"]],
    ["allow_all", one, ["schedule 1 fired → 1"]],
    ["allow_all", waiting, ["schedule 0 fired → 1", "schedule 1 fired → 2"]],
    ["allow_all", drained, ["schedule 0 fired → 1", "schedule 1 fired → 2"]],
  ])("%s, with %j: %j", ([overlapPolicy, { live, buffered }, rows]) => {
    const loaded = loadedWith({ overlapPolicy, bufferedCount: buffered.length }, { live, buffered });
    const decision = decideDue(loaded, partsAt(at(1)));
    expect(rowsOf(decision)).toEqual(rows);
    const { state, create } = decision;
    const count = (what: string) => rows.filter((row) => row.includes(what)).length;
    expect([state.totalRuns, create.length, state.skippedRuns]).toEqual([count("→"), count("→"), count("skipped")]);
    expect(state.bufferedCount).toBe(buffered.length - count("schedule 0") + count("buffered"));
    expect([state.nextDueAt, state.wakeAt, state.decidedUpTo, state.missedRuns]).toEqual([at(2), at(2), at(1), 0]);
  });

  test("is not decided before it has come", () => {
    const loaded = loadedWith({});
    const decision = decideDue(loaded, partsAt(at(1) - 1));
    expect([decision.ticks, decision.create, decision.state]).toEqual([[], [], expect.objectContaining({ nextDueAt: at(1), wakeAt: at(1), decidedUpTo: undefined })]);
  });

  test("starts a run with the settings and the input of its schedule, due at once, and with the time it is for", () => {
    const { schedule } = loadedWith({});
    const { create, state, version, ticks } = decideDue({ schedule, live: [], buffered: [] }, partsAt(at(1) + 700));
    const { settings, input, scheduleId } = schedule;
    expect(create).toEqual([{ ...settings, runId: runIdOf(1), input, createdAt: at(1) + 700, nestingDepth: 0, schedule: { scheduleId, kind: "schedule" }, scheduledTime: at(1) }]);
    expect([state.lastRunId, state.lastRunAt, version]).toEqual([runIdOf(1), at(1) + 700, schedule.version]);
    expect(ticks).toEqual([{ kind: "schedule", due: at(1), decidedAt: at(1) + 700, decision: "fired", reason: "due", runId: runIdOf(1) }]);
  });

  test("is the last one before the end, and nothing is looked at any more", () => {
    const { schedule } = loadedWith({});
    const ending = { ...schedule, spec: { ...schedule.spec, endAt: at(2) } };
    const { state } = decideDue({ schedule: ending, live: [], buffered: [] }, partsAt(at(1)));
    expect([state.status, state.nextDueAt, state.wakeAt]).toEqual(["active", undefined, undefined]);
  });

  test("says why", () => {
    const reasons = (overlapPolicy: OverlapPolicy, buffered: readonly Tick[]) =>
      decideDue(loadedWith({ overlapPolicy, bufferedCount: buffered.length }, { live: [runIdOf(901), runIdOf(902)], buffered }), partsAt(at(1))).ticks.map(({ reason }) => reason);
    const oldest = runIdOf(901);
    expect(overlapPolicies.map((policy) => reasons(policy, []))).toEqual([
      [`${oldest} has not ended (overlap: skip)`],
      [`${oldest} has not ended (overlap: buffer_one)`],
      [`${oldest} has not ended (overlap: buffer_all)`],
      [`${oldest} and 1 more had not ended and was asked to (overlap: cancel_other)`],
      ["due"],
    ]);
    expect(reasons("buffer_one", [tickAt(0)])).toEqual([`${oldest} has not ended (overlap: buffer_one), and a tick is buffered already`]);
  });
});

describe("due times that passed while nobody looked", () => {
  const hour = 60 * minute;

  test.for<[Catchup, number, readonly string[]]>([
    ["none", 24 * hour, ["schedule 1 missed", "schedule 2 missed", "schedule 3 missed"]],
    ["latest", 24 * hour, ["schedule 1 missed", "schedule 2 missed", "schedule 3 caught_up → 1"]],
    ["all", 24 * hour, ["schedule 1 caught_up → 1", "schedule 2 caught_up → 2", "schedule 3 caught_up → 3"]],
    ["all", 1.5 * minute, ["schedule 1 missed", "schedule 2 caught_up → 1", "schedule 3 caught_up → 2"]],
    ["latest", 0, ["schedule 1 missed", "schedule 2 missed", "schedule 3 missed"]],
    ["latest", 0.5 * minute, ["schedule 1 missed", "schedule 2 missed", "schedule 3 caught_up → 1"]],
    ["all", 0, ["schedule 1 missed", "schedule 2 missed", "schedule 3 missed"]],
  ])("%s, in a window of %d ms: %j", ([catchup, catchupWindowMs, rows]) => {
    const decision = decideDue(loadedWith({ catchup, catchupWindowMs, overlapPolicy: "allow_all" }), partsAt(at(3) + 0.5 * minute));
    expect(rowsOf(decision)).toEqual(rows);
    const { state } = decision;
    const count = (what: string) => rows.filter((row) => row.includes(what)).length;
    expect([state.missedRuns, state.totalRuns, state.nextDueAt, state.decidedUpTo]).toEqual([count("missed"), count("→"), at(4), at(3)]);
  });

  test.for<[Catchup, readonly string[]]>([
    ["none", ["schedule 1 missed", "schedule 2 missed", "schedule 3 fired → 1"]],
    ["latest", ["schedule 1 missed", "schedule 2 missed", "schedule 3 fired → 1"]],
    ["all", ["schedule 1 caught_up → 1", "schedule 2 caught_up → 2", "schedule 3 fired → 3"]],
  ])("%s, where the last of them is on time: %j", ([catchup, rows]) => {
    expect(rowsOf(decideDue(loadedWith({ catchup, overlapPolicy: "allow_all" }), partsAt(at(3) + 5)))).toEqual(rows);
  });

  test("are late from ten seconds on", () => {
    const decided = (lateMs: number, catchup: Catchup) => rowsOf(decideDue(loadedWith({ catchup }), partsAt(at(1) + lateMs)));
    expect([decided(10_000, "none"), decided(10_001, "none"), decided(10_000, "all"), decided(10_001, "all"), decided(10_001, "latest")]).toEqual([
      ["schedule 1 fired → 1"],
      ["schedule 1 missed"],
      ["schedule 1 fired → 1"],
      ["schedule 1 caught_up → 1"],
      ["schedule 1 caught_up → 1"],
    ]);
  });

  test.for<[OverlapPolicy, readonly string[]]>([
    ["skip", ["schedule 1 caught_up → 1", "schedule 2 skipped", "schedule 3 skipped"]],
    ["buffer_one", ["schedule 1 caught_up → 1", "schedule 2 buffered", "schedule 3 skipped"]],
    ["buffer_all", ["schedule 1 caught_up → 1", "schedule 2 buffered", "schedule 3 buffered"]],
    ["cancel_other", ["schedule 1 caught_up → 1", "schedule 2 cancelled_other → 2", "schedule 3 cancelled_other → 3"]],
  ])("follow the overlap policy %s: %j", ([overlapPolicy, rows]) => {
    expect(rowsOf(decideDue(loadedWith({ catchup: "all", overlapPolicy }), partsAt(at(3) + 0.5 * minute)))).toEqual(rows);
  });

  test("say how late they are, and why they were missed", () => {
    const reasons = (catchup: Catchup, catchupWindowMs: number) => decideDue(loadedWith({ catchup, catchupWindowMs }), partsAt(at(2) + 0.5 * minute)).ticks.map(({ reason }) => reason);
    expect([reasons("none", hour), reasons("latest", hour), reasons("all", minute)]).toEqual([
      [expect.stringMatching(/^1m 30s late: .*nothing is caught up/), expect.stringMatching(/^30.0s late: .*nothing is caught up/)],
      [expect.stringMatching(/late: .*a later time was due as well/), expect.stringMatching(/late: no scheduler looked when it was due$/)],
      [expect.stringMatching(/late: .*window of 1m 00s is over/), expect.stringMatching(/late: no scheduler looked when it was due$/)],
    ]);
  });
});

describe("more than one transaction takes", () => {
  test("a hundred at once; the rest is due at once, and each is decided once", () => {
    let loaded = loadedWith({ catchup: "all", overlapPolicy: "buffer_all" });
    const now = at(250) + 1000;
    const sizes: number[] = [];
    const isDueAgain: boolean[] = [];
    const dues: number[] = [];
    for (let pass = 0; pass < 4; pass++) {
      const decision = decideDue(loaded, partsAt(now, 1000 * pass));
      sizes.push(decision.ticks.length);
      dues.push(...decision.ticks.map(({ due }) => due));
      isDueAgain.push((decision.state.wakeAt ?? Infinity) <= now);
      loaded = after(loaded, decision);
    }
    expect([sizes, isDueAgain]).toEqual([[100, 100, 50, 0], [true, true, false, false]]);
    expect(dues).toEqual(upTo(250).map((index) => at(index + 1)));
    expect(loaded.schedule).toMatchObject({ totalRuns: 1, bufferedCount: 249, nextDueAt: at(251), wakeAt: at(251) });
  });

  test("the latest of many is caught up, also where it comes in a later transaction", () => {
    let loaded = loadedWith({ catchup: "latest" });
    const rows: string[] = [];
    for (let pass = 0; pass < 3; pass++) {
      const decision = decideDue(loaded, partsAt(at(150) + 0.5 * minute));
      rows.push(...rowsOf(decision).filter((row) => !row.endsWith("missed")));
      loaded = after(loaded, decision);
    }
    expect([rows, loaded.schedule.missedRuns]).toEqual([["schedule 150 caught_up → 1"], 149]);
  });

  test("what is buffered and may all start takes turns of a hundred, and due times come behind it", () => {
    const all = upTo(150).map((index) => tickAt(index));
    const first = loadedWith({ overlapPolicy: "allow_all", bufferedCount: 150, nextDueAt: at(150) }, { buffered: all.slice(0, 100) });
    const one = decideDue(first, partsAt(at(150)));
    expect([one.ticks.length, one.state.bufferedCount, one.state.wakeAt, one.state.nextDueAt]).toEqual([100, 50, at(150), at(150)]);
    const rest = after(first, one);
    const two = decideDue({ ...rest, buffered: all.slice(100) }, partsAt(at(150), 100));
    expect(two.ticks.map(({ due }) => due)).toEqual([...all.slice(100).map(({ due }) => due), at(150)]);
    expect([two.state.bufferedCount, two.state.wakeAt]).toEqual([0, at(151)]);
  });
});

describe("jitter", () => {
  test("a tick fires when its time and its share of the jitter have come, and is not late for it", () => {
    const spec = { ...scheduleWith({}).spec, jitterMs: 0.5 * minute };
    const { scheduleId } = scheduleWith({});
    const fires = firesAt(scheduleId, spec, at(1));
    const loaded = loadedWith({ spec, catchup: "none", wakeAt: fires });
    expect(fires).toBeGreaterThanOrEqual(at(1));
    const { state } = decideDue(loaded, partsAt(fires - 1));
    expect([state.nextDueAt, state.wakeAt, state.decidedUpTo]).toEqual([at(1), fires, undefined]);
    const { ticks, state: later } = decideDue(loaded, partsAt(fires));
    expect(ticks.map(({ due, decision }) => [due, decision])).toEqual([[at(1), "fired"]]);
    expect(later.wakeAt).toBe(firesAt(scheduleId, spec, at(2)));
  });

  test("longer than the time between two ticks it leaves them in their order, and none is late for waiting for the one before", () => {
    const spec = { ...scheduleWith({}).spec, jitterMs: 10 * minute };
    let loaded = loadedWith({ spec, catchup: "none", overlapPolicy: "allow_all", wakeAt: firesAt(scheduleWith({}).scheduleId, spec, at(1)) });
    const decided: Tick[] = [];
    while (decided.length < 300) {
      const decision = decideDue(loaded, partsAt(loaded.schedule.wakeAt ?? 0, decided.length));
      decided.push(...decision.ticks);
      loaded = after(loaded, decision);
    }
    expect(decided.slice(0, 300).map(({ due, decision }) => [numbersOf(due), decision])).toEqual(upTo(300).map((index) => [index + 1, "fired"]));
    expect(decided.every(({ due, decidedAt }) => decidedAt >= due && decidedAt < due + 10 * minute)).toBe(true);
  });
});

describe("what is buffered", () => {
  const three = [tickAt(0, "backfill"), tickAt(1, "trigger"), tickAt(0)];

  test.for(["skip", "buffer_one", "buffer_all", "cancel_other"] as const)("starts one by one, in the order in which it came, whenever nothing lives (%s)", (overlapPolicy) => {
    const far = { nextDueAt: at(500), wakeAt: at(2) };
    let loaded = loadedWith({ overlapPolicy, bufferedCount: 3, ...far }, { buffered: three });
    const rows: string[] = [];
    for (let pass = 0; pass < 6; pass++) {
      const decision = decideDue(loaded, partsAt(at(2), pass));
      rows.push(rowsOf(decision).join());
      expect(decision.state.wakeAt).toBe(at(500));
      loaded = after(loaded, decision);
      if (pass % 2 === 1) loaded = { ...loaded, live: [] };
    }
    expect(rows).toEqual(["backfill 0 fired → 1", "", "trigger 1 fired → 3", "", "schedule 0 fired → 5", ""]);
    expect(loaded.schedule).toMatchObject({ bufferedCount: 0, totalRuns: 3 });
  });

  test("is told apart from what came on time", () => {
    const { ticks, create } = decideDue(loadedWith({ bufferedCount: 1, nextDueAt: at(500) }, { buffered: [tickAt(1, "trigger")] }), partsAt(at(2)));
    expect(ticks).toEqual([{ kind: "trigger", due: at(1), decidedAt: at(2), decision: "fired", reason: "it was buffered, and the run before it has ended", runId: runIdOf(1) }]);
    expect(create).toEqual([expect.objectContaining({ scheduledTime: at(1), schedule: { scheduleId: scheduleWith({}).scheduleId, kind: "trigger" } })]);
  });

  test("is overtaken by no due time that would wait as well, also where nothing lives", () => {
    const paused = loadedWith({ status: "paused", overlapPolicy: "buffer_all", bufferedCount: 1, nextDueAt: undefined, wakeAt: undefined }, { buffered: [tickAt(0)] });
    expect(rowsOf(decideAsked(paused, ask("trigger", [7]), partsAt(at(7))))).toEqual(["trigger 7 buffered"]);
    expect(rowsOf(decideAsked(paused, ask("trigger", [7], "buffer_one"), partsAt(at(7))))).toEqual(["trigger 7 skipped"]);
    expect(rowsOf(decideAsked(paused, ask("trigger", [7], "allow_all"), partsAt(at(7))))).toEqual(["trigger 7 fired → 1"]);
  });

  test("starts at once where somebody has chosen allow_all meanwhile; but what a hand asked to wait does", () => {
    const mixed = [tickAt(0), tickAt(1), tickAt(1, "trigger"), tickAt(2)];
    const changed = loadedWith({ overlapPolicy: "allow_all", bufferedCount: 4, nextDueAt: at(500), wakeAt: at(2) }, { live: [runIdOf(901)], buffered: mixed });
    const decision = decideDue(changed, partsAt(at(2)));
    expect([rowsOf(decision), decision.state.bufferedCount, decision.state.wakeAt]).toEqual([["schedule 0 fired → 1", "schedule 1 fired → 2"], 2, at(500)]);
    const next = decideDue({ ...after(changed, decision), live: [] }, partsAt(at(3), 2));
    expect(rowsOf(next)).toEqual(["trigger 1 fired → 3", "schedule 2 fired → 4"]);
  });

  test("one run at a time is what a backfill asks for with buffer_all, under whatever policy the schedule has", () => {
    for (const overlapPolicy of overlapPolicies) {
      let loaded = loadedWith({ overlapPolicy, nextDueAt: at(500), wakeAt: at(500) });
      const asked = decideAsked(loaded, ask("backfill", [1, 2, 3], "buffer_all"), partsAt(at(4)));
      expect(rowsOf(asked)).toEqual(["backfill 1 fired → 1", "backfill 2 buffered", "backfill 3 buffered"]);
      loaded = after(loaded, asked);
      const { ticks, state } = decideDue(loaded, partsAt(at(5), 1));
      expect([ticks, state.wakeAt]).toEqual([[], at(500)]);
      expect(rowsOf(decideDue({ ...loaded, live: [] }, partsAt(at(5), 1)))).toEqual(["backfill 2 fired → 2"]);
    }
  });
});

describe("cancel_other", () => {
  test("asks every run that lives and was not asked before, once", () => {
    const live = [runIdOf(901), runIdOf(902), runIdOf(903)];
    const loaded = loadedWith({ overlapPolicy: "cancel_other" }, { live });
    const asked = { ...loaded, live: loaded.live.map((run, index) => ({ ...run, cancellationRequested: index === 1 })) };
    const decision = decideDue(asked, partsAt(at(1)));
    expect([decision.cancel, decision.create.length]).toEqual([[live[0], live[2]], 1]);
    const again = decideDue(after(asked, decision), partsAt(at(2), 1));
    expect([again.cancel, rowsOf(again)]).toEqual([[runIdOf(1)], ["schedule 2 cancelled_other → 2"]]);
  });

  test("fires where all that live were asked to end before", () => {
    const loaded = loadedWith({ overlapPolicy: "cancel_other" }, { live: [runIdOf(901)] });
    const decision = decideDue({ ...loaded, live: [{ runId: runIdOf(901), cancellationRequested: true }] }, partsAt(at(1)));
    expect([decision.cancel, rowsOf(decision)]).toEqual([[], ["schedule 1 fired → 1"]]);
  });
});

describe("what a hand asks for", () => {
  const day = upTo(24);

  test.for<[OverlapPolicy, readonly string[], number]>([
    ["skip", ["fired", ...day.slice(1).map(() => "skipped")], 0],
    ["buffer_one", ["fired", "buffered", ...day.slice(2).map(() => "skipped")], 0],
    ["buffer_all", ["fired", ...day.slice(1).map(() => "buffered")], 0],
    ["cancel_other", ["fired", ...day.slice(1).map(() => "cancelled_other")], 23],
    ["allow_all", day.map(() => "fired"), 0],
  ])("a backfill of a day under %s", ([overlapPolicy, decisions, cancelled]) => {
    const loaded = loadedWith({ overlapPolicy });
    const ownPolicy = decideAsked(loaded, ask("backfill", day), partsAt(at(30)));
    const othersPolicy = decideAsked(loadedWith({ overlapPolicy: overlapPolicy === "skip" ? "allow_all" : "skip" }), ask("backfill", day, overlapPolicy), partsAt(at(30)));
    for (const { ticks, create, cancel, state } of [ownPolicy, othersPolicy]) {
      expect(ticks.map(({ kind, due, decision }) => [kind, due, decision])).toEqual(day.map((hour, index) => ["backfill", at(hour), decisions[index]]));
      const started = ticks.flatMap(({ due, runId }) => (runId === undefined ? [] : [[runId, due, "backfill"]]));
      expect(create.map(({ runId, scheduledTime, schedule }) => [runId, scheduledTime, schedule?.kind])).toEqual(started);
      expect([cancel.length, state.totalRuns, state.skippedRuns, state.bufferedCount]).toEqual([cancelled, create.length, decisions.filter((one) => one === "skipped").length, decisions.filter((one) => one === "buffered").length]);
      // The schedule's own times go on as before.
      expect([state.nextDueAt, state.wakeAt, state.decidedUpTo, state.missedRuns]).toEqual([at(1), at(1), undefined, 0]);
    }
  });

  test("starts on a paused schedule too, and nothing else moves", () => {
    const loaded = loadedWith({ status: "paused", bufferedCount: 1, nextDueAt: undefined, wakeAt: undefined }, { buffered: [tickAt(0)] });
    const { ticks, state } = decideAsked(loaded, ask("trigger", [7]), partsAt(at(7)));
    expect(ticks).toEqual([{ kind: "trigger", due: at(7), decidedAt: at(7), decision: "fired", reason: "triggered by hand", runId: runIdOf(1) }]);
    expect([state.status, state.wakeAt, state.nextDueAt, state.bufferedCount]).toEqual(["paused", undefined, undefined, 1]);
  });

  test("comes behind what is buffered and may start", () => {
    const loaded = loadedWith({ overlapPolicy: "buffer_all", bufferedCount: 1, wakeAt: at(0) }, { buffered: [tickAt(0)] });
    const { state, ...decision } = decideAsked(loaded, ask("trigger", [7]), partsAt(at(0) + 1));
    expect(rowsOf({ state, ...decision })).toEqual(["schedule 0 fired → 1", "trigger 7 buffered"]);
    expect(state.wakeAt).toBe(at(1));
  });

  test("leaves a due time that has come to the scheduler, which looks at once", () => {
    const { state, ticks } = decideAsked(loadedWith({}), ask("trigger", [2]), partsAt(at(2)));
    expect([ticks.length, state.nextDueAt, state.wakeAt]).toEqual([1, at(1), at(1)]);
  });
});

describe("a stop", () => {
  test("that deletes decides all that is buffered, a hundred at once, and is done with the last of it", () => {
    const all = upTo(250).map((index) => tickAt(index));
    let loaded = loadedWith({ bufferedCount: 250, overlapPolicy: "buffer_all" }, { live: [runIdOf(901)], buffered: all.slice(0, 100) });
    const skipped: Tick[] = [];
    const statuses: string[] = [];
    for (let pass = 1; pass <= 3; pass++) {
      const decision = decideStopped(loaded, "deleted", at(0));
      skipped.push(...decision.ticks);
      statuses.push(decision.state.status);
      loaded = { ...after(loaded, decision), buffered: all.slice(100 * pass, 100 * pass + 100) };
    }
    expect(statuses).toEqual(["active", "active", "deleted"]);
    expect(skipped).toEqual(all.map((tick) => ({ ...tick, decidedAt: at(0), decision: "skipped", reason: "its schedule was deleted" })));
    expect(loaded.schedule).toMatchObject({ bufferedCount: 0, skippedRuns: 250, nextDueAt: undefined, wakeAt: undefined, updatedAt: at(0) });
  });

  test("of a schedule with nothing undecided is done at once; its runs go on", () => {
    const { state, ticks, create, cancel } = decideStopped(loadedWith({}, { live: [runIdOf(901)] }), "deleted", at(0));
    expect([state.status, ticks, create, cancel]).toEqual(["deleted", [], [], []]);
  });

  test.each(["paused", "deleted"] as const)("misses what has come and nobody decided: %s", (status) => {
    const decision = decideStopped(loadedWith({ totalRuns: 1 }, { live: [runIdOf(901)] }), status, at(3) + 1);
    expect(rowsOf(decision)).toEqual(["schedule 1 missed", "schedule 2 missed", "schedule 3 missed"]);
    expect(decision.ticks.map(({ reason }) => reason)).toEqual(upTo(3).map(() => `its schedule was ${status} before it fired`));
    expect(decision.state).toMatchObject({ status, missedRuns: 3, decidedUpTo: at(3), nextDueAt: undefined, wakeAt: undefined });
  });

  test("takes a hundred due times at once, and stops with the last of them", () => {
    const first = decideStopped(loadedWith({}), "paused", at(150));
    expect([first.ticks.length, first.state.status, first.state.nextDueAt]).toEqual([100, "active", at(101)]);
    const second = decideStopped(after(loadedWith({}), first), "paused", at(150));
    expect([second.ticks.length, second.state.status, second.state.missedRuns]).toEqual([50, "paused", 150]);
  });

  test("that pauses leaves what is buffered in line", () => {
    const { state, ticks } = decideStopped(loadedWith({ bufferedCount: 1 }, { live: [runIdOf(901)], buffered: [tickAt(0)] }), "paused", at(0));
    expect([ticks, state.status, state.bufferedCount]).toEqual([[], "paused", 1]);
  });
});

describe("what is owed before the times change", () => {
  test("is what a scheduler would decide; nothing, where nothing has come or the schedule is paused", () => {
    const parts = partsAt(at(1));
    expect(decideOwed(loadedWith({}), parts)).toMatchObject({ ticks: [{ due: at(1), decision: "fired" }] });
    expect(decideOwed(loadedWith({}), partsAt(at(1) - 1))).toBeUndefined();
    expect(decideOwed(loadedWith({ status: "paused" }), parts)).toBeUndefined();
  });
});
