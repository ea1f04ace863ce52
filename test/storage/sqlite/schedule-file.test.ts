import { mkdtempSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../../../src/base/clock.js";
import { encode } from "../../../src/base/codec.js";
import type { RunRecord } from "../../../src/core/run.js";
import { checkStore } from "../../../src/services/check-store.js";
import type { Backend } from "../../../src/storage/backend.js";
import { migrations } from "../../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../../src/storage/sqlite/sqlite-backend.js";
import { accepted, current, decideOne, enterSchedule, refused, runningOf, runOf, schedule, tick } from "../contract/scheduled.js";
import { claimed, commitOne, ended, enter, record, request, run, t0 } from "../contract/support.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-schedule-file-"));
  path = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function opened<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await openSqlite({ path });
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}

/** Writes to the file behind the store's back. */
function change(sql: string, ...values: readonly unknown[]): number {
  const database = new Sqlite(path);
  const { changes } = database.prepare(sql).run(...values);
  database.close();
  return changes;
}

/** The first column of what the file holds. */
function ask(sql: string): unknown {
  const database = new Sqlite(path, { readonly: true });
  const found = database.prepare(sql).pluck().get();
  database.close();
  return found;
}

const pending = run();
const over = run();

async function writeVersion2(): Promise<void> {
  await (await openSqlite({ path, migrations: migrations.slice(0, 2) })).close();
  const insert = `INSERT INTO runs (run_id, workflow, durable, status, epoch, due_at, recovery_attempts, created_at, started_at, completed_at, tags,
    recover_on_worker_loss, max_recovery_attempts, input, result) VALUES (?, 'order', 1, ?, ?, ?, 0, ?, ?, ?, '[]', 1, 3, ?, ?)`;
  change(insert, pending.runId, "pending", 0, t0, t0, null, null, encode(1), null);
  change(insert, over.runId, "completed", 1, null, t0, t0, t0 + 3, encode(2), encode({ paid: true }));
  change("INSERT INTO events (run, sequence, type, at, rest) VALUES (2, 1, 1, ?, ?)", t0, JSON.stringify({ workerId: "worker_old", version: "v0" }));
  change("INSERT INTO events (run, sequence, type, at, value) VALUES (2, 2, 2, ?, ?)", t0 + 3, encode({ paid: true }));
  expect(ask("PRAGMA user_version")).toBe(2);
}

test("a file of version 2 keeps its runs, which belong to no schedule, and takes schedules", async () => {
  await writeVersion2();
  await opened(async (backend) => {
    expect(await backend.countRuns()).toEqual({ pending: 1, completed: 1 });
    for (const { runId } of [pending, over]) expect(Object.keys(await record(backend, runId)).filter((key) => key.startsWith("schedule"))).toEqual([]);
    expect([await backend.listSchedules({ limit: 5 }), await backend.dueSchedules(t0 * 2, 5)]).toEqual([[], { due: [] }]);

    const nightly = await enterSchedule(backend, "nightly");
    const started = runOf(nightly, { workflowName: "report" });
    const fired = tick(t0, { decision: "fired", runId: started.runId });
    expect(await decideOne(backend, nightly, { ticks: [fired], create: [started], state: { totalRuns: 1 } })).toEqual(accepted);
    expect(await backend.listRuns({ scheduleId: nightly.scheduleId, limit: 5 })).toMatchObject([{ runId: started.runId }]);

    const held = await claimed(backend, request(await enter(backend)));
    expect(held.map(({ runId }) => runId)).toEqual([pending.runId]);
    await commitOne(backend, { runId: pending.runId, fence: 1, seen: 1, events: [ended] });
    expect(await current(backend, nightly)).toMatchObject({ version: 2, successfulRuns: 0 });
    expect(await checkStore({ backend })).toEqual({ runs: 3, events: 4, findings: [] });
  });
});

