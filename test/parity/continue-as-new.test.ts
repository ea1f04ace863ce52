import { expect, test } from "vitest";
import { z } from "zod";
import { continueAsNew, runContext, shield, sleep, step, workflow } from "../../src/index.js";
import { showChain } from "../../src/services/show-chain.js";
import { openTestEngine } from "../../src/testing/index.js";
import { errorOf, found, openParity, reaches, valueOf } from "./support.js";

const ran: string[] = [];
const note = step("parity.note", async (what: string) => {
  ran.push(what);
});
const counts = workflow(
  { name: "parity.counts", input: z.object({ n: z.number(), seen: z.array(z.string()).default([]) }), tags: ["eu"], maxDuration: "2h", maxRecoveryAttempts: 7, recoverOnWorkerLoss: false },
  async ({ n, seen }): Promise<unknown> => {
    await note(`count ${n}`);
    return n < 3 ? continueAsNew({ n: n + 1, seen: [...seen, runContext().runId] }) : { n, seen };
  },
);

test("it belongs into the body of a durable run", async () => {
  expect(await errorOf(continueAsNew(1))).toMatchObject({ code: "NOT_IN_WORKFLOW" });
  const loose = workflow({ name: "parity.loose", durable: false }, async () => continueAsNew(1));
  const engine = await openTestEngine({ workflows: [loose] });
  expect(await errorOf((await engine.start(loose, undefined)).result())).toMatchObject({ cause: { code: "DURABLE_RUN_REQUIRED" } });
  await engine.close();
});

test("each run ends where the next begins, the handle follows them, and all settings go along", async () => {
  const { engine, record, events, store } = await openParity({ workflows: [counts] });
  const run = await engine.start(counts, { n: 1, seen: [] }, { idempotencyKey: "once" });
  const result = (await run.result()) as { readonly n: number; readonly seen: readonly string[] };
  expect(ran).toEqual(["count 1", "count 2", "count 3"]);

  const chain = await showChain({ backend: store } as never, { id: run.runId });
  expect(chain.map(({ runId: id, status }) => [id, status])).toEqual([
    [result.seen[0], "continued_as_new"],
    [result.seen[1], "continued_as_new"],
    [chain[2]?.runId, "completed"],
  ]);
  for (const { runId: id } of chain) expect(await showChain({ backend: store } as never, { id })).toEqual(chain);

  const [first, second] = [await record(run), await record(found(chain[1]))];
  expect(first).toMatchObject({ runId: run.runId, status: "continued_as_new", continuedTo: second.runId, idempotencyKey: "once" });
  const { workflowName, tags, maxDurationMs, maxRecoveryAttempts, recoverOnWorkerLoss } = first;
  expect(second).toMatchObject({ continuedFrom: first.runId, workflowName, tags, maxDurationMs, maxRecoveryAttempts, recoverOnWorkerLoss, startedAt: expect.any(Number) as number });
  expect(second.idempotencyKey).toBeUndefined();
  expect(first.continuedFrom).toBeUndefined();
  const [continued, ...more] = await events(run, "workflow.continued_as_new");
  expect(more).toEqual([]);
  expect(continued?.newRunId).toBe(second.runId);
  expect(valueOf(continued?.value)).toEqual({ n: 2, seen: [run.runId] });
  expect(valueOf(second.input)).toEqual({ n: 2, seen: [run.runId] });
  expect(await store.listRuns({ statuses: ["continued_as_new"], limit: 9 })).toHaveLength(2);
});

test("a run that continues as new has ended: no catch and no finally runs, and a request to cancel goes to its successor", async () => {
  const marks: string[] = [];
  const goesOn = workflow("parity.goes_on", async (n: number) => {
    try {
      if (n === 2) await sleep("30d");
      await continueAsNew(n + 1);
    } finally {
      marks.push(`finally ${n}`);
    }
  });
  const { engine, types, record } = await openParity({ workflows: [goesOn] });
  const run = await engine.start(goesOn, 1);
  await reaches(run, "suspended");
  expect(marks).toEqual([]);
  expect(await run.cancel()).toBe(true);
  await reaches(run, "cancelled");
  expect(marks).toEqual(["finally 2"]);
  expect((await types(run)).at(-1)).toBe("workflow.continued_as_new");
  expect(await record(run)).toMatchObject({ status: "continued_as_new" });
  expect(await run.cancel()).toBe(false);
});

test("a run that is being cancelled can't continue, whether it asks inside a shield or outside", async () => {
  const errors: unknown[] = [];
  const tries = workflow("parity.tries", async () => {
    await sleep("30d").catch(() => {});
    errors.push(await errorOf(continueAsNew(1)));
    await shield(() => continueAsNew(1));
  });
  const { engine, record, store } = await openParity({ workflows: [tries] });
  const run = await engine.start(tries, undefined);
  await reaches(run, "suspended");
  await run.cancel();
  await reaches(run, "cancelled");
  expect(errors).toMatchObject([{ code: "CANCELLED" }]);
  expect((await record(run)).continuedTo).toBeUndefined();
  expect(await store.listRuns({ limit: 9 })).toHaveLength(1);
});

test("an input that the workflow would refuse is refused at the call, and the run goes on", async () => {
  const strict = workflow({ name: "parity.strict", input: z.object({ n: z.number() }) }, async () => errorOf(continueAsNew({ n: "many" })).then((error) => (error as { code: string }).code));
  const engine = await openTestEngine({ workflows: [strict] });
  expect(await (await engine.start(strict, { n: 1 })).result()).toBe("INVALID_INPUT");
  await engine.close();
});
