import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fuzz } from "./fuzz.js";
import { plans } from "./programs.js";

const runs = Number(process.env["PYWORKFLOW_FUZZ_RUNS"] ?? 400);
// So long only where it hangs.
const msMax = 600 * Math.max(runs, 200);

/** Half of the random programs: two files share them, which run at the same time. */
export function testOrder(half: string): void {
  const seed = Number(process.env["PYWORKFLOW_FUZZ_SEED"] ?? fc.sample(fc.nat(), 1)[0]);
  const repeat = `PYWORKFLOW_FUZZ_RUNS=${runs} PYWORKFLOW_FUZZ_SEED=${seed} npx vitest run test/simulation/${half}.test.ts`;
  test(
    `order is data: ${runs} random programs survive a crash after every commit (${repeat})`,
    async () => {
      let executions = 0;
      const property = fc.asyncProperty(plans, fc.noShrink(fc.nat()), async (plan, moves) => {
        executions += await fuzz(plan, moves);
      });
      await fc.assert(property, { numRuns: runs, seed, plugins: [fc.interruptAfterTimeLimit(msMax, { failOnInterrupt: true })] });
      expect(executions).toBeGreaterThan(runs);
    },
    msMax + 20_000,
  );
}
