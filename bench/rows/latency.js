import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { freshFile, median, percentile, until } from "../harness.js";
import { newProject, startWorkers } from "../project.js";
import { insertRaw } from "../raw.js";
import { atMost, ms } from "../report.js";
import { createRun } from "../store.js";
import { oneStep } from "../workflows.js";

// The run, its claim, its step, its end.
const commitsOfRun = 4;

/** From the start of a run in this process to its end in an idle worker. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function latency(bench) {
  const project = await newProject(bench);
  const workers = await startWorkers(project, 1);
  for (let n = 0; n < 20; n++) await executeOne(project.backend);
  const taken = [];
  const commitsMs = [];
  for (let n = 0; n < (bench.quick ? 60 : 300); n++) {
    // By turns, for a disk has its moods.
    if (n % 20 === 0) commitsMs.push(...insertRaw(freshFile(bench, "raw.db"), { events: 20, perTransaction: 1 }).commitsMs);
    taken.push(await executeOne(project.backend));
  }
  await workers.stop();
  await project.backend.close();

  const commitMs = median(commitsMs);
  const needed = commitMs * commitsOfRun;
  const whole = median(taken.map(({ wholeMs }) => wholeMs));
  const wakes = taken.map(({ wakeMs }) => wakeMs);
  const wake = (/** @type {number} */ percent, /** @type {number} */ limitMs) => {
    const measured = percentile(wakes, percent);
    return {
      what: `commit of the start → claim elsewhere, p${percent}`,
      measured: ms(measured),
      reference: `${ms(commitMs)} a raw commit`,
      ratio: measured / commitMs,
      ...atMost(limitMs, measured, ms),
    };
  };
  return [
    {
      what: "start → completed elsewhere, one-step run, p50",
      measured: `${ms(whole)} (${ms(whole - needed)} over)`,
      reference: `${ms(needed)} for ${commitsOfRun} raw commits`,
      ratio: whole / needed,
      ...atMost(10, whole - needed, (value) => `${ms(value)} over`),
    },
    wake(50, 2),
    wake(99, 20),
  ];
}

/**
 * The times are the log's own, in whole milliseconds.
 * @param {import("../store.js").Backend} backend
 */
async function executeOne(backend) {
  const runId = await createRun(backend, oneStep.name);
  const committedAt = systemClock.now();
  const { createdAt, startedAt, completedAt } = await until("the end of the run", async () => {
    const run = await backend.getRun(runId);
    return run?.completedAt === undefined ? undefined : run;
  });
  // The next one finds the worker idle.
  await pause(5);
  return { wholeMs: (completedAt ?? Infinity) - createdAt, wakeMs: Math.max(0, (startedAt ?? Infinity) - committedAt) };
}
