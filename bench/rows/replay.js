import { monitorEventLoopDelay } from "node:perf_hooks";
import Sqlite from "better-sqlite3";
import { step, workflow } from "pyworkflow";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved } from "../harness.js";
import { atLeast, atMost, ms, perSecond } from "../report.js";
import { createRun, startWorker } from "../store.js";

// With the start of the run, the start of its last step and its suspension: 10,000.
const completedSteps = 4999 - 1;
const eventsMin = 9999;

const noop = step("noop", async () => undefined);
/** @type {() => Promise<void>} */
let lastStep = async () => undefined;
const last = step("last", () => lastStep());
const long = workflow("long", async () => {
  for (let n = 0; n < completedSteps; n++) await noop();
  await last();
});

/** A long run goes on in a process that knows nothing of it. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function replay(bench) {
  /** @type {Awaited<ReturnType<typeof resume>>[]} */
  const taken = [];
  const { measured, reference, ratio } = await interleaved(bench.pairs, async () => {
    const path = freshFile(bench, "runs.db");
    await makeLongRun(path);
    const readMs = readRaw(path);
    const resumed = await resume(path);
    taken.push(resumed);
    return { measured: resumed.wholeMs, reference: readMs };
  });
  return [];
}
