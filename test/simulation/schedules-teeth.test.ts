import { afterEach, expect, test, vi } from "vitest";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { liveWeek, type Broken } from "../support/simulation/schedules/world.js";

// A simulation that can't fail proves nothing: each store and each scheduler here is broken, and must be found out within as many weeks as the
// suite lives.
const weeksMax = 20;

const broken = vi.hoisted(() => ({ wakesNobody: false, countsTwice: false, decidesAgain: false, catchesUpPauses: false }));

vi.mock(import("../../src/core/schedule/state.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    afterEnd: (state, end) => {
      const folded = real.afterEnd(state, end);
      return broken.wakesNobody ? { ...folded, wakeAt: state.wakeAt } : folded;
    },
    afterRetry: (state) => (broken.countsTwice ? { ...state } : real.afterRetry(state)),
  };
});

vi.mock(import("../../src/core/schedule/due.js"), async (original) => {
  const real = await original();
  return {
    ...real,
    awaiting: (schedule, state, after) => real.awaiting(schedule, state, broken.decidesAgain && state.totalRuns % 3 === 1 ? after - 1 : after),
    resumed: (schedule, now) => real.resumed(schedule, broken.catchesUpPauses ? (schedule.decidedUpTo ?? now) : now),
  };
});

vi.mock(import("../../src/core/schedule/schedule.js"), async (original) => {
  const real = await original();
  return { ...real, mayReplace: (before, after) => broken.decidesAgain || real.mayReplace(before, after) };
});

afterEach(() => {
  for (const fault of Object.keys(broken)) Object.assign(broken, { [fault]: false });
});

/** How many weeks it took to find a fault. */
async function weeksUntilFault(fault?: Broken, max = weeksMax): Promise<number> {
  for (let seed = 1; seed <= max; seed++) {
    const { faults } = await liveWeek({ seed, openStore: async () => createMemoryBackend(), movesMax: 3000, ...(fault && { broken: fault }) });
    if (faults.length > 0) return seed;
  }
  return Infinity;
}

test.for<Broken>(["ignores versions", "hides ends", "reads runs first", "turns the line"])("a store or a scheduler that %s is found out", { timeout: 120_000 }, async (fault) => {
  expect(await weeksUntilFault(fault)).toBeLessThanOrEqual(weeksMax);
});

test.for(Object.keys(broken))("one that %s is found out", { timeout: 120_000 }, async (fault) => {
  Object.assign(broken, { [fault]: true });
  expect(await weeksUntilFault()).toBeLessThanOrEqual(weeksMax);
});

test("weeks pass as things are", { timeout: 300_000 }, async () => {
  expect(await weeksUntilFault(undefined, 5)).toBe(Infinity);
});
