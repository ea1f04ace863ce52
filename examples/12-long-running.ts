// An export that takes long. Each attempt of the step may take 10 s and must give a sign of life every second; the first one hangs and is given
// up, the second gets on. The whole run, waits and retries included, may take a day.
//
// $ npx pyworkflow --module ./examples/12-long-running.ts workflows run export_archive --arg files=4 --wait
// run_…: no live worker executes export_archive, so this process executes the run
//   workflow.started
//   step.started step_export_files_1
//   step.failed step_export_files_1 after 1.0s
//   step.retrying step_export_files_1 after 1.0s
//   step.started step_export_files_1
//   step.completed step_export_files_1 after 200ms
//   workflow.completed after 1.2s
// run_…	completed
// $ npx pyworkflow runs result @last
// "4 files"
import { setTimeout as pause } from "node:timers/promises";
import { step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

const exportFiles = step({ name: "export_files", timeout: "10s", heartbeatTimeout: "1s", retryDelay: "0s" }, async (files: number) => {
  const context = stepContext();
  const { attempt, signal } = context;
  if (attempt === 1) await pause(60_000, undefined, { signal }); // hangs, without a sign of life: the signal aborts it
  for (let file = 0; file < files; file++) {
    await pause(50, undefined, { signal });
    context.heartbeat();
  }
  return `${files} files`;
});

export const exportArchive = workflow({ name: "export_archive", maxDuration: "1d", input: z.object({ files: z.number() }) }, async ({ files }) => exportFiles(files));
