import { freshFile } from "../harness.js";
import { insertRaw } from "../raw.js";
import { atMost, bytes } from "../report.js";
import { executeRuns } from "../store.js";
import { noopSteps } from "../workflows.js";

const stepsOfRun = 10;

/** What a step adds to the file. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function disk(bench) {
  const runs = bench.quick ? 300 : 1000;
  const size = async (/** @type {number} */ input) => (await executeRuns(freshFile(bench, "runs.db"), { runs, workflow: noopSteps, input })).fileBytes;
  const measured = ((await size(stepsOfRun)) - (await size(0))) / (runs * stepsOfRun);
  const raw = insertRaw(freshFile(bench, "raw.db"), { events: runs * stepsOfRun * 2, perTransaction: 1000 });
  const reference = raw.fileBytes / (runs * stepsOfRun);
  return [
    {
      what: "bytes on disk per no-op step",
      measured: bytes(measured),
      reference: `${bytes(reference)} for two events in a bare table`,
      ratio: measured / reference,
      ...atMost(300, measured, bytes),
    },
  ];
}
