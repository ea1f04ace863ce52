import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import type { RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import { isTerminal, type RunRecord } from "../../src/core/run.js";
import { requestCancellation } from "../../src/engine/cancel-run.js";
import { continueAsNew, step, workflow } from "../../src/index.js";
import type { Backend } from "../../src/storage/backend.js";
import { eachStore } from "../support/each-store.js";
import { executeDue, startRun } from "../support/in-memory.js";

// Somebody asks a chain of runs to end, before and after each of its commits: it ends, and does not escape into a successor.

const links = 4;
const count = step("chain.count", async (n: number) => n);
const counting = workflow("chain.counting", async (n: number): Promise<number> => ((await count(n)) < links ? continueAsNew(n + 1) : n));

describe.each(eachStore)("on %s", (_, open) => {
  test.each(["before", "after"] as const)("a request %s any commit of the chain ends it", async (moment) => {
    const ends: string[] = [];
    for (let n = 1; ; n++) {
      const chain = await cancelledAt(await open(), { n, moment });
      if (chain === undefined) break;
      ends.push(chain.map(({ status }) => status).join(" "));
    }

    const ended = (how: string, link: number) => "continued_as_new ".repeat(link) + how;
    const chains = Array.from({ length: links }, (_unused, link) => ended("cancelled", link));
    // Each link is where some request caught the chain, and the later the request, the later the link. After the last commit it had ended by itself.
    expect([...new Set(ends)]).toEqual(moment === "after" ? [...chains, ended("completed", links - 1)] : chains);
    expect(ends.length).toBeGreaterThan(links);
  });
});

interface At {
  readonly n: number;
  readonly moment: "before" | "after";
}

/** The chain, asked to end beside its n-th commit; undefined where it has not so many. */
async function cancelledAt(store: Backend, { n, moment }: At): Promise<readonly RunRecord[] | undefined> {
  const runId = await startRun(store, counting, { input: 1 });
  const cancel = () => requestCancellation(store, systemClock, { runId, requestedBy: "the test" });
  let commits = 0;
  const meddling: Backend = {
    ...store,
    commit: async (batch) => {
      const isTheOne = ++commits === n;
      if (isTheOne && moment === "before") await cancel();
      const results = await store.commit(batch);
      if (isTheOne && moment === "after") await cancel();
      return results;
    },
  };
  while ((await executeDue(meddling, [counting])).length > 0);
  const chain = await chainOf(store, runId);
  for (const run of chain) expect([isTerminal(run.status), findingsOf(run, await store.readHistory(run.runId, 0))]).toEqual([true, []]);
  return commits < n ? undefined : chain;
}

async function chainOf(store: Backend, first: RunId): Promise<readonly RunRecord[]> {
  const chain: RunRecord[] = [];
  for (let id: RunId | undefined = first; id !== undefined; id = chain.at(-1)?.continuedTo) {
    const run = await store.getRun(id);
    if (run === undefined) throw new Error(`there is no run ${id}`);
    chain.push(run);
  }
  return chain;
}
