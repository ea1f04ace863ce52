// A worker process that dies in the middle of a step, as if by SIGKILL. Its supervisor sees that at once; another process reads the run's log and goes
// on: the first step is not executed again, the one that was under way is, as attempt 2. `MAY_DIE=1` lets the step kill its process the first time.
//
// $ npx pyworkflow --module ./examples/13-fault-tolerance.ts workflows run nightly_pipeline --arg day=monday --no-wait --quiet
// run_…	pending
// $ MAY_DIE=1 npx pyworkflow --module ./examples/13-fault-tolerance.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs logs @last -o plain
// 1: workflow.started
// 2: step.started
// 3: step.completed
// 4: step.started
// 5: workflow.interrupted
// 6: workflow.resumed
// 7: step.started
// 8: step.completed
// 9: workflow.completed
// $ npx pyworkflow runs result @last
// {
//   "rows": 1000,
//   "attempt": 2
// }
import { env, kill, pid } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

const extractRows = step("extract_rows", async (day: string) => ({ day, rows: 1000 }));

const loadRows = step("load_rows", async (rows: number) => {
  const { attempt } = stepContext();
  if (attempt === 1 && env["MAY_DIE"] !== undefined) {
    await pause(100); // what happened before is in the log by now
    kill(pid, "SIGKILL");
    await pause(60_000);
  }
  return { rows, attempt };
});

export const nightlyPipeline = workflow(
  { name: "nightly_pipeline", recoverOnWorkerLoss: true, maxRecoveryAttempts: 5, input: z.object({ day: z.string() }) },
  async ({ day }) => {
    const { rows } = await extractRows(day);
    return loadRows(rows);
  },
);
