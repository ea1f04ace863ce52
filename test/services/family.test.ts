import { beforeEach, expect, test } from "vitest";
import type { Config } from "../../src/config/config.js";
import { RunNotEndedError } from "../../src/core/errors.js";
import type { RunId } from "../../src/core/ids.js";
import { continueAsNew, hook, runChild, startChild, step, workflow } from "../../src/index.js";
import { processLocksOf } from "../../src/main/process-lock.js";
import { childRow, listChildren } from "../../src/services/list-children.js";
import type { Project } from "../../src/services/project.js";
import { readResult } from "../../src/services/read-result.js";
import { runHandle } from "../../src/services/run-handle.js";
import { chainRows, showChain } from "../../src/services/show-chain.js";
import { showLog } from "../../src/services/show-log.js";
import { showRun } from "../../src/services/show-run.js";
import { waitRun, type RunNews } from "../../src/services/wait-run.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startRun } from "../support/in-memory.js";
import { ManualClock } from "../support/manual-clock.js";

const label = step("family.label", async (text: string) => text);
const leaf = workflow("family.leaf", async () => hook("grown"));
const branch = workflow("family.branch", async () => runChild(leaf, undefined));
const tree = workflow("family.tree", async () => {
  const beside = await startChild(leaf, { size: 1 });
  return [await runChild(branch, undefined), beside.runId];
});
const counting = workflow("family.counting", async (n: number): Promise<unknown> => {
  await label(`at ${n}`);
  return n < 3 ? continueAsNew(n + 1) : n;
});
const workflows = [leaf, branch, tree, counting];

let backend: Backend;
let project: Project;

beforeEach(() => {
  backend = createMemoryBackend();
  project = { backend, clock: new ManualClock(), config: {} as Config, locks: processLocksOf({ backend: "memory" }), close: () => backend.close() };
});

/** Executes until nothing is due any more. */
async function executeAll(): Promise<void> {
  while ((await executeDue(backend, workflows)).length > 0);
}

const idsOf = (runs: readonly { readonly runId: RunId }[]): readonly RunId[] => runs.map(({ runId }) => runId);

async function onlyRunOf(workflowName: string, parentId: RunId): Promise<RunId> {
  const [run] = await backend.listRuns({ workflowName, parentId, limit: 2 });
  if (run === undefined) throw new Error(`${parentId} has no child ${workflowName}`);
  return run.runId;
}

test("the children of a run, its tree, and those of one status", async () => {
  const root = await startRun(backend, tree);
  await executeAll();
  const middle = await onlyRunOf(branch.name, root);
  const [beside, below] = [await onlyRunOf(leaf.name, root), await onlyRunOf(leaf.name, middle)];

  expect(new Set(idsOf(await listChildren(project, { id: root })))).toEqual(new Set([middle, beside]));
  const all = await listChildren(project, { id: root, tree: true });
  expect(new Set(idsOf(all))).toEqual(new Set([middle, below, beside]));
  expect(idsOf(all).indexOf(below)).toBe(idsOf(all).indexOf(middle) + 1);
  expect(all.map(childRow).find(({ run_id }) => run_id === below)).toMatchObject({ parent_run_id: middle, nesting_depth: 2, workflow_name: leaf.name });
  expect(await listChildren(project, { id: root, tree: true, statuses: ["completed"] })).toEqual([]);
  expect(await listChildren(project, { id: beside })).toEqual([]);
});

test("a run shows its family, and what it waits for", async () => {
  const root = await startRun(backend, tree);
  await executeAll();
  const middle = await onlyRunOf(branch.name, root);
  const below = await onlyRunOf(leaf.name, middle);

  expect((await showRun(project, { id: root })).waitsFor).toEqual([`child ${middle} (family.branch)`]);
  const { card, waitsFor } = await showRun(project, { id: below });
  expect([card.parent_run_id, card.nesting_depth, waitsFor]).toEqual([middle, 2, [`hook ${below}:hook_grown_1`]]);
});

test("the log of a parent names its children, and how they were asked for", async () => {
  const root = await startRun(backend, tree);
  await executeAll();
  const beside = await onlyRunOf(leaf.name, root);

  const started = await showLog(project, { id: root, types: ["child_workflow.started"] });

  expect(started[0]?.data).toEqual({
    child_id: "child_family.leaf_1",
    child_run_id: beside,
    child_workflow_name: "family.leaf",
    input: { size: 1 },
    wait_for_completion: false,
    parent_close: "abandon",
  });
});

test("a chain is found from any of its runs, oldest first, and its result is that of the last", async () => {
  const first = await startRun(backend, counting, { input: 1 });
  await executeAll();
  const chain = await showChain(project, { id: first });
  const [, second = first, third = first] = idsOf(chain);

  expect(chainRows(chain)).toMatchObject([
    { run_id: first, status: "continued_as_new", continued_from_run_id: null, continued_to_run_id: second },
    { run_id: second, status: "continued_as_new", continued_from_run_id: first, continued_to_run_id: third },
    { run_id: third, status: "completed", continued_from_run_id: second, continued_to_run_id: null },
  ]);
  for (const id of [second, third]) expect(idsOf(await showChain(project, { id }))).toEqual(idsOf(chain));
  expect(await readResult(project, { id: first })).toBe(3);
  expect([await runHandle(project, first).result(), await runHandle(project, first).status()]).toEqual([3, "completed"]);
  expect((await showLog(project, { id: first, filter: "continued" }))[0]?.data).toEqual({ new_run_id: second, input: 2 });
  expect((await showRun(project, { id: second })).card).toMatchObject({ continued_from_run_id: first, continued_to_run_id: third });
});

test("who waits for a run sees the events of the whole chain, each once", async () => {
  const first = await startRun(backend, counting, { input: 2 });
  await executeDue(backend, workflows);
  await expect(readResult(project, { id: first })).rejects.toBeInstanceOf(RunNotEndedError);
  await executeAll();
  const seen: string[] = [];
  const onLook = ({ events }: RunNews): void => {
    seen.push(...events.map(({ type }) => type));
  };

  const run = await waitRun(project, { runId: first, onLook });

  expect(run.continuedFrom).toBe(first);
  const steps = ["workflow.started", "step.started", "step.completed"];
  expect(seen).toEqual([...steps, "workflow.continued_as_new", ...steps, "workflow.completed"]);
});
