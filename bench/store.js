import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { systemClock } from "../dist/base/clock.js";
import { encode } from "../dist/base/codec.js";
import { defaults } from "../dist/core/defaults.js";
import { newRunId, newWorkerId } from "../dist/core/ids.js";
import { hostWorker } from "../dist/main/host-worker.js";
import { openSqlite } from "../dist/storage/sqlite/sqlite-backend.js";

/** @typedef {import("../dist/storage/backend.js").Backend} Backend */
/** @typedef {import("../dist/engine/definition.js").WorkflowDefinition} WorkflowDefinition */

/**
 * Starts a run as `workflows run` does; it is due at `dueAt`.
 * @param {Backend} backend
 * @param {string} workflowName
 * @param {{ readonly input?: unknown, readonly dueAt?: number }} [options]
 */
export async function createRun(backend, workflowName, { input = null, dueAt = systemClock.now() } = {}) {
  const { runId } = await backend.createRun({
    runId: newRunId(systemClock.now(), randomBytes),
    workflowName,
    durable: true,
    input: encode(input),
    createdAt: dueAt,
    tags: [],
    recoverOnWorkerLoss: true,
    maxRecoveryAttempts: 1000,
    nestingDepth: 0,
  });
  return runId;
}

const batch = 2000;

/**
 * Starts runs and lets go of each with the same events. Their ids.
 * @param {Backend} backend
 * @param {{ readonly workerId: import("../dist/core/ids.js").WorkerId, readonly workflowName: string, readonly count: number, readonly events: readonly import("../dist/core/events/event.js").WorkflowEvent[] }} suspension
 */
export async function suspendAll(backend, { workerId, workflowName, count, events }) {
  const ids = [];
  for (let left = count; left > 0; left -= batch) {
    for (let n = 0; n < Math.min(batch, left); n++) ids.push(await createRun(backend, workflowName));
    const runs = await claimRuns(backend, { workerId, workflowName, limit: batch });
    await backend.commit(runs.map(({ runId, epoch }) => ({ runId, fence: epoch, seen: 1, events })));
  }
  return ids;
}

/**
 * A worker of the store's records only; it holds nothing when it is left.
 * @param {Backend} backend
 * @param {string} workflowName
 */
export async function enterWorker(backend, workflowName) {
  const workerId = newWorkerId(systemClock.now(), randomBytes);
  const workflows = [workflowName];
  await backend.registerWorker({ workerId, role: "embedded", hostname: "bench", pid: process.pid, version: "bench", concurrency: 1, workflows, startedAt: systemClock.now() });
  return workerId;
}

/**
 * @param {Backend} backend
 * @param {{ readonly workerId: import("../dist/core/ids.js").WorkerId, readonly workflowName: string, readonly limit: number }} claim
 */
export async function claimRuns(backend, { workerId, workflowName, limit }) {
  const result = await backend.claim({ workerId, workflows: [workflowName], version: "bench", company: "any", limit, now: systemClock.now() });
  if (result.worker === "dead") throw new Error("the worker of the benchmark was declared dead");
  return result.claimed;
}

/**
 * Creates runs in a new store and executes all of them in this process.
 * @param {string} path
 * @param {{ readonly runs: number, readonly workflow: WorkflowDefinition, readonly input?: unknown }} work
 */
export async function executeRuns(path, { runs, workflow, input }) {
  // What only prepares need not survive a power cut.
  const preparing = await openSqlite({ path, durability: "normal" });
  for (let n = 0; n < runs; n++) await createRun(preparing, workflow.name, { input });
  await preparing.close();

  const counted = countRuns(await openSqlite({ path }), runs);
  const worker = await startWorker(counted.backend, path, workflow);
  const seconds = await counted.ended;
  await worker.stop(0);
  await counted.backend.close();
  return { ...counted.counts, seconds, fileBytes: statSync(path).size };
}

/**
 * @param {Backend} backend
 * @param {string} path
 * @param {WorkflowDefinition} workflow
 */
export function startWorker(backend, path, workflow) {
  const { worker, limits, recovery } = defaults;
  const workerId = newWorkerId(systemClock.now(), randomBytes);
  return hostWorker({
    config: { root: dirname(path), modules: [], storage: { backend: "sqlite", path, durability: "full" }, recovery, worker, limits, retention: {} },
    backend,
    worker: { workerId, role: "embedded", hostname: "bench", pid: process.pid, version: "bench", concurrency: 100 },
    workflows: new Map([[workflow.name, workflow]]),
    company: "any",
    onNote: ({ level, message }) => {
      if (level === "error") process.stderr.write(`bench: ${message}\n`);
    },
  });
}

/**
 * A backend that counts what it writes. `ended` gives the seconds from the first claim to the end of the last run: not the start of the worker.
 * @param {Backend} backend
 * @param {number} runs
 */
function countRuns(backend, runs) {
  const counts = { events: 0, transactions: 0 };
  let left = runs;
  let startedAt = 0;
  /** @type {(seconds: number) => void} */
  let end = () => undefined;
  /** @type {Promise<number>} */
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  /** @type {Backend} */
  const counting = {
    ...backend,
    async commit(batch) {
      const results = await backend.commit(batch);
      counts.transactions++;
      for (const { events } of batch) {
        counts.events += events.length;
        if (events.at(-1)?.type === "workflow.completed") left--;
      }
      if (left === 0) end((performance.now() - startedAt) / 1000);
      return results;
    },
    async claim(request) {
      startedAt ||= performance.now();
      const result = await backend.claim(request);
      if (result.worker === "alive" && result.claimed.length > 0) {
        counts.transactions++;
        counts.events += result.claimed.length;
      }
      return result;
    },
  };
  return { backend: counting, counts, ended };
}
