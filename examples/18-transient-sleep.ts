// A cache that is filled again and again, with a pause between. A transient run sleeps in its process: it is never suspended, and a restart
// begins it anew (`recoverOnWorkerLoss: true`) instead of going on from its log, which it has not.
//
// $ npx pyworkflow --module ./examples/18-transient-sleep.ts workflows run warm_cache --arg rounds=3 --arg pause=200ms --wait --quiet
// run_…	completed
// $ npx pyworkflow runs result @last
// "warmed 3 times"
import { sleep, step, workflow } from "pyworkflow";
import { z } from "zod";

const warm = step("warm", async (round: number) => round);

export const warmCache = workflow(
  { name: "warm_cache", durable: false, recoverOnWorkerLoss: true, input: z.object({ rounds: z.number(), pause: z.string().default("10m") }) },
  async ({ rounds, pause }) => {
    for (let round = 1; round <= rounds; round++) {
      await warm(round);
      await sleep(pause);
    }
    return `warmed ${rounds} times`;
  },
);
