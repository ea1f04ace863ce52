import { afterAll, beforeAll, expect, test } from "vitest";
import { pyworkflow, type Ended } from "../support/cli.js";
import { TestProject } from "../support/project.js";

const workflows = `import { continueAsNew, hook, runChild, workflow } from "pyworkflow";

const leaf = workflow("leaf", async () => hook("grown"));
const branch = workflow("branch", async () => runChild(leaf, undefined));
export const tree = workflow("tree", async () => runChild(branch, undefined));
export const counting = workflow("counting", async (n: number): Promise<unknown> => (n < 3 ? continueAsNew(n + 1) : n));
`;

const project = new TestProject();
const cwd = project.path;
const run = (...args: string[]): Promise<Ended> => pyworkflow(args, { cwd });
const rowsOf = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>[];

let root: Awaited<ReturnType<TestProject["startRun"]>>;
let first: typeof root;

beforeAll(async () => {
  project.touch("workflows/index.ts", workflows);
  root = await project.startRun("tree");
  first = await project.startRun("counting", 1);
  await project.runWorkers("--processes", "1").ready();
  await project.runOnce(root, ({ status }) => status === "suspended");
});
afterAll(() => project.remove());

const listKeys = ["run_id", "workflow_name", "status", "created_at", "started_at", "completed_at", "duration", "recovery_attempts", "wake_at", "tags"];

test("runs children: rows as in the list, with their depth; --tree goes down, --status narrows", async () => {
  const [child] = rowsOf(await run("runs", "children", root, "-o", "json"));
  expect(Object.keys(child ?? {})).toEqual([...listKeys, "parent_run_id", "nesting_depth"]);
  expect(child).toMatchObject({ workflow_name: "branch", parent_run_id: root, nesting_depth: 1 });

  const [tree, completed, listed, unknown] = await Promise.all([
    run("runs", "children", root, "--tree", "-o", "json"),
    run("runs", "children", root, "--tree", "--status", "completed", "-o", "json"),
    run("runs", "list", "--parent", root, "-o", "plain"),
    run("runs", "children", "run_zzz"),
  ]);
  expect(rowsOf(tree).map(({ workflow_name, nesting_depth }) => [workflow_name, nesting_depth])).toEqual([["branch", 1], ["leaf", 2]]);
  expect(rowsOf(completed)).toEqual([]);
  expect(listed.stdout).toBe(`${String(child?.["run_id"])}\n`);
  expect(unknown.code).toBe(4);
});

test("runs status says for which child and which hook a run waits", async () => {
  const [branch, leaf] = rowsOf(await run("runs", "children", root, "--tree", "-o", "json"));
  const [parent, child] = await Promise.all([run("runs", "status", root), run("runs", "status", String(leaf?.["run_id"]))]);
  expect(parent.stdout).toContain(`Waiting for: child ${String(branch?.["run_id"])} (branch)\n`);
  expect(child.stdout).toContain(`Waiting for: hook ${String(leaf?.["run_id"])}:hook_grown_1\n`);
  expect(child.stdout).toContain(`Parent: ${String(branch?.["run_id"])} (depth 2)\n`);
});

test("runs wait waits for the last of a chain", async () => {
  const finished = await run("runs", "wait", first, "-o", "json");
  expect([finished.code, JSON.parse(finished.stdout)]).toMatchObject([0, { status: "completed", result: 3 }]);
});

test("runs chain: oldest first, from any member; its result is that of the last", async () => {
  const chain = rowsOf(await run("runs", "chain", first, "-o", "json"));
  expect(Object.keys(chain[0] ?? {})).toEqual([...listKeys, "continued_from_run_id", "continued_to_run_id", "gap_before"]);
  const ids = chain.map(({ run_id }) => String(run_id));
  expect(ids[0]).toBe(first);
  expect(chain.map((row) => [row["status"], row["continued_from_run_id"], row["continued_to_run_id"]])).toEqual([
    ["continued_as_new", null, ids[1]],
    ["continued_as_new", first, ids[2]],
    ["completed", ids[1], null],
  ]);
  const [middle, result, alone] = await Promise.all([run("runs", "chain", ids[1] ?? "", "-o", "plain"), run("runs", "result", first), run("runs", "chain", root, "-o", "plain")]);
  expect(middle.stdout).toBe(`${ids.join("\n")}\n`);
  expect(result.stdout).toBe("3\n");
  expect(alone.stdout).toBe(`${root}\n`);
});

test("a run of which others went on in its place is cancelled where it goes on", async () => {
  const { code, stdout } = await run("runs", "cancel", first, "-o", "json");
  expect([code, JSON.parse(stdout)]).toMatchObject([5, { status: "completed", cancelled: false }]);
});
