import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tickDecisions } from "../../src/core/schedule/schedule.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { eachStore } from "../support/each-store.js";
import { liveWeek, type Week } from "../support/simulation/schedules/world.js";

const weeks = Number(process.env["PYWORKFLOW_FUZZ_WEEKS"] ?? 20);
const first = Number(process.env["PYWORKFLOW_FUZZ_SEED"] ?? fc.sample(fc.nat(), 1)[0]);
const repeat = `PYWORKFLOW_FUZZ_WEEKS=${weeks} PYWORKFLOW_FUZZ_SEED=${first} npx vitest run test/simulation/schedules.test.ts`;
const deeds = ["scheduler", "trigger", "backfill", "pause", "resume", "update", "delete"];

/** What happened in one of the weeks at least. */
async function liveWeeks(from: number, count: number, { openStore, movesMax }: Pick<Week, "openStore" | "movesMax">): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (let seed = from; seed < from + count; seed++) {
    const week = await liveWeek({ seed, openStore, movesMax });
    expect(week.faults, `PYWORKFLOW_FUZZ_WEEKS=1 PYWORKFLOW_FUZZ_SEED=${seed}`).toEqual([]);
    for (const what of week.seen.keys()) seen.add(what);
  }
  return seen;
}

describe(`each due time is decided once, and as its policy demands, by three schedulers that crash, are down and decide late (${repeat})`, () => {
  test(`${weeks} weeks in memory`, { timeout: 60_000 + 10_000 * weeks }, async () => {
    const seen = await liveWeeks(first, weeks, { openStore: async () => createMemoryBackend(), movesMax: 3000 });
    // A week in which nothing happens proves nothing. One alone need not have all of it.
    const interesting = [...tickDecisions.map((decision) => `schedule ${decision}`), ...deeds.flatMap((deed) => [`${deed} accepted`, `${deed} refused`])];
    if (weeks >= 20) expect(interesting.filter((what) => !seen.has(what))).toEqual([]);
  });

  test.for(eachStore.filter(([name]) => name !== "memory"))("some of them on %s", { timeout: 60_000 + 10_000 * weeks }, async ([, openStore]) => {
    const seen = await liveWeeks(first, Math.ceil(weeks / 20), { openStore, movesMax: 1000 });
    expect([...seen]).toContain("scheduler accepted");
  });
});
