import { expect, test } from "vitest";
import { sleep, workflow } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { openParity } from "./support.js";
const loose = workflow({ name: "parity.loose", durable: false }, async () => {
  await sleep("30d");
});
test("real", async () => {
  const { engine, record } = await openParity({ workflows: [loose] });
  const run = await engine.start(loose, undefined);
  await expect.poll(() => run.status()).toBe("running");
  console.log("cancel", await run.cancel());
  await expect.poll(() => run.status(), {timeout: 5000}).toBe("cancelled");
});
test("te", async () => {
  const engine = await openTestEngine({ workflows: [loose] });
  const run = await engine.start(loose, undefined);
  console.log("started", await run.status());
  console.log(await engine.cancel(run.runId));
  console.log(await run.status());
  await engine.close();
  console.log("closed");
}, 5000);
