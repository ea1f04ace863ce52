import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../../src/base/codec.js";
import { operationIdOf } from "../../../src/core/ids.js";
import { checkStore } from "../../../src/services/check-store.js";
import { take } from "../contract/relatives.js";
import { commitOne, ended, failed, hookCreated, retried, running, started, t0 } from "../contract/support.js";
import { decideOne, enterSchedule, tick } from "../contract/scheduled.js";
import { openWatched, plansOf, type WatchedStore } from "./plans.js";

let store: WatchedStore;
beforeEach(async () => {
  store = await openWatched();
});
afterEach(() => store.remove());

const late = t0 + 1_000_000;

test("pruning looks at nothing that it leaves alone, and counts without a look at any run", async () => {
  const { runId } = await running(store.backend, { input: encode("x".repeat(5000)) });
  await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [hookCreated(operationIdOf("hook_approval", 1)), ended] });
  await decideOne(store.backend, await enterSchedule(store.backend, "nightly", { decidedUpTo: late }), { ticks: [tick(t0)] });
  store.watched.texts.clear();
  const filter = { statuses: ["completed", "failed", "continued_as_new"], endedBefore: late } as const;
  for (const workflow of [{}, { workflowName: "order" }]) {
    expect(await store.backend.countPrunable({ ...filter, ...workflow })).toBe(1);
    expect(await store.backend.pruneRuns({ ...filter, ...workflow, endedFrom: late, limit: 5 })).toEqual({ runs: 0, events: 0 });
  }
  expect(await store.backend.pruneRuns({ ...filter, limit: 5 })).toMatchObject({ runs: 1, events: 3 });
  expect(await store.backend.pruneTicks({ decidedBefore: late, limit: 5 })).toBe(1);
  const plans = plansOf(store.path, store.watched.texts);
  expect(plans.filter(({ plan }) => /SCAN (?:runs|events|payloads|hooks|schedules|ticks)|TEMP B-TREE/.test(plan))).toEqual([]);
  const counts = plans.filter(({ sql }) => sql.includes("count(*)"));
  expect(counts.map(({ plan }) => plan.includes("SEARCH runs USING COVERING INDEX runs_ended"))).toEqual([true, true, true, true]);
  expect(plans.filter(({ plan }) => plan.includes("ticks_prunable"))).toHaveLength(1);
});

test("a batch ends early where the histories are long, so that nobody waits for it", async () => {
  for (let index = 0; index < 3; index++) {
    const { runId } = await running(store.backend);
    const events = Array.from({ length: 4000 }, () => started);
    await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [...events, { ...ended, at: t0 + index }] });
  }
  const request = { statuses: ["completed"], endedBefore: late, limit: 100 } as const;
  const first = await store.backend.pruneRuns(request);
  expect(first).toEqual({ runs: 2, events: 8004, endedUpTo: t0 + 1 });
  expect(await store.backend.pruneRuns(request)).toMatchObject({ runs: 1 });
  expect(await store.backend.findFaults()).toEqual([]);
});

test("no large value of a run is left behind", async () => {
  const large = (what: string) => encode(what.repeat(2000));
  const { runId } = await running(store.backend, { input: large("input") });
  const operationId = operationIdOf("hook_approval", 1);
  await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [{ ...hookCreated(operationId), schema: { description: "large".repeat(2000) } }] });
  await commitOne(store.backend, { runId, seen: 0, events: [{ type: "hook.received", at: t0, operationId, value: large("payload") }] });
  await commitOne(store.backend, { runId, fence: 1, seen: 3, events: [{ type: "workflow.completed", at: t0 + 1, value: large("result") }] });
  expect(payloads()).toBe(4);
  await store.backend.pruneRuns({ statuses: ["completed"], endedBefore: late, limit: 5 });
  expect(payloads()).toBe(0);
});

function payloads(): unknown {
  const file = new Sqlite(store.path, { readonly: true });
  const count = file.prepare("SELECT count(*) FROM payloads").pluck().get();
  file.close();
  return count;
}

test("the faults of rows: those that belong to none, and values that are not there; the rest is looked at all the same", async () => {
  const { runId } = await running(store.backend, { input: encode("x".repeat(5000)) });
  expect(await store.backend.findFaults()).toEqual([]);
  const file = new Sqlite(store.path);
  file.exec("DELETE FROM payloads; INSERT INTO payloads (text) VALUES ('j1'), ('j2'); UPDATE payloads SET id = id + 1000; INSERT INTO events (run, sequence, type, at) VALUES (99, 1, 1, 1)");
  file.close();
  expect(await store.backend.findFaults()).toEqual([
    { kind: "row", message: "events of a run that is not there: 1" },
    { kind: "row", message: "large values that nothing refers to: 2" },
    { kind: "row", runId, message: "its input is not there" },
  ]);
});

test("a check of the store names values that can't be decoded, with their run and event", async () => {
  const { runId } = await running(store.backend);
  await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [{ type: "workflow.completed", at: t0 + 1, value: encode("done") }] });
  const file = new Sqlite(store.path);
  file.exec("UPDATE runs SET input = 'garbage'; UPDATE events SET value = 'zzz' WHERE sequence = 2");
  file.close();
  const { findings } = await checkStore({ backend: store.backend });
  const values = findings.filter(({ invariant }) => invariant === "value");
  expect(values).toEqual([
    { invariant: "value", runId, message: "its input can't be decoded: it is in no form that is known" },
    { invariant: "value", runId, sequence: 2, message: "the value of workflow.completed can't be decoded: it is in no form that is known" },
  ]);
});

test("a hook that is created anew leaves no large value of the one before", async () => {
  const { runId } = await running(store.backend);
  const created = { ...hookCreated(operationIdOf("hook_approval", 1)), schema: { description: "large".repeat(2000) } };
  await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [created, failed] });
  await commitOne(store.backend, { runId, seen: 3, events: [retried(operationIdOf("hook_approval", 1))] });
  await take(store.backend, { runId });
  await commitOne(store.backend, { runId, fence: 2, seen: 5, events: [created] });
  expect(await store.backend.findFaults()).toEqual([]);
});
