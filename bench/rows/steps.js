import { freshFile, interleaved } from "../harness.js";
import { insertRaw } from "../raw.js";
import { atLeast, percent, perSecond } from "../report.js";
import { executeRuns } from "../store.js";
import { noopSteps } from "../workflows.js";

const stepsOfRun = 10;

/** Many short runs at a time in one process. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function steps(bench) {
  const runs = bench.quick ? 400 : 2000;
  const { measured, reference, ratio } = await interleaved(bench.pairs, async () => {
    const done = await executeRuns(freshFile(bench, "runs.db"), { runs, workflow: noopSteps, input: stepsOfRun });
    const raw = insertRaw(freshFile(bench, "raw.db"), { events: done.events, perTransaction: done.events / done.transactions });
    return { measured: done.events / done.seconds, reference: done.events / raw.seconds };
  });
  // Beside the two events of each step, a run has its start and its end.
  const stepsPerSecond = measured * (stepsOfRun / (2 * stepsOfRun + 2));
  return [
    {
      what: `${runs.toLocaleString("en")} runs of ${stepsOfRun} no-op steps, 100 at a time`,
      measured: `${perSecond("events")(measured)} (${perSecond("steps")(stepsPerSecond)})`,
      reference: `${perSecond("events")(reference)} raw, in batches as large`,
      ratio,
      ...atLeast(0.6, ratio, percent),
    },
  ];
}
