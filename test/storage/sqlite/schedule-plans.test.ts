import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import { overlapPolicies } from "../../../src/core/schedule/schedule.js";
import type { Backend } from "../../../src/storage/backend.js";
import { current, decideOne, enterSchedule, runOf, runningOf, tick } from "../contract/scheduled.js";
import { commitOne, ended, failed, retried, running, t0 } from "../contract/support.js";
import { openWatched, plansOf, type Plan, type WatchedStore } from "./plans.js";

let store: WatchedStore;
let backend: Backend;
beforeEach(async () => {
  store = await openWatched();
  ({ backend } = store);
});
afterEach(() => store.remove());

/** The plans of the statements that were prepared since the last call. */
function newPlans(): readonly Plan[] {
  const plans = plansOf(store.path, store.watched.texts);
  store.watched.texts.clear();
  return plans;
}

const indices = (plans: readonly Plan[]) => plans.map(({ plan }) => [...plan.matchAll(/USING (?:COVERING )?(?:INDEX )?(INTEGER PRIMARY KEY|\w+)/g)].map(([, name]) => name));
const sorts = ({ plan }: Plan) => plan.includes("TEMP B-TREE");
const scans = ({ plan }: Plan) => /SCAN (?:runs|events|payloads|hooks|schedules|ticks)(?! USING)/.test(plan);

test("what is due is found without a look at other schedules, runs and ticks", async () => {
  await enterSchedule(backend, "nightly", { wakeAt: t0 });
  newPlans();
  expect((await backend.dueSchedules(t0, 5)).due).toHaveLength(1);
  const plans = newPlans();
  expect(indices(plans)).toEqual([["schedules_due", "INTEGER PRIMARY KEY"], ["runs_live_of_schedule"], ["ticks_buffered"], ["schedules_due"]]);
  expect(plans.filter((plan) => sorts(plan) || scans(plan))).toEqual([]);
});

test("a schedule is loaded and decided without a look at others", async () => {
  const nightly = await enterSchedule(backend, "nightly");
  const live = await runningOf(backend, nightly);
  for (const policy of overlapPolicies) expect((await backend.loadSchedule(nightly.scheduleId, policy))?.live).toHaveLength(1);
  const asked = tick(t0 + 1, { kind: "backfill" });
  const definition = { ...nightly, input: encode("x".repeat(5000)) };
  await decideOne(backend, await current(backend, nightly), { ticks: [asked], cancel: [live.runId], definition });
  const started = runOf(nightly);
  await decideOne(backend, await current(backend, nightly), { ticks: [{ ...asked, decision: "fired", runId: started.runId }], create: [started] });
  const plans = newPlans();
  expect(plans.length).toBeGreaterThan(12);
  expect(plans.filter((plan) => sorts(plan) || scans(plan))).toEqual([]);
});

test.for([
  [{}, "sqlite_autoindex_ticks_1 (schedule=? AND kind=?)"],
  [{ kind: "trigger" }, "sqlite_autoindex_ticks_1 (schedule=? AND kind=?)"],
  [{ dueFrom: t0, dueBefore: t0 + 9 }, "sqlite_autoindex_ticks_1 (schedule=? AND kind=? AND due>? AND due<?)"],
  [{ decision: "missed" }, "ticks_by_decision (schedule=? AND decision=? AND kind=?)"],
  [{ decision: "buffered", kind: "backfill", dueBefore: t0 }, "ticks_by_decision (schedule=? AND decision=? AND kind=? AND due<?)"],
] as const)("the ledger of a schedule is listed without a look at other ticks: %o", async ([filter, index]) => {
  const { scheduleId } = await enterSchedule(backend, "nightly");
  newPlans();
  await backend.listTicks({ scheduleId, ...filter, limit: 5 });
  const plans = newPlans();
  expect(plans.map(({ plan }) => plan.includes(`SEARCH ticks USING INDEX ${index}`))).toEqual([true]);
  expect(plans.filter(sorts)).toEqual([]);
});

test("schedules are listed and found by an index", async () => {
  const { scheduleId } = await enterSchedule(backend, "nightly");
  newPlans();
  await backend.listSchedules({ limit: 5 });
  await backend.listSchedules({ limit: 5, before: scheduleId });
  await backend.listSchedules({ limit: 5, statuses: ["active"] });
  await backend.listSchedules({ limit: 5, workflowName: "order", statuses: ["active"], before: scheduleId });
  const lists = newPlans();
  expect(lists.map(({ plan }) => /USING INDEX (schedules_\w+)/.exec(plan)?.[1])).toEqual(["schedules_newest", "schedules_newest", "schedules_by_status", "schedules_by_workflow"]);
  expect(lists.filter(sorts)).toEqual([]);
  await backend.findScheduleIds("night", 5);
  await backend.getSchedule(scheduleId);
  expect(newPlans().filter((plan) => scans(plan))).toEqual([]);
});

test("the runs of a schedule are listed without a look at others, also those of a status", async () => {
  const nightly = await enterSchedule(backend, "nightly");
  const { runId, scheduleId } = { ...nightly, ...(await runningOf(backend, nightly)) };
  newPlans();
  expect(await backend.listRuns({ limit: 5, scheduleId })).toHaveLength(1);
  expect(await backend.listRuns({ limit: 5, scheduleId, statuses: ["failed"], workflowName: "order" })).toEqual([]);
  expect(await backend.listRuns({ limit: 5, scheduleId, before: runId })).toEqual([]);
  const plans = newPlans();
  const lists = plans.filter(({ sql }) => sql.includes("ORDER BY"));
  expect(lists.map(({ plan }) => plan.includes("runs_by_schedule (schedule=? AND status=?"))).toEqual([true, true, true]);
  expect(plans.filter(sorts)).toEqual([]);
});

test("a run without a schedule costs what it cost before schedules; the end of one with a schedule reads and writes one row more", async () => {
  await enterSchedule(backend, "warm");
  newPlans();
  const costOf = async (work: () => Promise<unknown>) => {
    const before = store.watched.calls;
    await work();
    return store.watched.calls - before;
  };
  const life = async (runId: Parameters<typeof commitOne>[1]["runId"]) => [
    await costOf(() => commitOne(backend, { runId, fence: 1, seen: 1, events: [failed] })),
    await costOf(() => commitOne(backend, { runId, seen: 2, events: [retried()] })),
    await costOf(() => commitOne(backend, { runId, seen: 3, events: [ended] })),
  ];
  const without = await life((await running(backend)).runId);
  expect(newPlans().filter(({ sql }) => /schedules|ticks/.test(sql))).toEqual([]);
  const withSchedule = await life((await runningOf(backend, await enterSchedule(backend, "nightly"))).runId);
  expect(withSchedule).toEqual(without.map((cost) => cost + 2));
});
