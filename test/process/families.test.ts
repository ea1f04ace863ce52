import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { decode, encode } from "../../src/base/codec.js";
import type { ParentClose } from "../../src/core/events/child.js";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import type { RunRecord } from "../../src/core/run.js";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

const many = 1000;

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

describe("a parent that ends with a thousand live children", () => {
  test("terminates them: their code does not run again", async () => {
    await project.runWorkers("-n", "1").ready();
    const parent = await endedBefore("terminate", many);

    const children = await childrenOnce(parent, ({ status }) => status === "cancelled");
    const [first] = children;
    if (first === undefined) throw new Error("no child");
    expect((await project.history(first.runId)).at(-1)).toMatchObject({ type: "workflow.cancelled", cleanupCompleted: false });
    expect(cleanedUp()).toEqual([]);
    await isSound(parent, children);
  });

  test("cancels them: each cleans up", async () => {
    await project.runWorkers("-n", "1").ready();
    const parent = await endedBefore("cancel", many);

    const children = await childrenOnce(parent, ({ status }) => status === "cancelled");
    expect(cleanedUp()).toHaveLength(many);
    expect(new Set(cleanedUp()).size).toBe(many);
    await isSound(parent, children);
  });

  test("leaves them alone: they live on, and end after it", async () => {
    await project.runWorkers("-n", "1").ready();
    const parent = await endedBefore("abandon", many);
    const left = await childrenOf(parent);
    expect(left.filter(({ status, orphaned }) => status === "suspended" && orphaned === undefined)).toHaveLength(many);

    const operationId = operationIdOf("hook_on", 1);
    const value = encode("went on");
    await project.withStore((store) => store.commit(left.map(({ runId }) => ({ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId, value }] }))));

    const children = await childrenOnce(parent, ({ status }) => status === "completed");
    const { completedAt = Infinity } = await project.run(parent);
    expect(children.every((child) => child.result === value && (child.completedAt ?? 0) > completedAt)).toBe(true);
    await isSound(parent, children);
  });
});

test.each([
  { parentClose: "terminate" as const, after: "workflow.cancelled" as const, cleans: 0 },
  { parentClose: "cancel" as const, after: "cancellation.requested" as const, cleans: 300 },
])("a worker that is killed in the middle of closing ($parentClose) leaves the rest to the next one", async ({ parentClose, after, cleans }) => {
  const died = project.diesAfter(after, { nth: 120 });
  await project.runWorkers("-n", "1").ready();
  const parent = await endedBefore(parentClose, 300);
  await died();

  const children = await childrenOnce(parent, ({ status }) => status === "cancelled");
  expect(children).toHaveLength(300);
  expect(new Set(cleanedUp()).size).toBe(cleans);
  await isSound(parent, children);
});

test("a parent that is ended by force while no process lives: its children are closed by the next one", async () => {
  const workers = await project.runWorkers("-n", "1").ready();
  const parent = await project.startRun("head", { parentClose: "cancel", children: 10 });
  await until("the children to wait", async () => ((await suspended(parent)) === 10 ? true : undefined));
  await workers.end();
  const forced = await pyworkflow(["runs", "cancel", parent, "--force"], { cwd: project.path });
  expect([forced.code, (await project.run(parent)).status]).toEqual([0, "cancelled"]);

  await project.runWorkers("-n", "1").ready();
  const children = await childrenOnce(parent, ({ status }) => status === "cancelled");
  expect(new Set(cleanedUp()).size).toBe(10);
  await isSound(parent, children);
});

test("a child that may not lose its worker: its parent, which may, hears of its end", async () => {
  await project.runWorkers("-n", "1").ready();
  const parent = await project.startRun("guarding");
  process.kill(await project.pidOf("fragile"), "SIGKILL");

  const { status, result } = await project.ended(parent);
  expect([status, result && decode(result)]).toEqual(["completed", expect.stringContaining("RecoveryDisabledError")]);
  expect(await childrenOf(parent)).toMatchObject([{ status: "failed" }]);
});

test("a hundred children at once, some of which fail and are caught", async () => {
  await project.runWorkers("-n", "2").ready();
  const runId = await project.startRun("gathering", 100);

  const { status, result } = await project.ended(runId);

  const expected = Array.from({ length: 100 }, (_, n) => (n % 10 === 3 ? `FatalError: not ${n}` : n));
  expect([status, result && decode(result)]).toEqual(["completed", expected]);
  expect(project.effects()).toHaveLength(100);
  await isSound(runId, await childrenOf(runId));
});

/** A parent that ended while as many children lived. */
async function endedBefore(parentClose: ParentClose, children: number): Promise<RunId> {
  const runId = await project.startRun("head", { parentClose, children });
  await until("the children to wait", async () => ((await suspended(runId)) === children ? true : undefined));
  project.touch("go");
  expect(await project.ended(runId)).toMatchObject({ status: "completed" });
  return runId;
}

async function suspended(parentId: RunId): Promise<number> {
  return project.withStore(async (store) => (await store.listRuns({ parentId, statuses: ["suspended"], limit: many })).length);
}

function childrenOf(parentId: RunId): Promise<readonly RunRecord[]> {
  return project.withStore((store) => store.listRuns({ parentId, limit: many + 1 }));
}

/** All children, as soon as this holds of each. */
function childrenOnce(parentId: RunId, holds: (child: RunRecord) => boolean): Promise<readonly RunRecord[]> {
  return until("the children to change", async () => {
    const children = await childrenOf(parentId);
    return children.every(holds) ? children : undefined;
  });
}

function cleanedUp(): readonly string[] {
  return project.effects().flatMap(({ what }) => (what.startsWith("member ") ? [what] : []));
}

/** No invariant is broken, and nothing is left to close. */
async function isSound(parentId: RunId, children: readonly RunRecord[]): Promise<void> {
  await project.withStore(async (store) => {
    for (const child of children) expect(findingsOf(child, await store.readHistory(child.runId, 0))).toEqual([]);
    expect(await store.closeChildren(1, systemClock.now())).toBe(0);
  });
  expect(await project.run(parentId)).not.toHaveProperty("closing", true);
}
