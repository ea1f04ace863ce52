import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { defaults } from "../../src/core/defaults.js";
import { newWorkerId, type RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import { isTerminal, type RunRecord } from "../../src/core/run.js";
import { createExecutor } from "../../src/engine/create-executor.js";
import { step, stepContext, workflow } from "../../src/index.js";
import { timerHeartbeat } from "../../src/runtime/worker/heartbeat.js";
import { startWorker } from "../../src/runtime/worker/worker.js";
import type { Backend } from "../../src/storage/backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { FaultySqlite, type Fault } from "../support/faulty-sqlite.js";
import { startRun } from "../support/in-memory.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-faults-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the steps of a run did, by run. */
const effects = new Map<string, string[]>();

const effect = step("faults.effect", async (name: string) => {
  effectsOf(stepContext().runId).push(name);
  return name;
});
const flaky = step({ name: "faults.flaky", retryDelay: "1ms" }, async () => {
  if (stepContext().attempt === 1) throw new RangeError("the first attempt fails");
  return "flaky";
});

function effectsOf(runId: string): string[] {
  const known = effects.get(runId) ?? [];
  effects.set(runId, known);
  return known;
}

const body = workflow("faults.body", async () => {
  const parallel = await Promise.all([effect("a"), effect("b"), flaky()]);
  return [...parallel, await effect("c")].join("");
});

const faults: readonly Fault[] = [
  { code: "SQLITE_FULL", when: "before" },
  { code: "SQLITE_IOERR_WRITE", when: "before" },
  { code: "SQLITE_IOERR_WRITE", when: "after" },
  { code: "SQLITE_BUSY", when: "before" },
];

test.for(faults)("$code $when the n-th storage call of a worker, for every n: the run completes, each step once", { timeout: 120_000 }, async (fault) => {
  const { calls } = await play(0, fault);
  expect(calls).toBeGreaterThan(20);
  for (let n = 1; n <= calls; n += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, offset) => expectUnharmed(n + offset, fault)));
  }
});

const atOnce = 10;

async function expectUnharmed(n: number, fault: Fault) {
  const played = await play(n, fault);
  // A fault of the store is no reason to try a step again.
  const unharmed = { status: "completed", result: 'j"abflakyc"', did: ["a", "b", "c"], outcomes: 4, findings: [] };
  expect({ call: n, ...played }).toMatchObject(unharmed);
}

async function play(n: number, fault: Fault) {
  const path = join(folder, `${fault.code}-${fault.when}-${n}.db`);
  const faulty = new FaultySqlite();
  const backend = await openSqlite({ path, durability: "normal", wrap: faulty.wrap });
  // Another connection, so that the fault meets the worker and not the test.
  const reader = await openSqlite({ path, readOnly: true });
  const runId = await startRun(backend, body);
  const worker = await openWorker(backend);
  const before = faulty.calls;
  faulty.arm(n, fault);
  const run = await endOf(reader, runId);
  const calls = faulty.calls - before;
  const history = await reader.readHistory(runId, 0);
  await worker.stop(1000);
  await backend.close();
  await reader.close();
  const outcomes = history.filter(({ type }) => type === "step.completed").length;
  return { calls, failed: faulty.failed, status: run.status, result: run.result, did: effectsOf(runId).toSorted(), outcomes, findings: findingsOf(run, history) };
}

async function openWorker(backend: Backend) {
  const workerId = newWorkerId(systemClock.now(), randomBytes);
  return startWorker({
    backend,
    worker: { workerId, role: "worker", hostname: "here", pid: 1, version: "v1", concurrency: 5, workflows: [body.name] },
    company: "any",
    clock: systemClock,
    leaseMs: 15_000,
    shutdownTimeoutMs: 1000,
    startHeartbeat: timerHeartbeat({ beat: (now) => backend.beat(workerId, now), clock: systemClock, everyMs: 3000 }),
    onNote: () => {},
    createExecutor: (hooks) =>
      createExecutor({
        ...hooks,
        backend,
        clock: systemClock,
        version: "v1",
        limits: defaults.limits,
        recovery: defaults.recovery,
        workflows: new Map([[body.name, body]]),
        random: () => 0.5,
      }),
  });
}

async function endOf(reader: Backend, runId: RunId): Promise<RunRecord> {
  for (;;) {
    const run = await reader.getRun(runId);
    if (run !== undefined && isTerminal(run.status)) return run;
    await pause(5);
  }
}
