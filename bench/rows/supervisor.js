import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { nextEffect, readEffects } from "../effects.js";
import { freshFile, median, until } from "../harness.js";
import { newProject, startWorkers } from "../project.js";
import { atMost, ms } from "../report.js";
import { createRun } from "../store.js";
import { effects } from "../workflows.js";

const stepMs = 100;

/** SIGKILL of a supervisor with its workers → its run goes on under another. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function supervisor(bench) {
  const project = await newProject(bench);
  const file = freshFile(bench, "effects");
  await createRun(project.backend, effects.name, { input: { file, stepMs } });
  let serving = await startWorkers(project, 1);
  const taken = [];
  for (let n = 0; n < (bench.quick ? 2 : 5); n++) {
    const standby = await startWorkers(project, 1);
    // Long enough for the two to have looked at each other.
    await pause(600);
    const victim = (await nextEffect(file)).pid;
    const killedAt = systemClock.now();
    await serving.kill();
    const next = await until("the run to go on", () => readEffects(file).find(({ at, pid }) => at >= killedAt && pid !== victim));
    taken.push(next.at - killedAt);
    serving = standby;
  }
  await serving.kill();
  await project.backend.close();
  const measured = median(taken);
  return [
    {
      what: `SIGKILL of a supervisor and its worker → its run goes on, p50 of ${taken.length}`,
      measured: `${ms(measured)} (worst ${ms(Math.max(...taken))})`,
      reference: `${ms(stepMs)}, the step that was killed`,
      ratio: measured / stepMs,
      ...atMost(1000, measured, ms),
    },
  ];
}
