import { systemClock } from "../../dist/base/clock.js";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved, median } from "../harness.js";
import { memoryFigure } from "../memory.js";
import { atMost, ms, times } from "../report.js";
import { claimRuns, createRun, enterWorker, suspendAll } from "../store.js";
import { oneStep } from "../workflows.js";

const few = 100;

/** What suspended runs cost those who pass by. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function suspended(bench) {
  const many = bench.quick ? 10_000 : 100_000;
  const [crowded, empty] = [freshFile(bench, "runs.db"), freshFile(bench, "runs.db")];
  await suspendRuns(crowded, many);
  await suspendRuns(empty, few);
  const claim = await interleaved(bench.pairs, async () => ({ measured: await claimMs(crowded), reference: await claimMs(empty) }));
  const among = `among ${many.toLocaleString("en")} suspended runs`;
  return [
    {
      what: `claiming one ${among}, durability normal`,
      measured: ms(claim.measured),
      reference: `${ms(claim.reference)} among ${few}`,
      ratio: claim.ratio,
      ...atMost(1.2, claim.ratio, times),
    },
    await memoryFigure(bench, { crowded, empty, among, few }),
  ];
}

const farAwayMs = 30 * 86_400_000;

/**
 * A store with runs that sleep for a month.
 * @param {string} path
 * @param {number} count
 */
async function suspendRuns(path, count) {
  const backend = await openSqlite({ path, durability: "normal" });
  const workerId = await enterWorker(backend, oneStep.name);
  const at = systemClock.now();
  await suspendAll(backend, { workerId, workflowName: oneStep.name, count, events: [{ type: "workflow.suspended", at, reason: "waiting", wakeAt: at + farAwayMs, wakeReason: "timer" }] });
  await backend.close();
}

/**
 * Median milliseconds of a claim of the one run that is due. Without a flush to the disk, which would hide the search.
 * @param {string} path
 */
async function claimMs(path) {
  const backend = await openSqlite({ path, durability: "normal" });
  const workerId = await enterWorker(backend, oneStep.name);
  const taken = [];
  for (let n = 0; n < 100; n++) {
    await createRun(backend, oneStep.name);
    const startedAt = performance.now();
    const [run] = await claimRuns(backend, { workerId, workflowName: oneStep.name, limit: 1 });
    taken.push(performance.now() - startedAt);
    if (run === undefined) throw new Error("the run that is due was not claimed");
    await backend.commit([{ runId: run.runId, fence: run.epoch, seen: 1, events: [{ type: "workflow.cancelled", at: systemClock.now(), cleanupCompleted: false }] }]);
  }
  await backend.close();
  return median(taken);
}
