import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { requestCancellation } from "../../dist/engine/cancel-run.js";
import { readEffects } from "../effects.js";
import { freshFile, median, percentile, until } from "../harness.js";
import { newProject, startWorkers } from "../project.js";
import { insertRaw } from "../raw.js";
import { atMost, ms } from "../report.js";
import { createRun } from "../store.js";
import { lasting } from "../workflows.js";

/** From a request to cancel in this process to the abort of a step of one hour in a worker. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function cancel(bench) {
  const project = await newProject(bench);
  const workers = await startWorkers(project, 1);
  const file = freshFile(bench, "effects");
  await cancelOne(project.backend, file);
  const taken = [];
  const commitsMs = [];
  for (let n = 0; n < (bench.quick ? 5 : 20); n++) {
    // By turns, for a disk has its moods.
    commitsMs.push(...insertRaw(freshFile(bench, "raw.db"), { events: 20, perTransaction: 1 }).commitsMs);
    taken.push(await cancelOne(project.backend, file));
  }
  await workers.stop();
  await project.backend.close();

  const commitMs = median(commitsMs);
  const figure = (/** @type {string} */ which, /** @type {number} */ measured) => ({
    what: `request to cancel → abort of a one-hour step elsewhere, ${which} of ${taken.length}`,
    measured: ms(measured),
    reference: `${ms(commitMs)} a raw commit`,
    ratio: measured / commitMs,
    ...atMost(100, measured, ms),
  });
  return [figure("p50", percentile(taken, 50)), figure("worst", Math.max(...taken))];
}

/**
 * Milliseconds from before the commit of the request to the abort that the step has seen.
 * @param {import("../store.js").Backend} backend
 * @param {string} file
 */
async function cancelOne(backend, file) {
  const runId = await createRun(backend, lasting.name, { input: file });
  const effects = () => readEffects(file).filter((effect) => effect.runId === runId);
  await until("the step to begin", () => effects()[0]);
  // The worker has nothing else to do by then.
  await pause(20);
  const requestedAt = systemClock.now();
  await requestCancellation(backend, systemClock, { runId, requestedBy: "the benchmark" });
  const { at } = await until("the abort", () => effects()[1]);
  await until("the end of the run", async () => ((await backend.getRun(runId))?.status === "cancelled" ? true : undefined));
  return at - requestedAt;
}
