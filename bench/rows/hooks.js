import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { encode } from "../../dist/base/codec.js";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved, median } from "../harness.js";
import { memoryFigure } from "../memory.js";
import { openProject, startWorkers } from "../project.js";
import { atMost, ms, times } from "../report.js";
import { enterWorker, suspendAll } from "../store.js";
import { waiting } from "../workflows.js";

const few = 10;
const hookId = /** @type {import("../../dist/core/ids.js").OperationId} */ ("hook_go_1");

/** What runs that wait for hooks cost those who pass by, and the one that is resumed. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function hooks(bench) {
  const many = bench.quick ? 2000 : 10_000;
  const resumes = few * bench.pairs * 4;
  const [crowd, handful] = [await waitingRuns(bench, many + resumes), await waitingRuns(bench, few)];
  const among = `among ${many.toLocaleString("en")} runs that wait for hooks`;
  const memory = await memoryFigure(bench, { crowded: crowd.path, empty: handful.path, among, few });
  const resumed = await resumeByTurns(bench, crowd, handful);
  return [
    {
      what: `resuming one ${among} → completed elsewhere`,
      measured: ms(resumed.measured),
      reference: `${ms(resumed.reference)} among ${few}`,
      ratio: resumed.ratio,
      ...atMost(1.2, resumed.ratio, times),
    },
    memory,
  ];
}

/**
 * @typedef {{ readonly path: string, readonly runIds: import("../../dist/core/ids.js").RunId[] }} Waiting
 */

/**
 * A store with runs that wait for a hook.
 * @param {import("../harness.js").Bench} bench
 * @param {number} count
 * @returns {Promise<Waiting>}
 */
async function waitingRuns(bench, count) {
  const path = freshFile(bench, "runs.db");
  const backend = await openSqlite({ path, durability: "normal" });
  const runIds = await suspendHooked(backend, count);
  await backend.close();
  return { path, runIds };
}

/**
 * @param {import("../store.js").Backend} backend
 * @param {number} count
 */
async function suspendHooked(backend, count) {
  const workerId = await enterWorker(backend, waiting.name);
  const at = systemClock.now();
  return suspendAll(backend, {
    workerId,
    workflowName: waiting.name,
    count,
    events: [
      { type: "hook.created", at, operationId: hookId, name: "go", after: 1 },
      { type: "workflow.suspended", at, reason: "waiting" },
    ],
  });
}

/**
 * Both stores have a live worker; by turns one of the crowd and one of the handful is resumed.
 * @param {import("../harness.js").Bench} bench
 * @param {Waiting} crowd
 * @param {Waiting} handful
 */
async function resumeByTurns(bench, crowd, handful) {
  const [large, small] = [await openProject(crowd.path), await openProject(handful.path)];
  const workers = [await startWorkers(large, 1), await startWorkers(small, 1)];
  // As many wait as before: who is resumed is replaced by another.
  const figures = await interleaved(bench.pairs, async () => {
    const measured = [];
    const reference = [];
    for (let n = 0; n < few; n++) {
      measured.push(await resumeOne(large.backend, crowd.runIds));
      reference.push(await resumeOne(small.backend, handful.runIds));
      handful.runIds.push(...(await suspendHooked(small.backend, 1)));
    }
    return { measured: median(measured), reference: median(reference) };
  });
  for (const { stop } of workers) await stop();
  await large.backend.close();
  await small.backend.close();
  return figures;
}

/**
 * Milliseconds from the call that resumes a run to its end.
 * @param {import("../store.js").Backend} backend
 * @param {Waiting["runIds"]} runIds
 */
async function resumeOne(backend, runIds) {
  const runId = runIds.shift();
  if (runId === undefined) throw new Error("no run waits any more");
  const startedAt = performance.now();
  await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: hookId, value: encode("go") }] }]);
  // Asked without a pause: a poll of ten milliseconds would hide the difference.
  while ((await backend.getRun(runId))?.status !== "completed") await nextTurn();
  return performance.now() - startedAt;
}
