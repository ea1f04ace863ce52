import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pause, systemClock } from "../../src/base/clock.js";
import { continueAsNew, openEngine, runChild, startChild, sleep, step, workflow } from "../../src/index.js";
import { liveStatuses, runStatuses } from "../../src/core/run.js";
import { checkStore } from "../../src/services/check-store.js";
import type { Backend } from "../../src/storage/backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { until } from "../support/project.js";

// Whatever has ended is deleted at once, while its relatives go on.

let folder: string;
let done: Map<string, number>;
let laps: number;
let isOver: boolean;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-pruning-"));
  done = new Map();
  [laps, isOver] = [0, false];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const note = step({ name: "pruning.note", maxRetries: 0 }, async (what: string) => {
  done.set(what, (done.get(what) ?? 0) + 1);
  if (what.endsWith("fails")) throw new RangeError(what);
  return what;
});
const leaf = workflow("pruning.leaf", async (what: string) => note(what));
const links = workflow("pruning.links", async ({ name, left }: { name: string; left: number }): Promise<string> => {
  await note(`${name} link ${left}`);
  return left === 0 ? name : continueAsNew({ name, left: left - 1 });
});
const patient = workflow("pruning.patient", async (isFirst: boolean) => {
  if (isFirst) return continueAsNew(false);
  await sleep("4s");
  return note("patient");
});
const endless = workflow("pruning.endless", async (lap: number): Promise<string> => {
  laps = lap;
  await note(`lap ${lap}`);
  return isOver ? `over after ${lap}` : continueAsNew(lap + 1);
});
const family = workflow("pruning.family", async (name: string) => {
  const beside = await startChild(leaf, `${name} beside`);
  await startChild(leaf, `${name} left alone`, { parentClose: "abandon" });
  const first = await runChild(leaf, `${name} first`);
  const chain = await runChild(links, { name: `${name} chain`, left: 3 });
  const lost = await runChild(leaf, `${name} fails`).catch(() => "caught");
  const late = await beside.result();
  return note([first, chain, lost, late, "end"].join(", "));
});

const families = 12;
const chains = 6;
const linksOfChain = 15;
const lapsLeast = 60;

test("two engines go on rightly while a third connection deletes whatever has ended", { timeout: 60_000 }, async () => {
  const path = join(folder, "store.db");
  const options = { storage: `sqlite:${path}`, config: false, workflows: [leaf, links, patient, family, endless] } as const;
  const engines = [await openEngine(options), await openEngine(options)];
  const store = await openSqlite({ path });
  const [one, other] = engines as [(typeof engines)[0], (typeof engines)[0]];
  const pruner = keepPruning(store);

  for (let index = 0; index < families; index++) await (index % 2 ? one : other).start(family, `family ${index}`);
  for (let index = 0; index < chains; index++) await one.start(links, { name: `chain ${index}`, left: linksOfChain });
  const first = await one.start(patient, true, { idempotencyKey: "patient" });
  await until("the next of the chain", async () => (await store.getRun(first.runId))?.continuedTo);
  await pruner.round();
  // The id that was acknowledged and its key hold as long as the chain goes on.
  expect((await other.start(patient, true, { idempotencyKey: "patient" })).runId).toBe(first.runId);
  expect(["pending", "running", "suspended"]).toContain(await first.status());

  // A chain without end shrinks while it goes on, and its first run finds the one that lives.
  const entity = await one.start(endless, 1, { idempotencyKey: "entity" });
  await until("a long chain", () => (laps > lapsLeast ? true : undefined), { tell: () => `${laps} laps` });
  await until("a chain that is short all the same", async () => ((await store.listRuns({ chain: entity.runId, limit: lapsLeast })).length < lapsLeast / 2 ? true : undefined));
  expect((await other.start(endless, 1, { idempotencyKey: "entity" })).runId).toBe(entity.runId);
  expect(["pending", "running"]).toContain(await entity.status());
  isOver = true;

  await until("the end of every run", async () => ((await store.listRuns({ statuses: liveStatuses, limit: 1 })).length === 0 ? true : undefined), { tell: () => `${done.size} done` });
  const pruned = await pruner.stop();
  expect(pruned).toBeGreaterThan(families * 4);
  for (const name of Array.from({ length: families }, (_, index) => `family ${index}`)) {
    expect(done.get(`${name} first, ${name} chain, caught, ${name} beside, end`)).toBe(1);
    expect(done.get(`${name} left alone`)).toBe(1);
  }
  expect([...done].filter(([, times]) => times !== 1)).toEqual([]);
  expect((await checkStore({ backend: store })).findings).toEqual([]);
  expect(await store.findFaults()).toEqual([]);
  await Promise.all([...engines, store].map((each) => each.close()));
});

function keepPruning(store: Backend): { round(): Promise<void>; stop(): Promise<number> } {
  const stopping = new AbortController();
  let rounds = 0;
  const work = prune(store, stopping.signal, () => {
    rounds++;
  });
  return {
    async round() {
      const before = rounds;
      await until("a whole round of pruning", () => (rounds > before + 1 ? true : undefined));
    },
    async stop() {
      stopping.abort();
      return work;
    },
  };
}

async function prune(store: Backend, signal: AbortSignal, onRound: () => void): Promise<number> {
  let pruned = 0;
  for (; !signal.aborted; await pause(systemClock, 2)) {
    const { runs } = await store.pruneRuns({ statuses: runStatuses, endedBefore: systemClock.now() + 1, limit: 5 });
    pruned += runs;
    if (runs === 0) onRound();
  }
  return pruned;
}
