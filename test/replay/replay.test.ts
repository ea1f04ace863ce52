import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import type { StoredHistory } from "../../src/engine/replay-run.js";
import { replayHistory } from "../../src/testing/index.js";

// Histories that earlier versions wrote. Whatever changes in the engine or in an example, the runs that they are of must be able to go on.

interface Golden extends StoredHistory {
  /** The module whose code has to fit it. */
  readonly against: string;
}

const folder = "test/replay";
const goldens = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, golden: JSON.parse(readFileSync(join(folder, name), "utf8")) as Golden }));

test.each(goldens)("the code fits $name", async ({ golden }) => {
  await expect(replayHistory(await workflowOf(golden), golden)).resolves.toBeUndefined();
});

test("each durable example has a history; npm run histories records those that are missing", () => {
  const files = readdirSync("examples", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts") && !name.includes("transient"));
  const deployed = files.filter((name) => !(name.endsWith("before.ts") && existsSync(join("examples", name.replace("before.ts", "after.ts")))));
  expect([...new Set(goldens.map(({ golden }) => golden.against))].toSorted()).toEqual(deployed.map((name) => `examples/${name}`).toSorted());
});

test("a history tells nothing of the machine that wrote it", () => {
  const telling = goldens.filter(({ golden }) => /(?:file:\/\/|[(\s"])\/[a-z]/i.test(JSON.stringify(golden)));
  expect(telling.map(({ name }) => name)).toEqual([]);
});

async function workflowOf({ against, run }: Golden): Promise<WorkflowDefinition> {
  const exported = Object.values((await import(resolve(against))) as Record<string, WorkflowDefinition>);
  const definition = exported.find(({ kind, name }) => kind === "workflow" && name === run.workflowName);
  if (definition === undefined) throw new Error(`${against} exports no workflow called ${run.workflowName}`);
  return definition;
}
