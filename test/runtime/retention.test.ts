import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { StorageError } from "../../src/core/errors.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import type { RunId } from "../../src/core/ids.js";
import type { Retention } from "../../src/core/retention.js";
import type { ExecutorNote } from "../../src/engine/executor.js";
import { startRetention } from "../../src/runtime/retention.js";
import { checkStore } from "../../src/services/check-store.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { decideOne, enterSchedule, runOf, tick } from "../storage/contract/scheduled.js";
import { continueAsNew } from "../storage/contract/relatives.js";
import { cancelled, claimed, commitOne, ended, enter, failed, request, running } from "../storage/contract/support.js";
import { ManualClock } from "../support/manual-clock.js";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

interface Scene {
  readonly clock: ManualClock;
  readonly backend: Backend;
  readonly notes: ExecutorNote[];
  start(retention: Retention, backend?: Backend): ReturnType<typeof startRetention>;
}

function scene(): Scene {
  const [clock, backend, notes] = [new ManualClock(), createMemoryBackend(), [] as ExecutorNote[]];
  const start = (retention: Retention, of: Backend = backend) => startRetention({ backend: of, clock, retention, onNote: (note) => void notes.push(note) });
  return { clock, backend, notes, start };
}

async function endedWith({ backend, clock }: Scene, end: WorkflowEvent): Promise<RunId> {
  const { runId } = await running(backend, { createdAt: clock.now() });
  await commitOne(backend, { runId, fence: 1, seen: 1, events: [{ ...end, at: clock.now() }] });
  return runId;
}

async function idsIn({ backend }: Scene): Promise<readonly RunId[]> {
  return (await backend.listRuns({ limit: 1000 })).map(({ runId }) => runId);
}

test("each end is kept as long as is said for it, and for ever where nothing is said", async () => {
  const at = scene();
  const [done, broken, stopped] = [await endedWith(at, ended), await endedWith(at, failed), await endedWith(at, cancelled)];
  const head = await running(at.backend, { createdAt: at.clock.now() });
  const next = await continueAsNew(at.backend, head);
  const retaining = at.start({ completedMs: 2 * dayMs, failedMs: 5 * dayMs });
  await at.clock.pass(2 * dayMs);
  expect(new Set(await idsIn(at))).toEqual(new Set([next.runId, head.runId, stopped, broken, done]));
  await at.clock.pass(hourMs + 100);
  expect(new Set(await idsIn(at))).toEqual(new Set([next.runId, head.runId, stopped, broken]));
  await at.clock.pass(3 * dayMs);
  expect(new Set(await idsIn(at))).toEqual(new Set([next.runId, head.runId, stopped]));
  await retaining.stop();
  expect(at.notes.map(({ level, message }) => `${level} ${message}`)).toEqual(Array.from({ length: 2 }, () => "info retention: 1 run and 0 ticks pruned"));
});

test("it begins at once, takes small batches, and stops behind the one that is under way", async () => {
  const at = scene();
  for (let index = 0; index < 450; index++) await endedWith(at, ended);
  await at.clock.pass(2 * dayMs);
  const limits: number[] = [];
  const watched: Backend = { ...at.backend, pruneRuns: async (asked) => (limits.push(asked.limit), at.backend.pruneRuns(asked)) };
  const retaining = at.start({ completedMs: dayMs }, watched);
  await at.clock.pass(0);
  expect([limits, (await idsIn(at)).length]).toEqual([[200], 250]);
  const stopped = retaining.stop();
  await at.clock.pass(100);
  await stopped;
  expect([limits.length, (await idsIn(at)).length]).toEqual([1, 250]);
  const again = at.start({ completedMs: dayMs });
  await at.clock.pass(100);
  expect(await idsIn(at)).toEqual([]);
  await again.stop();
});

test("ledgers too; several at once do no harm, and the store stays sound", async () => {
  const at = scene();
  const now = at.clock.now();
  const of = await enterSchedule(at.backend, "nightly", { decidedUpTo: now, createdAt: now, spec: { when: { at: now + 9 * dayMs }, timezone: "UTC" }, nextDueAt: now + 9 * dayMs, wakeAt: now + 9 * dayMs, totalRuns: 1 });
  const started = runOf(of, { scheduledTime: now, createdAt: now });
  await decideOne(at.backend, of, { ticks: [tick(now, { decision: "fired", runId: started.runId }), tick(now - 5)], create: [started] });
  const both = [at.start({ ticksMs: dayMs }), at.start({ ticksMs: dayMs, completedMs: dayMs })];
  await at.clock.pass(2 * dayMs);
  expect(await at.backend.listTicks({ scheduleId: of.scheduleId, limit: 5 })).toEqual([]);
  // The run still waits for a worker, and its tick is gone.
  expect((await checkStore({ backend: at.backend, clock: at.clock })).findings).toEqual([]);
  await claimed(at.backend, request(await enter(at.backend), { runId: started.runId, now: at.clock.now() }));
  await commitOne(at.backend, { runId: started.runId, fence: 1, seen: 1, events: [{ type: "workflow.completed", at: at.clock.now(), value: encode(1) }] });
  await at.clock.pass(2 * dayMs);
  expect([await idsIn(at), await at.backend.pruned()]).toMatchObject([[], { runs: 1, ticks: 2 }]);
  expect((await checkStore({ backend: at.backend, clock: at.clock })).findings).toEqual([]);
  await Promise.all(both.map((retaining) => retaining.stop()));
});

test("a tick outlives its run, and a run or tick that is missing without having been pruned is found", async () => {
  const at = scene();
  const now = at.clock.now();
  const of = await enterSchedule(at.backend, "nightly", { decidedUpTo: now, createdAt: now, nextDueAt: now + dayMs, wakeAt: now + dayMs, totalRuns: 1 });
  const started = runOf(of, { scheduledTime: now, createdAt: now });
  await decideOne(at.backend, of, { ticks: [tick(now, { decision: "fired", runId: started.runId, decidedAt: now })], create: [started] });
  await claimed(at.backend, request(await enter(at.backend), { runId: started.runId, now: at.clock.now() }));
  await commitOne(at.backend, { runId: started.runId, fence: 1, seen: 1, events: [ended] });
  await at.backend.pruneRuns({ statuses: ["completed"], endedBefore: Number.MAX_SAFE_INTEGER, limit: 5 });
  const check = async (backend: Backend) => (await checkStore({ backend, clock: at.clock })).findings;
  expect(await check(at.backend)).toEqual([]);
  expect(await check({ ...at.backend, pruned: async () => ({ runs: 0, ticks: 0 }) })).toMatchObject([{ invariant: "I8", message: expect.stringContaining("does not exist") as string }]);
});

test("a store that refuses is tried again an hour later", async () => {
  const at = scene();
  const gone = await endedWith(at, ended);
  await at.clock.pass(2 * dayMs);
  let refusals = 0;
  const refuse = () => {
    refusals++;
    throw new StorageError("busy", { kind: "busy", outcome: "rolled_back", hint: "wait" });
  };
  const retaining = at.start({ completedMs: dayMs }, { ...at.backend, pruneRuns: async (asked) => (refusals < 1 ? refuse() : at.backend.pruneRuns(asked)) });
  await at.clock.pass(0);
  expect([await idsIn(at), at.notes.map(({ level }) => level)]).toEqual([[gone], ["warn"]]);
  await at.clock.pass(hourMs + 100);
  expect(await idsIn(at)).toEqual([]);
  await retaining.stop();
});
