import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { checkStore } from "../../src/services/check-store.js";
import { migrations } from "../../src/storage/sqlite/schema.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { claimed, commitOne, enter, hookCreated, nextWake, record, request, run, suspended, t0 } from "./contract/support.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-migration-"));
  path = join(folder, "store.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

type EventRow = readonly [type: number, rest?: object, operation?: string];

const started: EventRow = [1, { workerId: "worker_old" }];
const lost: EventRow = [6, { reason: "worker_lost", workerId: "worker_old", lastEventSequence: 1, error: "killed", recoveryAttempt: 1, recoverable: true }];
const resumed: EventRow = [5, { reason: "recovery", workerId: "worker_old" }];
const waits: EventRow = [4, { reason: "waiting", wakeAt: t0 + 9000, wakeReason: "timer" }];
const handedOver: EventRow = [4, { reason: "released" }];
const cancelRequested: EventRow = [8, { requestedBy: "somebody" }];
const sleeps: EventRow = [30, { resumeAt: t0 + 9000, after: 1 }, "sleep_1"];

/** Runs as version 1 of the format kept them: the columns of the row, and the events. */
const stories = {
  pending: { row: { status: "pending", due_at: t0 }, events: [] },
  cancelled: { row: { status: "cancelled", started_at: t0, completed_at: t0 }, events: [started, cancelRequested, [7, { cleanupCompleted: true }]] },
  recovered: { row: { status: "suspended", started_at: t0, due_at: t0 + 9000, wake_reason: "timer", recovery_attempts: 1 }, events: [started, lost, resumed, sleeps, waits] },
  losing: { row: { status: "suspended", started_at: t0, due_at: t0, wake_reason: "released", recovery_attempts: 1 }, events: [started, lost, resumed, handedOver] },
  asked: { row: { status: "running", started_at: t0, worker_id: "worker_old", inbox: 2 }, events: [started, cancelRequested] },
} as const satisfies Record<string, { readonly row: Readonly<Record<string, string | number>>; readonly events: readonly EventRow[] }>;

type Story = keyof typeof stories;
const names = Object.keys(stories) as Story[];
const ids = Object.fromEntries(names.map((name, index) => [name, run({ createdAt: t0 + index }).runId])) as Record<Story, ReturnType<typeof run>["runId"]>;

async function writeVersion1(): Promise<void> {
  await (await openSqlite({ path, migrations: migrations.slice(0, 1) })).close();
  const database = new Sqlite(path);
  expect(database.pragma("user_version", { simple: true })).toBe(1);
  const facts = { role: "worker", hostname: "host", pid: 1, version: "v0", concurrency: 1, workflows: ["order"], startedAt: t0 };
  database
    .prepare("INSERT INTO workers (worker_id, status, counter, heartbeat_at, processed, stop_requested, died_at, facts) VALUES ('worker_old', 'dead', 3, ?, 0, 0, ?, ?)")
    .run(t0, t0, JSON.stringify(facts));
  for (const [index, name] of names.entries()) insertRun(database, index, name);
  database.close();
}

function insertRun(database: Sqlite.Database, index: number, name: Story): void {
  const row = { run_id: ids[name], workflow: "order", durable: 1, epoch: 1, recovery_attempts: 0, created_at: t0 + index, tags: "[]", recover_on_worker_loss: 1, max_recovery_attempts: 3 };
  const values = { ...row, input: encode(name), ...stories[name].row };
  const columns = Object.keys(values);
  const { lastInsertRowid } = database.prepare(`INSERT INTO runs (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`).run(...Object.values(values));
  const insert = database.prepare("INSERT INTO events (run, sequence, type, at, operation, value, rest) VALUES (?, ?, ?, ?, ?, NULL, ?)");
  for (const [place, [type, rest, operation]] of stories[name].events.entries() as Iterable<[number, EventRow]>) {
    insert.run(lastInsertRowid, place + 1, type, t0, operation ?? null, rest ? JSON.stringify(rest) : null);
  }
}

test("a file of version 1 keeps its runs and their events, and its rows become what their events say now", async () => {
  await writeVersion1();
  const backend = await openSqlite({ path });
  expect(await backend.countRuns()).toEqual({ pending: 1, cancelled: 1, suspended: 2, running: 1 });
  const facts = await Promise.all(names.map(async (name) => [name, await record(backend, ids[name])] as const));
  expect(facts.map(([name, { cancellationRequested, recoveryAttempts }]) => [name, cancellationRequested ?? false, recoveryAttempts])).toEqual([
    ["pending", false, 0],
    ["cancelled", true, 0],
    ["recovered", false, 0],
    ["losing", false, 1],
    ["asked", true, 0],
  ]);
  for (const [, { nestingDepth, closableChildren, parent }] of facts) expect([nestingDepth, closableChildren, parent]).toEqual([0, 0, undefined]);
  const { findings, events } = await checkStore({ backend });
  expect(events).toBe(14);
  // Its worker is dead, and nobody has told the store yet: that was so before.
  expect(findings).toMatchObject([{ invariant: "I5", runId: ids.asked }]);
  await backend.close();
});

test("a run that began in version 1 goes on with what version 2 brought", async () => {
  await writeVersion1();
  const backend = await openSqlite({ path });
  const workerId = await enter(backend);
  const { runId } = (await claimed(backend, request(workerId, { runId: ids.pending })))[0] ?? run();
  const hook = hookCreated("hook_approval_1" as Parameters<typeof hookCreated>[0]);
  expect(await commitOne(backend, { runId, fence: 2, seen: 1, expect: true, events: [hook, suspended()] })).toMatchObject({ accepted: true });
  expect(await backend.listHooks({ status: "pending", limit: 5 })).toMatchObject([{ runId, name: "approval" }]);
  expect(await backend.readHistory(ids.recovered, 0)).toHaveLength(5);
  await backend.close();
});

test("a reader shows a file of version 1 as it would be, and leaves every byte of it", async () => {
  await writeVersion1();
  const bytes = readFileSync(path);
  const notes: string[] = [];
  const reader = await openSqlite({ path, readOnly: true, onNote: (line) => void notes.push(line) });
  expect(await reader.countRuns()).toEqual({ pending: 1, cancelled: 1, suspended: 2, running: 1 });
  expect(await record(reader, ids.cancelled)).toMatchObject({ cancellationRequested: true, nestingDepth: 0 });
  expect(await reader.readHistory(ids.recovered, 0)).toHaveLength(5);
  expect((await checkStore({ backend: reader })).findings).toMatchObject([{ invariant: "I5", runId: ids.asked }]);
  expect(await reader.describe()).toMatchObject({ format: { version: 1, newest: migrations.length } });
  await reader.close();
  expect(notes).toEqual([`The store ${path} has the older format 1, shown as format ${migrations.length}: pyworkflow storage migrate migrates it.`]);
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(readdirSync(folder).filter((name) => !/-(?:wal|shm)$/.test(name)).toSorted()).toEqual(["store.db", "store.db.bell"]);
});

test("what an older version goes on writing is seen through the copy, and wakes", async () => {
  await writeVersion1();
  const old = new Sqlite(path);
  const reader = await openSqlite({ path, readOnly: true });
  expect(await record(reader, ids.pending)).toMatchObject({ status: "pending" });
  const woken = nextWake(reader);
  old.prepare("UPDATE runs SET status = 'cancelled', completed_at = ?, due_at = NULL WHERE run_id = ?").run(t0, ids.pending);
  await woken;
  expect(await record(reader, ids.pending)).toMatchObject({ status: "cancelled" });
  // Migrated by somebody else meanwhile, it is read on.
  old.close();
  await (await openSqlite({ path })).close();
  expect(await record(reader, ids.recovered)).toMatchObject({ recoveryAttempts: 0 });
  await reader.close();
  await expect(reader.countRuns()).rejects.toMatchObject({ kind: "closed" });
});

test("an older reader is refused by the file that a newer version has migrated", async () => {
  await writeVersion1();
  await (await openSqlite({ path })).close();
  for (const readOnly of [false, true]) await expect(openSqlite({ path, readOnly, migrations: migrations.slice(0, 1) })).rejects.toMatchObject({ kind: "newer" });
});

test("who migrates says so, once", async () => {
  await writeVersion1();
  const notes: string[] = [];
  for (let time = 0; time < 2; time++) await (await openSqlite({ path, onNote: (line) => void notes.push(line) })).close();
  expect(notes).toEqual([`The store ${path} was brought from format 1 to ${migrations.length}.`]);
});

test("runs that continue each other get to know their chain, also where its first is not in the store", async () => {
  await (await openSqlite({ path, migrations: migrations.slice(0, 4) })).close();
  const [alone, first, second, third, gone, later, latest] = Array.from({ length: 7 }, () => run().runId);
  const database = new Sqlite(path);
  const insert = database.prepare(`
    INSERT INTO runs (run_id, workflow, durable, status, epoch, recovery_attempts, created_at, tags, recover_on_worker_loss, max_recovery_attempts, input, continued_from, continued_to)
    VALUES (@runId, 'order', 1, iif(@to IS NULL, 'pending', 'continued_as_new'), 0, 0, ${t0}, '[]', 1, 3, 'j1', @from, @to)`);
  for (const [runId, from, to] of [[third, second], [alone], [first, undefined, second], [second, first, third], [latest, later], [later, gone, latest]]) insert.run({ runId, from: from ?? null, to: to ?? null });
  database.close();
  const backend = await openSqlite({ path });
  const chains = async (asked: readonly (typeof first)[]) => Promise.all(asked.map(async (id) => id && (await backend.getRun(id))?.chain));
  expect(await chains([alone, first, second, third, later, latest])).toEqual([undefined, undefined, first, first, gone, gone]);
  expect([await backend.lastOfChain(first ?? ids.pending), await backend.lastOfChain(gone ?? ids.pending)]).toMatchObject([{ runId: third }, { runId: latest }]);
  await backend.close();
});
