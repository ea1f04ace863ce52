// A ping that is tried until it answers. Steps of a transient run are retried as those of a durable one are, all in memory.
//
// $ npx pyworkflow --module ./examples/17-transient-retries.ts workflows run check_site --arg site=pyworkflow.example --wait --quiet
// run_…	completed
// $ npx pyworkflow runs result @last
// {
//   "site": "pyworkflow.example",
//   "attempts": 3
// }
import { step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

const ping = step({ name: "ping_site", maxRetries: 5, retryDelay: "50ms" }, async (site: string) => {
  const { attempt } = stepContext();
  if (attempt < 3) throw new Error("no answer");
  return { site, attempts: attempt };
});

export const checkSite = workflow({ name: "check_site", durable: false, input: z.object({ site: z.string() }) }, async ({ site }) => ping(site));