test("a large input stands beside the row, once, and goes with the definition that it belongs to", async () => {
  const [large, other] = ["a", "b"].map((letter) => encode(letter.repeat(10_000)));
  await opened(async (backend) => {
    const nightly = await enterSchedule(backend, "nightly", { input: large ?? encode(null) });
    expect(nightly.input).toBe(large);
    const steps = [
      { definition: { ...nightly, description: "the same input" }, payloads: 1 },
      { definition: { ...nightly, input: other ?? encode(null) }, payloads: 1 },
      { definition: { ...nightly, input: encode("short") }, payloads: 0 },
      { definition: { ...nightly, input: large ?? encode(null) }, payloads: 1 },
    ];
    for (const { definition, payloads } of steps) {
      expect(await decideOne(backend, await current(backend, nightly), { definition })).toEqual(accepted);
      expect((await current(backend, nightly)).input).toBe(definition.input);
      expect(ask("SELECT count(*) FROM payloads")).toBe(payloads);
    }
    expect(await backend.createSchedule({ ...nightly, input: other ?? encode(null) })).toBe(false);
    expect(await decideOne(backend, nightly, { definition: { ...nightly, input: other ?? encode(null) } })).toEqual(refused("version"));
    expect(ask("SELECT count(*) FROM payloads")).toBe(1);
  });
});

test("a tick that is decided again keeps its row where it was buffered, and comes last where it was asked for anew", async () => {
  await opened(async (backend) => {
    const nightly = await enterSchedule(backend, "nightly");
    const backfills = [1, 2, 3].map((n) => tick(t0 + n, { kind: "backfill" }));
    await decideOne(backend, nightly, { ticks: [...backfills, tick(t0 + 4, { decision: "buffered" })] });
    const [first] = backfills;
    if (!first) throw new Error("there are three");
    await decideOne(backend, await current(backend, nightly), { ticks: [{ ...first, decision: "buffered" }] });
    expect((await backend.loadSchedule(nightly.scheduleId, "skip"))?.buffered.map(({ due }) => due - t0)).toEqual([4, 1]);
    expect(ask("SELECT group_concat(due - 1700000000000) FROM (SELECT due FROM ticks ORDER BY key)")).toBe("2,3,4,1");
    await decideOne(backend, await current(backend, nightly), { ticks: [tick(t0 + 4, { decision: "missed" })] });
    expect(ask("SELECT group_concat(due - 1700000000000) FROM (SELECT due FROM ticks ORDER BY key)")).toBe("2,3,4,1");
  });
});

test("the bell rings where a scheduler has to look earlier, and for nothing else", async () => {
  await opened(async (backend) => {
    const rings = async (work: () => Promise<unknown>) => {
      utimesSync(`${path}.bell`, 0, 0);
      await work();
      return statSync(`${path}.bell`).mtimeMs > 0;
    };
    const decide = (id: string, state: Parameters<typeof decideOne>[2]) => rings(async () => expect(await decideOne(backend, await current(backend, schedule(id)), state)).toEqual(accepted));
    expect(await rings(() => backend.createSchedule(schedule("nightly", { wakeAt: t0 + 50 })))).toBe(true);
    expect(await rings(() => backend.createSchedule(schedule("nightly")))).toBe(false);
    expect(await rings(() => backend.createSchedule(schedule("over", { wakeAt: undefined })))).toBe(false);
    expect(await decide("nightly", { state: { wakeAt: t0 + 60 }, ticks: [tick(t0)] })).toBe(false);
    expect(await decide("nightly", { state: { wakeAt: t0 + 40 } })).toBe(true);
    expect(await decide("nightly", { state: { wakeAt: undefined } })).toBe(false);
    expect(await decide("nightly", { state: { wakeAt: t0 + 90 } })).toBe(true);

    const nightly = await current(backend, schedule("nightly"));
    const [first, second] = [await runningOf(backend, nightly), await runningOf(backend, nightly)];
    const end = ({ runId }: RunRecord) => rings(() => commitOne(backend, { runId, fence: 1, seen: 1, events: [ended] }));
    expect(await end(first)).toBe(false); // nothing is buffered
    expect(await decide("nightly", { state: { bufferedCount: 1 } })).toBe(false);
    expect(await end(second)).toBe(true);
    expect((await backend.dueSchedules(t0 + 10, 5)).due).toMatchObject([{ schedule: { scheduleId: "nightly" }, live: [] }]);
  });
});

