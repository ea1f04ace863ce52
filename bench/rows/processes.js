import { readFileSync } from "node:fs";
import { systemClock } from "../../dist/base/clock.js";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved, until } from "../harness.js";
import { newProject, startWorkers } from "../project.js";
import { atLeast, atMost, ms, perSecond, times } from "../report.js";
import { createRun } from "../store.js";
import { watchedSteps } from "../workflows.js";

const stepsOfRun = 10;

/** The same work by four processes and by one. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function processes(bench) {
  const runs = bench.quick ? 400 : 2000;
  /** @type {{ four: number[], one: number[] }} */
  const delays = { four: [], one: [] };
  const { measured, reference, ratio } = await interleaved(bench.pairs, async () => {
    const four = await execute(bench, { runs, count: 4 });
    const one = await execute(bench, { runs, count: 1 });
    delays.four.push(four.delayMs);
    delays.one.push(one.delayMs);
    return { measured: (runs * stepsOfRun) / four.seconds, reference: (runs * stepsOfRun) / one.seconds };
  });
  const [delay, delayOfOne] = [Math.max(...delays.four), Math.max(...delays.one)];
  return [
    {
      what: `${runs.toLocaleString("en")} runs of ${stepsOfRun} no-op steps, 4 processes`,
      measured: perSecond("steps")(measured),
      reference: `${perSecond("steps")(reference)} with 1 process`,
      ratio,
      ...atLeast(1, ratio, times),
    },
    {
      what: "event loop delay p99 of 4 processes, the worst of all",
      measured: ms(delay),
      reference: `${ms(delayOfOne)} with 1 process`,
      ratio: delay / delayOfOne,
      ...atMost(50, delay, ms),
    },
  ];
}

// The runs are made first and due later: everybody starts at the same moment, with nobody writing beside them.
const headStartMs = 300;
const msToMakeOne = 1;

/**
 * @param {import("../harness.js").Bench} bench
 * @param {{ readonly runs: number, readonly count: number }} work
 */
async function execute(bench, { runs, count }) {
  const project = await newProject(bench);
  const { backend } = project;
  const workers = await startWorkers(project, count);
  const file = freshFile(bench, "delays");
  const preparing = await openSqlite({ path: project.path, durability: "normal" });
  const dueAt = systemClock.now() + headStartMs + runs * msToMakeOne;
  for (let n = 0; n < runs; n++) await createRun(preparing, watchedSteps.name, { input: file, dueAt });
  await preparing.close();
  if (systemClock.now() > dueAt) throw new Error("the runs were due before all of them were made: this machine is too busy to measure anything");
  await until("the end of all runs", async () => ((await backend.countRuns()).completed === runs ? true : undefined));
  const ended = await backend.listRuns({ limit: runs });
  await workers.stop();
  await backend.close();
  const seconds = (Math.max(...ended.map(({ completedAt = Infinity }) => completedAt)) - dueAt) / 1000;
  return { seconds, delayMs: Math.max(...readFileSync(file, "utf8").trim().split("\n").map(Number)) };
}
