import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { newWorkerId } from "../../dist/core/ids.js";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved, median, until } from "../harness.js";
import { openProject, startWorkers } from "../project.js";
import { atMost, megabytes, ms, times } from "../report.js";
import { createRun } from "../store.js";
import { oneStep, tellMemory } from "../workflows.js";

const few = 100;

/** What suspended runs cost those who pass by. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function suspended(bench) {
  const many = bench.quick ? 10_000 : 100_000;
  const [crowded, empty] = [freshFile(bench, "runs.db"), freshFile(bench, "runs.db")];
  await suspendRuns(crowded, many);
  await suspendRuns(empty, few);
  const claim = await interleaved(bench.pairs, async () => ({ measured: await claimMs(crowded), reference: await claimMs(empty) }));
  const memory = await interleaved(bench.quick ? 1 : 3, async () => ({ measured: await idleBytes(crowded), reference: await idleBytes(empty) }));
  const more = memory.measured - memory.reference;
  const among = `among ${many.toLocaleString("en")} suspended runs`;
  return [
    {
      what: `claiming one ${among}, durability normal`,
      measured: ms(claim.measured),
      reference: `${ms(claim.reference)} among ${few}`,
      ratio: claim.ratio,
      ...atMost(1.2, claim.ratio, times),
    },
    {
      what: `memory of an idle worker ${among}`,
      measured: `${megabytes(memory.measured)} (${difference(more)})`,
      reference: `${megabytes(memory.reference)} among ${few}`,
      ratio: memory.ratio,
      ...atMost(20 * 1_048_576, more, difference),
    },
  ];
}

/** @param {number} value */
export const difference = (value) => `${value < 0 ? "" : "+"}${megabytes(value)}`;

const batch = 2000;
const farAwayMs = 30 * 86_400_000;

/**
 * A store with runs that sleep for a month.
 * @param {string} path
 * @param {number} count
 */
async function suspendRuns(path, count) {
  const backend = await openSqlite({ path, durability: "normal" });
  const workerId = await enterWorker(backend);
  const at = systemClock.now();
  await suspendAll(backend, { workerId, workflowName: oneStep.name, count, events: [{ type: "workflow.suspended", at, reason: "waiting", wakeAt: at + farAwayMs, wakeReason: "timer" }] });
  await backend.close();
}

/**
 * Starts runs and lets go of each with the same events. Their ids.
 * @param {import("../store.js").Backend} backend
 * @param {{ readonly workerId: import("../../dist/core/ids.js").WorkerId, readonly workflowName: string, readonly count: number, readonly events: readonly import("../../dist/core/events/event.js").WorkflowEvent[] }} suspension
 */
export async function suspendAll(backend, { workerId, workflowName, count, events }) {
  const ids = [];
  for (let left = count; left > 0; left -= batch) {
    for (let n = 0; n < Math.min(batch, left); n++) ids.push(await createRun(backend, workflowName));
    const runs = await claimRuns(backend, workerId, batch, workflowName);
    await backend.commit(runs.map(({ runId, epoch }) => ({ runId, fence: epoch, seen: 1, events })));
  }
  return ids;
}

/**
 * Median milliseconds of a claim of the one run that is due. Without a flush to the disk, which would hide the search.
 * @param {string} path
 */
async function claimMs(path) {
  const backend = await openSqlite({ path, durability: "normal" });
  const workerId = await enterWorker(backend);
  const taken = [];
  for (let n = 0; n < 100; n++) {
    await createRun(backend, oneStep.name);
    const startedAt = performance.now();
    const [run] = await claimRuns(backend, workerId, 1);
    taken.push(performance.now() - startedAt);
    if (run === undefined) throw new Error("the run that is due was not claimed");
    await backend.commit([{ runId: run.runId, fence: run.epoch, seen: 1, events: [{ type: "workflow.cancelled", at: systemClock.now(), cleanupCompleted: false }] }]);
  }
  await backend.close();
  return median(taken);
}

/**
 * A worker of the store's records only; it holds nothing when it is left.
 * @param {import("../store.js").Backend} backend
 */
export async function enterWorker(backend, workflowName = oneStep.name) {
  const workerId = newWorkerId(systemClock.now(), randomBytes);
  const facts = { role: "embedded", hostname: "bench", pid: process.pid, version: "bench", concurrency: 1 };
  await backend.registerWorker({ ...facts, role: "embedded", workerId, workflows: [workflowName], startedAt: systemClock.now() });
  return workerId;
}

/**
 * @param {import("../store.js").Backend} backend
 * @param {import("../../dist/core/ids.js").WorkerId} workerId
 * @param {number} limit
 */
async function claimRuns(backend, workerId, limit, workflowName = oneStep.name) {
  const result = await backend.claim({ workerId, workflows: [workflowName], version: "bench", company: "any", limit, now: systemClock.now() });
  if (result.worker === "dead") throw new Error("the worker of the benchmark was declared dead");
  return result.claimed;
}

/**
 * Resident bytes of a worker once it has looked for work.
 * @param {string} path
 */
export async function idleBytes(path) {
  const project = await openProject(path);
  const workers = await startWorkers(project, 1);
  await pause(1000);
  const runId = await createRun(project.backend, tellMemory.name);
  const { result = "" } = await until("the worker's answer", async () => {
    const run = await project.backend.getRun(runId);
    return run?.status === "completed" ? run : undefined;
  });
  await workers.stop();
  await project.backend.close();
  return Number(result.slice(1));
}
