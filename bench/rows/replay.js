import { monitorEventLoopDelay } from "node:perf_hooks";
import Sqlite from "better-sqlite3";
import { step, workflow } from "pyworkflow";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved, median } from "../harness.js";
import { atLeast, atMost, ms, perSecond } from "../report.js";
import { createRun, startWorker } from "../store.js";
import { noop } from "../workflows.js";

// Two events each; with the start of the run, the start of its last step and its suspension it has 10,001.
const completedSteps = 4999;
const events = 2 * completedSteps + 3;

/** @type {() => Promise<void>} */
let atLastStep = async () => undefined;
const last = step("last", () => atLastStep());
const long = workflow("long", async () => {
  for (let n = 0; n < completedSteps; n++) await noop();
  await last();
});

/** A long run goes on in a worker that has nothing of it in memory. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function replay(bench) {
  const path = freshFile(bench, "runs.db");
  await makeLongRun(path);
  /** @type {Awaited<ReturnType<typeof resume>>[]} */
  const taken = [];
  const whole = await interleaved(bench.pairs, async () => {
    const resumed = await resume(path);
    taken.push(resumed);
    return { measured: resumed.wholeMs, reference: readRaw(path) };
  });
  const replayMs = median(taken.slice(1).map((resumed) => resumed.replayMs));
  const sliceMs = median(taken.slice(1).map((resumed) => resumed.sliceMs));
  const reading = `${ms(whole.reference)} to read the rows raw`;
  const speed = (events / replayMs) * 1000;
  return [
    {
      what: `claim → next step of a run with ${events.toLocaleString("en")} events`,
      measured: ms(whole.measured),
      reference: reading,
      ratio: whole.ratio,
      ...atMost(150, whole.measured, ms),
    },
    {
      what: "its replay alone: read, deliver, next step",
      measured: perSecond("events")(speed),
      reference: reading,
      ratio: replayMs / whole.reference,
      ...atLeast(100_000, speed, perSecond("events")),
    },
    {
      what: "the longest slice of the event loop in it",
      measured: ms(sliceMs),
      reference: reading,
      ratio: sliceMs / whole.reference,
      ...atMost(20, sliceMs, ms),
    },
  ];
}

/**
 * Executes the run as far as its last step, and hands it over there.
 * @param {string} path
 */
async function makeLongRun(path) {
  const backend = await openSqlite({ path, durability: "normal" });
  await createRun(backend, long.name);
  const atLast = new Promise((resolve) => {
    atLastStep = async () => {
      resolve(undefined);
      await never();
    };
  });
  const worker = await startWorker(backend, path, long);
  await atLast;
  await worker.stop(0);
  await backend.close();
}

/**
 * The run goes on until its last step begins, and is handed over again. A resumption adds three events to the ten thousand.
 * @param {string} path
 */
async function resume(path) {
  const backend = await openSqlite({ path });
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const at = { claim: 0, read: 0, step: 0 };
  /** @type {typeof backend} */
  const timed = {
    ...backend,
    claim: (request) => {
      if (at.claim === 0) {
        at.claim = performance.now();
        delays.reset();
      }
      return backend.claim(request);
    },
    readHistory: (runId, after) => {
      at.read ||= performance.now();
      return backend.readHistory(runId, after);
    },
  };
  const atLast = new Promise((resolve) => {
    atLastStep = async () => {
      at.step = performance.now();
      resolve(undefined);
      await never();
    };
  });
  const worker = await startWorker(timed, path, long);
  await atLast;
  delays.disable();
  await worker.stop(0);
  await backend.close();
  return { wholeMs: at.step - at.claim, replayMs: at.step - at.read, sliceMs: delays.max / 1e6 };
}

/**
 * Milliseconds to read the events' rows.
 * @param {string} path
 */
function readRaw(path) {
  const database = new Sqlite(path, { readonly: true });
  const select = database.prepare("SELECT sequence, type, at, operation, value, rest FROM events ORDER BY sequence");
  const startedAt = performance.now();
  select.all();
  const tookMs = performance.now() - startedAt;
  database.close();
  return tookMs;
}

/** @returns {Promise<void>} */
function never() {
  return new Promise(() => {});
}