/** A schedule whose one run lives, with a tick behind it and one before it that started nothing. */
async function soundSchedule(backend: Backend): Promise<void> {
  const nightly = await enterSchedule(backend, "nightly");
  const started = runOf(nightly, { scheduledTime: t0 + 1 });
  const ticks = [tick(t0), tick(t0 + 1, { decision: "fired", runId: started.runId }), tick(t0 + 2, { decision: "buffered" })];
  await decideOne(backend, nightly, { ticks, create: [started], state: { totalRuns: 1, skippedRuns: 1, bufferedCount: 1, decidedUpTo: t0 + 2 } });
}

const stateWith = (fields: string) => `UPDATE schedules SET state = json_set(state, ${fields})`;

test.for([
  ["I8", "a tick whose run is gone", "DELETE FROM runs", "does not exist"],
  ["I8", "a tick that names no run", "UPDATE ticks SET run_id = NULL WHERE decision = 'fired'", "names no run"],
  ["I8", "a run without its tick", "DELETE FROM ticks WHERE decision = 'fired'", "has no tick"],
  ["I8", "a run of another due time", "UPDATE runs SET scheduled_time = scheduled_time - 1", "that of another tick"],
  ["I10", "a wrong count of what is buffered", stateWith("'$.bufferedCount', 3"), "3, and 1 ticks are buffered"],
  ["I10", "a paused schedule that is due", stateWith("'$.status', 'paused'"), "due all the same"],
  ["I5", "a buffered tick without a run to wait for", "UPDATE runs SET completed_at = 5, status = 'cancelled', due_at = NULL", "nobody will start"],
  ["I5", "a due time that nobody looks at", "UPDATE schedules SET state = json_remove(state, '$.wakeAt')", "nobody will look"],
] as const)("%s: %s is found in the file", async ([invariant, , sql, words]) => {
  await opened(soundSchedule);
  expect(await opened((backend) => checkStore({ backend, clock: clockAt(t0 + 10) }))).toEqual({ runs: 1, events: 0, findings: [] });
  expect(change(sql)).toBe(1);
  const { findings } = await opened((backend) => checkStore({ backend, clock: clockAt(t0 + 10) }));
  const found = findings.filter((finding) => "scheduleId" in finding && finding.invariant === invariant);
  expect(found.map(({ message }) => message).join("; ")).toContain(words);
});

test("a ledger of several pages is walked to its end, and what is due at one time stays together", async () => {
  const [dues, kinds] = [150, ["schedule", "trigger", "backfill"] as const];
  await opened(async (backend) => {
    const nightly = await enterSchedule(backend, "nightly");
    const starts = Array.from({ length: dues }, (_, n) => kinds.map((kind) => runOf(nightly, { schedule: { scheduleId: nightly.scheduleId, kind }, scheduledTime: t0 + n }))).flat();
    const ticks = starts.map(({ runId, schedule: by, scheduledTime = 0 }) => tick(scheduledTime, { kind: by?.kind ?? "schedule", decision: "fired", runId }));
    expect(await decideOne(backend, nightly, { ticks, create: starts, state: { totalRuns: ticks.length } })).toEqual(accepted);
    expect(await checkStore({ backend })).toEqual({ runs: dues * kinds.length, events: 0, findings: [] });
  });
  expect(change("UPDATE ticks SET run_id = NULL")).toBe(450);
  const { findings } = await opened((backend) => checkStore({ backend }));
  expect(findings.filter(({ message }) => message.includes("names no run"))).toHaveLength(450);
});

function clockAt(now: number): Clock {
  return { now: () => now, monotonic: () => now, setTimer: () => ({ cancel: () => {} }) };
}
