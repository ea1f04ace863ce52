import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { lastEffects, nextEffect } from "../effects.js";
import { freshFile, percentile, until } from "../harness.js";
import { newProject, startWorkers } from "../project.js";
import { atMost, ms } from "../report.js";
import { createRun } from "../store.js";
import { effects } from "../workflows.js";

const stepMs = 100;

/** SIGKILL of a worker → its runs go on in the other. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function recovery(bench) {
  const alone = await killWith(bench, { runs: 1, kills: bench.quick ? 5 : 20 });
  const many = await killWith(bench, { runs: 100, kills: bench.quick ? 1 : 5 });
  const figure = (/** @type {string} */ what, /** @type {number} */ measured, /** @type {number} */ limitMs) => ({
    what: `SIGKILL of a worker → ${what}`,
    measured: ms(measured),
    reference: `${ms(stepMs)}, the step that was killed`,
    ratio: measured / stepMs,
    ...atMost(limitMs, measured, ms),
  });
  return [
    figure(`its one run goes on, p50 of ${alone.length}`, percentile(alone, 50), 100),
    figure(`its one run goes on, p99 of ${alone.length}`, percentile(alone, 99), 250),
    figure(`all of 100 in flight go on, the worst of ${many.length}`, Math.max(...many), 1000),
  ];
}

/**
 * Milliseconds from each kill until the last run of the killed worker has begun its step again.
 * @param {import("../harness.js").Bench} bench
 * @param {{ readonly runs: number, readonly kills: number }} work
 */
async function killWith(bench, { runs, kills }) {
  const project = await newProject(bench);
  const workers = await startWorkers(project, 2);
  const file = freshFile(bench, "effects");
  for (let n = 0; n < runs; n++) await createRun(project.backend, effects.name, { input: { file, stepMs } });
  await until("all runs to begin", () => (lastEffects(file).size === runs ? true : undefined));
  const taken = [];
  for (let n = 0; n < kills; n++) {
    // Both workers are there and the run has got on since the last kill.
    await workers.complete();
    await pause(3 * stepMs);
    const victim = (await nextEffect(file)).pid;
    await pause(stepMs / 3);
    taken.push(await killOne(file, victim));
  }
  await workers.kill();
  await project.backend.close();
  return taken;
}

/**
 * @param {string} file
 * @param {number} victim
 */
async function killOne(file, victim) {
  const killedAt = systemClock.now();
  process.kill(victim, "SIGKILL");
  const held = [...lastEffects(file).values()].filter(({ pid }) => pid === victim);
  const after = await until("the runs to go on", () => {
    const last = lastEffects(file);
    const resumed = held.map(({ runId }) => last.get(runId)).filter((effect) => effect !== undefined && effect.pid !== victim);
    return resumed.length === held.length ? resumed : undefined;
  });
  return Math.max(...after.map((effect) => effect?.at ?? Infinity)) - killedAt;
}
