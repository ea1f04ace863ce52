import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { continueAsNew, openEngine, step, workflow } from "../../src/index.js";
import { newFolder, pyworkflow } from "../support/cli.js";

const continuations = 1000;
const sampledFrom = 100;

interface Ballast {
  readonly n: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const bodies: WeakRef<Ballast>[] = [];
const depths: number[] = [];
const heapBytes: number[] = [];

const count = step("chain.count", async (n: number) => {
  if (n === sampledFrom || n === continuations) {
    // A reference that was looked at in this turn of the event loop stays alive until its end.
    await pause(0);
    collectGarbage();
    heapBytes.push(getHeapStatistics().used_heap_size);
  }
  return n;
});

/** Each body keeps a thing of its own: as long as that lives, so does the body. */
const counting = workflow("chain.thousand", async (n: number): Promise<number> => {
  const ballast: Ballast = { n };
  bodies.push(new WeakRef(ballast));
  depths.push(stackDepth());
  await count(n);
  return n < continuations ? continueAsNew(n + 1) : ballast.n;
});

test("a thousand continuations in a row grow neither memory nor stack, and runs chain lists them all", async () => {
  const folder = newFolder();
  const config = join(folder.path, "pyworkflow.config.yaml");
  writeFileSync(config, "storage: { backend: sqlite, path: ./store.db, durability: normal }\n");
  const engine = await openEngine({ config, workflows: [counting] });
  try {
    const run = await engine.start(counting, 0);
    expect(await run.result()).toBe(continuations);
    collectGarbage();

    expect(bodies).toHaveLength(continuations + 1);
    expect(bodies.filter((body) => body.deref() !== undefined).length).toBeLessThan(sampledFrom / 2);
    expect(new Set(depths.slice(sampledFrom))).toEqual(new Set([depths[sampledFrom]]));
    const [early = 0, late = Infinity] = heapBytes;
    expect(late - early).toBeLessThan(10 * 1_048_576);
    const { stdout } = await pyworkflow(["runs", "chain", run.runId, "-o", "plain"], { cwd: folder.path });
    expect(stdout.trimEnd().split("\n")).toHaveLength(continuations + 1);
  } finally {
    await engine.close();
    folder.remove();
  }
});

function stackDepth(): number {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const { length } = (new Error("how deep").stack ?? "").split("\n");
  Error.stackTraceLimit = usual;
  return length;
}
