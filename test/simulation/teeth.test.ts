import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { FoundFault, fuzz } from "../support/simulation/fuzz.js";
import { plans } from "../support/simulation/programs.js";
import type { Faults } from "../support/simulation/world.js";

// A fuzzer that can't fail proves nothing: each engine here is broken, and must be found out within a hundred executions.

const engine = vi.hoisted(() => ({ deliversTogether: false }));

vi.mock(import("../../src/engine/turns.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    takeTurns: (body: object, count: number, deliver: () => boolean) =>
      engine.deliversTogether ? real.takeTurns(body, 1, () => deliverAll(count, deliver)) : real.takeTurns(body, count, deliver),
  };
});

function deliverAll(count: number, deliver: () => boolean): boolean {
  const first = deliver();
  for (let more = first, turn = 1; more && turn < count; turn++) more = deliver();
  return first;
}

/** How many executions it took to find a fault. */
async function executionsUntilFault(always: Faults): Promise<number> {
  let executions = 0;
  for (const plan of fc.sample(plans, { numRuns: 100, seed: 42 })) {
    try {
      executions += await fuzz(plan, executions, always);
    } catch (error) {
      if (error instanceof FoundFault) return executions + error.execution;
      throw error;
    }
  }
  return Infinity;
}

test("an engine that delivers several outcomes in one turn is found out", async () => {
  engine.deliversTogether = true;
  try {
    expect(await executionsUntilFault({})).toBeLessThanOrEqual(100);
  } finally {
    engine.deliversTogether = false;
  }
});

test("an engine that suspends and ends without `expect` is found out", async () => {
  expect(await executionsUntilFault({ broken: "forgets expect", cancels: 0.1 })).toBeLessThanOrEqual(100);
});

test("the same programs and faults pass on the engine as it is", async () => {
  let executions = 0;
  for (const plan of fc.sample(plans, { numRuns: 15, seed: 42 })) executions += await fuzz(plan, executions, { cancels: 0.1 });
  expect(executions).toBeGreaterThanOrEqual(100);
});
