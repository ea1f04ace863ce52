import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { HookRows } from "../../src/core/hooks.js";
import { FoundFault, fuzz } from "../support/simulation/fuzz.js";
import { plans } from "../support/simulation/programs.js";
import type { Faults } from "../support/simulation/world.js";

// A fuzzer that can't fail proves nothing: each engine and each store here is broken, and must be found out within a hundred executions.

const broken = vi.hoisted(() => ({ deliversTogether: false, acceptsAllPayloads: false, tellsNoParent: false }));

vi.mock(import("../../src/engine/turns.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    takeTurns: (body: object, count: number, deliver: () => boolean) =>
      broken.deliversTogether ? real.takeTurns(body, 1, () => deliverAll(count, deliver)) : real.takeTurns(body, count, deliver),
  };
});

vi.mock(import("../../src/core/hooks.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    foldHooks: (run, hooks, events) => real.foldHooks(run, broken.acceptsAllPayloads && events[0]?.type === "hook.received" ? pending(hooks) : hooks, events),
  };
});

vi.mock(import("../../src/core/family.js"), async (original) => {
  const real = await original();
  return { ...real, noteToParent: (run, event) => (broken.tellsNoParent ? undefined : real.noteToParent(run, event)) };
});

afterEach(() => {
  Object.assign(broken, { deliversTogether: false, acceptsAllPayloads: false, tellsNoParent: false });
});

function deliverAll(count: number, deliver: () => boolean): boolean {
  const first = deliver();
  for (let more = first, turn = 1; more && turn < count; turn++) more = deliver();
  return first;
}

function pending(hooks: HookRows): HookRows {
  return new Map(Array.from(hooks, ([hookId, hook]) => [hookId, { ...hook, status: "pending" }]));
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
  broken.deliversTogether = true;
  expect(await executionsUntilFault({})).toBeLessThanOrEqual(100);
});

test("an engine that suspends and ends without `expect` is found out", async () => {
  expect(await executionsUntilFault({ broken: "forgets expect", cancels: 0.1 })).toBeLessThanOrEqual(100);
});

test("a store that drops linked appends is found out", async () => {
  expect(await executionsUntilFault({ broken: "forgets linked appends", cancels: 0.1 })).toBeLessThanOrEqual(100);
});

test("a store that tells no parent of the end of a child is found out", async () => {
  broken.tellsNoParent = true;
  expect(await executionsUntilFault({})).toBeLessThanOrEqual(100);
});

test("a store that takes a second payload for a hook is found out", async () => {
  broken.acceptsAllPayloads = true;
  expect(await executionsUntilFault({})).toBeLessThanOrEqual(100);
});

test("the same plans and faults pass on the engine as it is", async () => {
  let executions = 0;
  for (const plan of fc.sample(plans, { numRuns: 15, seed: 42 })) executions += await fuzz(plan, executions, { cancels: 0.1 });
  expect(executions).toBeGreaterThanOrEqual(100);
});
