import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { runCard } from "../../src/cli/views/run-card.js";
import { whyRow } from "../../src/cli/views/why.js";
import { continueAsNew, hook, openEngine, workflow } from "../../src/index.js";
import { startRetention } from "../../src/runtime/retention.js";
import { cancelRun } from "../../src/services/cancel-run.js";
import { checkStore } from "../../src/services/check-store.js";
import { chainRows, showChain } from "../../src/services/show-chain.js";
import { showRun } from "../../src/services/show-run.js";
import { waitRun } from "../../src/services/wait-run.js";
import { whyRun } from "../../src/services/why-run.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { ManualClock } from "../support/manual-clock.js";
import { until } from "../support/project.js";

const links = 1000;

let lapsDone = 0;
const endless = workflow("retention.endless", async (lap: number): Promise<unknown> => {
  lapsDone = lap;
  return lap < links ? continueAsNew(lap + 1) : hook("order");
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-chain-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a chain of a thousand runs that lives shrinks to two, and who knows the first does not notice", { timeout: 60_000 }, async () => {
  const path = join(folder, "store.db");
  const config = join(folder, "pyworkflow.config.yaml");
  writeFileSync(config, "storage: { backend: sqlite, path: ./store.db, durability: normal }\n");
  const engine = await openEngine({ config, workflows: [endless] });
  const backend = await openSqlite({ path, durability: "normal" });
  const project = { backend, clock: systemClock };
  const run = await engine.start(endless, 1, { idempotencyKey: "entity" });
  await until("the last of the chain", async () => ((await run.status()) === "suspended" ? true : undefined), { tell: () => `${lapsDone} laps` });
  expect((await backend.countRuns()).continued_as_new).toBe(links - 1);

  const clock = new ManualClock();
  await clock.pass(systemClock.now() + 3 * 86_400_000 - clock.now());
  const retaining = startRetention({ backend, clock, retention: { completedMs: 86_400_000 }, onNote: () => {} });
  await until("the retention", async () => {
    await clock.pass(1000);
    return (await backend.countPrunable({ statuses: ["continued_as_new"], endedBefore: clock.now() })) === 0 ? true : undefined;
  });
  await retaining.stop();

  const chain = await showChain(project as never, { id: run.runId });
  expect(chainRows(chain)).toMatchObject([{ run_id: run.runId, gap_before: false, status: "continued_as_new" }, { gap_before: true, status: "suspended", continued_to_run_id: null }]);
  const last = chain[1]?.runId;
  expect([(await engine.start(endless, 1, { idempotencyKey: "entity" })).runId, await run.status()]).toEqual([run.runId, "suspended"]);
  expect((await waitRun(project, { runId: run.runId, untilSuspended: true })).runId).toBe(last);
  const told: unknown[] = [];
  await waitRun(project, { runId: run.runId, untilSuspended: true, onLook: (news) => void told.push(news.run.runId) });
  expect(told).toEqual([run.runId, last]);
  expect((await checkStore(project)).findings).toEqual([]);
  expect(await backend.findFaults()).toEqual([]);
  const shown = await showRun({ ...project, locks: { isFree: () => false }, config: { worker: { leaseMs: 15_000 } } } as never, { id: run.runId });
  expect(runCard(shown, { width: 100, nowMs: 0, utc: true, paint: new Proxy({}, { get: () => (text: string) => text }) } as never)).toContain(`Last of chain: ${last} (suspended)`);
  const why = await whyRun({ ...project, locks: { isFree: () => false }, config: { worker: { leaseMs: 15_000 } } } as never, { id: run.runId, loadCode: async () => undefined });
  expect(whyRow(why, folder)).toMatchObject({ hint: expect.stringContaining(`runs why ${last}`) as string });

  expect(await cancelRun(project, run.runId, { requestedBy: "test", wait: true })).toMatchObject({ run_id: last, status: "cancelled" });
  expect(await run.status()).toBe("cancelled");
  expect(await backend.pruneRuns({ statuses: ["cancelled"], endedBefore: Number.MAX_SAFE_INTEGER, limit: 5 })).toMatchObject({ runs: 2 });
  await Promise.all([engine.close(), backend.close()]);
});
