import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fuzz } from "../support/simulation/fuzz.js";
import { plans } from "../support/simulation/programs.js";

const runs = Number(process.env["PYWORKFLOW_FUZZ_RUNS"] ?? 300);
const seed = Number(process.env["PYWORKFLOW_FUZZ_SEED"] ?? fc.sample(fc.nat(), 1)[0]);
const msMax = 100 * Math.max(runs, 1000);

test(
  `order is data: ${runs} random programs survive a crash after every commit (PYWORKFLOW_FUZZ_SEED=${seed})`,
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
