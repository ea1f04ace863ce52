import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tickDecisions } from "../../src/core/schedule/schedule.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { eachStore } from "../support/each-store.js";
import { liveWeek, type Week } from "../support/simulation/schedules/world.js";

const weeks = Number(process.env["PYWORKFLOW_FUZZ_WEEKS"] ?? 30);
const first = Number(process.env["PYWORKFLOW_FUZZ_SEED"] ?? fc.sample(fc.nat(), 1)[0]);
const repeat = `PYWORKFLOW_FUZZ_WEEKS=${weeks} PYWORKFLOW_FUZZ_SEED=${first} npx vitest run test/simulation/schedules.test.ts`;
const deeds = ["scheduler", "trigger", "backfill", "pause", "resume", "update", "delete"];

interface Lived {
  readonly faults: readonly string[];
  /** What happened in one of them at least. */
  readonly seen: ReadonlySet<string>;
}

/** Weeks of one seed after the other, up to the first that is faulty. */
async function liveWeeks(count: number, terms: Pick<Week, "openStore" | "movesMax">): Promise<Lived> {
  const seen = new Set<string>();
  for (let seed = first; seed < first + count; seed++) {
    const week = await liveWeek({ seed, ...terms });
    if (week.faults.length > 0) return { faults: [...week.faults, `PYWORKFLOW_FUZZ_WEEKS=1 PYWORKFLOW_FUZZ_SEED=${seed}`], seen };
    for (const what of week.seen.keys()) seen.add(what);
  }
  return { faults: [], seen };
}

// A few weeks need not have all of it: a third of them lets a run take the place of another.
const interesting = weeks < 30 ? [] : [...tickDecisions.map((decision) => `schedule ${decision}`), ...deeds.flatMap((deed) => [`${deed} accepted`, `${deed} refused`])];

describe(`each due time is decided once, and as its policy demands, by three schedulers that crash, are down and decide late (${repeat})`, () => {
  test(`${weeks} weeks in memory`, { timeout: 60_000 + 10_000 * weeks }, async () => {
    const { faults, seen } = await liveWeeks(weeks, { openStore: async () => createMemoryBackend(), movesMax: 3000 });
    expect(faults).toEqual([]);
    // A week in which nothing happens proves nothing.
    expect(interesting.filter((what) => !seen.has(what))).toEqual([]);
  });

  test.for(eachStore.filter(([name]) => name !== "memory"))("some of them on %s", { timeout: 60_000 + 10_000 * weeks }, async ([, openStore]) => {
    const { faults } = await liveWeeks(Math.ceil(weeks / 10), { openStore, movesMax: 1000 });
    expect(faults).toEqual([]);
  });
});
