import { interleaved } from "../harness.js";
import { bin, newProject, spawnMs } from "../project.js";
import { atMost, ms, times } from "../report.js";
import { createRun } from "../store.js";
import { oneStep } from "../workflows.js";

/** A short command against a Node that does nothing. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function status(bench) {
  const { folder, backend } = await newProject(bench);
  const runId = await createRun(backend, oneStep.name);
  await backend.close();
  // A process start varies more than what the other rows measure: three times as many.
  const { measured, reference, ratio } = await interleaved(bench.pairs * 3, () => ({
    measured: spawnMs(folder, [bin, "runs", "status", runId]),
    reference: spawnMs(folder, ["-e", "0"]),
  }));
  return [
    {
      what: "pyworkflow runs status ID",
      measured: ms(measured),
      reference: `${ms(reference)} for node -e 0`,
      ratio,
      ...atMost(2, ratio, times),
    },
  ];
}
