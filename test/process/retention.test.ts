import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import type { RunId } from "../../src/core/ids.js";
import { claimed, enter, request, run } from "../storage/contract/support.js";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

// `retention:` of the configuration, kept by a worker while it works.

const dayMs = 86_400_000;
const completed = { type: "workflow.completed", value: encode(1) };
const failed = { type: "workflow.failed", value: encode(new Error("no")) };
const cancelled = { type: "workflow.cancelled", cleanupCompleted: true };

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
  appendFileSync(join(project.path, "pyworkflow.config.yaml"), "retention: { completed: 30d, failed: 90d }\n");
});
afterEach(() => project.remove());

/** Runs that ended so many days ago, each in its way. */
function enterEnded(ends: readonly (readonly [number, object])[]): Promise<readonly RunId[]> {
  return project.withStore(async (store) => {
    const ids: RunId[] = [];
    for (const [days, end] of ends) {
      const at = systemClock.now() - days * dayMs;
      const workerId = await enter(store);
      const { runId } = await store.createRun(run({ createdAt: at }));
      await claimed(store, request(workerId, { runId, now: at }));
      await store.commit([{ runId, fence: 1, seen: 1, events: [{ ...end, at } as WorkflowEvent] }]);
      await store.loseWorker({ workerId, now: at, error: "stopped", charge: "none" });
      ids.push(runId);
    }
    return ids;
  });
}

test("a worker deletes what ended long ago, keeps the rest, and goes on with its runs; the settings are named with their source", async () => {
  const [old, young, oldFailure, youngFailure, oldCancelled] = await enterEnded([[40, completed], [20, completed], [100, failed], [40, failed], [400, cancelled]]);
  const worker = project.runWorkers("-n", "1");
  await until("the word of retention", () => worker.stderr.includes("retention: 2 runs and 0 ticks pruned") || undefined, { tell: () => worker.stderr });
  const ids = await project.withStore(async (store) => (await store.listRuns({ limit: 100 })).map(({ runId }) => runId));
  expect(new Set(ids)).toEqual(new Set([young, youngFailure, oldCancelled]));
  expect([ids.includes(old as RunId), ids.includes(oldFailure as RunId)]).toEqual([false, false]);

  const command = (...args: readonly string[]) => pyworkflow(args, { cwd: project.path });
  const [config, check, gone] = await Promise.all([command("config", "show"), command("storage", "check"), command("runs", "status", String(old))]);
  expect(config.stdout).toMatch(/retention\.completed\t30d\t.*pyworkflow\.config\.yaml/);
  expect([check.code, gone.code]).toEqual([0, 4]);
});
