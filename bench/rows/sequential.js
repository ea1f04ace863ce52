import { freshFile, interleaved } from "../harness.js";
import { insertRaw } from "../raw.js";
import { atLeast, percent, perSecond } from "../report.js";
import { executeRuns } from "../store.js";
import { noopSteps } from "../workflows.js";

/** One run, one step after the other. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function sequential(bench) {
  const steps = bench.quick ? 300 : 1000;
  const { measured, reference, ratio } = await interleaved(bench.pairs, async () => {
    const done = await executeRuns(freshFile(bench, "runs.db"), { runs: 1, workflow: noopSteps, input: steps });
    const raw = insertRaw(freshFile(bench, "raw.db"), { events: steps, perTransaction: 1 });
    return { measured: steps / done.seconds, reference: steps / raw.seconds };
  });
  return [
    {
      what: `one run of ${steps.toLocaleString("en")} sequential steps`,
      measured: perSecond("steps")(measured),
      reference: `${perSecond("commits")(reference)} raw, of one event`,
      ratio,
      ...atLeast(0.8, ratio, percent),
    },
  ];
}
