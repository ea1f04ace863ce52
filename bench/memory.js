import { setTimeout as pause } from "node:timers/promises";
import { interleaved, until } from "./harness.js";
import { openProject, startWorkers } from "./project.js";
import { atMost, megabytes } from "./report.js";
import { createRun } from "./store.js";
import { tellMemory } from "./workflows.js";

/**
 * The memory of an idle worker on a store with many runs, and on one with a few.
 * @param {import("./harness.js").Bench} bench
 * @param {{ readonly crowded: string, readonly empty: string, readonly among: string, readonly few: number }} stores
 * @returns {Promise<import("./report.js").Figure>}
 */
export async function memoryFigure(bench, { crowded, empty, among, few }) {
  const { measured, reference, ratio } = await interleaved(bench.quick ? 1 : 3, async () => ({ measured: await idleBytes(crowded), reference: await idleBytes(empty) }));
  const more = measured - reference;
  return {
    what: `memory of an idle worker ${among}`,
    measured: `${megabytes(measured)} (${difference(more)})`,
    reference: `${megabytes(reference)} among ${few}`,
    ratio,
    ...atMost(20 * 1_048_576, more, difference),
  };
}

/**
 * Resident bytes of a worker once it has looked for work.
 * @param {string} path
 */
async function idleBytes(path) {
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

/** @param {number} value */
function difference(value) {
  return `${value < 0 ? "" : "+"}${megabytes(value)}`;
}
