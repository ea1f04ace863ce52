import { expect, test } from "vitest";
import { now, RetryableError, sleep, step, stepContext, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";

const stamp = step("testing.stamp", async (what: string) => what);
const patient = workflow("testing.patient", async () => {
  await stamp("before");
  await sleep("7d");
  return { after: await stamp("after"), at: now() };
});
const stubborn = step({ name: "testing.stubborn", maxRetries: 5, retryDelay: ["1s", "1h"] }, async () => {
  if (stepContext().attempt < 4) throw new RetryableError("not yet");
  return "at last";
});
const retries = workflow("testing.retries", async () => stubborn());

test("a week passes at once", async () => {
  const engine = await openTestEngine({ workflows: [patient] });
  const run = await engine.start(patient, undefined);
  expect(await run.status()).toBe("suspended");
  await engine.advance("6d");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1d");
  expect(await run.result()).toEqual({ after: "after", at: new Date("2025-01-08T00:00:00Z") });
  expect(engine.now()).toEqual(new Date("2025-01-08T00:00:00Z"));
  await engine.close();
});

test("retries wait in memory and suspended, each for its time", async () => {
  const engine = await openTestEngine({ workflows: [retries] });
  const run = await engine.start(retries, undefined);
  expect(await run.status()).toBe("running");
  await engine.advance("1s");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.result()).toBe("at last");
  expect((await engine.history(run.runId)).filter((event) => event.startsWith("step.started"))).toHaveLength(4);
  await engine.close();
});
