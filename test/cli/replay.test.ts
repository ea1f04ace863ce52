import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunId } from "../../src/core/ids.js";
import { pyworkflow, type Ended } from "../support/cli.js";
import { TestProject } from "../support/project.js";

const module = `
import { appendFileSync } from "node:fs";
import { sleep, step, workflow } from "pyworkflow";

const act = step("act", (what: string) => {
  appendFileSync("effects.txt", what + " " + process.pid + "\\n");
  return what;
});

export const sleepy = workflow("sleepy", async () => {
  console.log("a body that prints");
  await act("before");
  await sleep("30d");
  return act("after");
});
export const quick = workflow("quick", async (n: number) => act("quick " + n));
export const passing = workflow({ name: "passing", durable: false }, async () => act("passing"));
`;

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
  project.touch("workflows/index.ts", module);
});
afterEach(() => project.remove());

const cli = (...args: readonly string[]): Promise<Ended> => pyworkflow(args, { cwd: project.path });

/** The project with a run that sleeps, and what its store then has. */
async function withSleeper(): Promise<{ readonly runId: RunId; readonly stored: () => Promise<unknown> }> {
  const runId = await project.startRun("sleepy");
  expect(await cli("worker", "run", "-n", "1", "--drain")).toMatchObject({ code: 0 });
  expect((await project.run(runId)).status).toBe("suspended");
  return { runId, stored: async () => [await project.run(runId), await project.history(runId), project.effects()] };
}

function edit(from: string, to: string): void {
  const text = readFileSync(join(project.path, "workflows/index.ts"), "utf8");
  expect(text).toContain(from);
  project.touch("workflows/index.ts", text.replace(from, to));
}

test("a renamed step of a run in flight is found before it is deployed; put back, the run fits", async () => {
  const { runId, stored } = await withSleeper();
  const before = await stored();
  edit('step("act"', 'step("do"');
  const renamed = await cli("runs", "replay", "--all", "-o", "json");
  expect(renamed.code).toBe(7);
  expect(JSON.parse(renamed.stdout)).toEqual([
    {
      run_id: runId,
      workflow_name: "sleepy",
      fits: false,
      operation_id: "step_act_1",
      reason: "the history has step_act_1 (event 3), but the code did not ask for it: it asked for step_do_1 instead",
      at: expect.stringMatching(/workflows\/index\.ts:12:9$/),
    },
  ]);
  expect(JSON.parse(renamed.stderr.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ error: { code: "NON_DETERMINISTIC", message: expect.stringContaining("step_act_1") } });
  expect(await cli("runs", "replay", runId, "-o", "plain", "--quiet")).toMatchObject({ code: 7, stdout: `${runId}\n` });

  edit('step("do"', 'step("act"');
  expect(await cli("runs", "replay", "@last")).toMatchObject({ code: 0, stdout: `${runId}\tsleepy\tyes\t-\t-\t-\n` });
  expect(await cli("runs", "replay", "--all", "-o", "plain")).toMatchObject({ code: 0, stdout: "" });
  expect(await stored()).toEqual(before);
});

test("a run whose workflow is not in the modules does not fit", async () => {
  const { runId } = await withSleeper();
  edit('workflow("sleepy"', 'workflow("sleepy2"');
  const { code, stdout } = await cli("runs", "replay", runId, "-o", "json");
  expect({ code, rows: JSON.parse(stdout) as unknown }).toEqual({
    code: 7,
    rows: [{ run_id: runId, workflow_name: "sleepy", fits: false, reason: "the modules have no workflow called sleepy, but one called sleepy2" }],
  });
});

test("--status and --workflow choose; transient runs are passed over, and that is said", async () => {
  const { runId } = await withSleeper();
  const done = await project.startRun("quick", 1);
  const transient = await project.startRun("passing", undefined, { durable: false });
  expect(await cli("worker", "run", "-n", "1", "--drain")).toMatchObject({ code: 0 });
  const pending = await project.startRun("quick", 2);
  const rows = async (...args: string[]) => (JSON.parse((await cli("runs", "replay", ...args, "-o", "json")).stdout) as { run_id: string }[]).map(({ run_id }) => run_id);
  expect(await rows("--all")).toEqual([pending, runId]);
  expect(await rows("--all", "--workflow", "sleepy")).toEqual([runId]);
  expect(await rows("--all", "--status", "completed")).toEqual([done]);
  expect(await cli("runs", "replay", transient, "-o", "json")).toMatchObject({ code: 0, stdout: "[]\n", stderr: expect.stringContaining("1 transient run was passed over") });
  // It has ended, and the code would do more.
  edit('act("quick " + n)', 'Promise.all([act("quick " + n), act("more")])');
  const ended = await cli("runs", "replay", "--all", "--status", "completed", "--status", "suspended", "-o", "json");
  expect({ code: ended.code, rows: JSON.parse(ended.stdout) as unknown }).toMatchObject({
    code: 7,
    rows: [{ run_id: done, fits: false, operation_id: "step_act_2" }, { run_id: runId, fits: true }],
  });
});

test("a body that waits outside its log is named, and does not hold up the command", async () => {
  const { runId } = await withSleeper();
  edit('  return act("after");', "  return act(\"after\");\n});\nexport const stuck = workflow(\"stuck\", async () => {\n  await new Promise((resolve) => setTimeout(resolve, 3_600_000));");
  const stuck = await project.startRun("stuck");
  expect(await cli("worker", "run", "-n", "1", "--drain")).toMatchObject({ code: 0 });
  expect(await project.run(stuck)).toMatchObject({ parked: { code: "NON_DURABLE_AWAIT" } });
  const { code, stdout, stderr } = await cli("runs", "replay", "--all");
  expect(code).toBe(7);
  expect(stdout.trimEnd().split("\n").map((line) => line.split("\t").slice(0, 3))).toEqual([[stuck, "stuck", "no"], [runId, "sleepy", "yes"]]);
  expect(stderr).toContain("put what the body waits for");
});

test("words that name no runs are refused", async () => {
  expect(await cli("runs", "replay")).toMatchObject({ code: 2, stderr: expect.stringContaining("--all") });
  expect(await cli("runs", "replay", "@last", "--all")).toMatchObject({ code: 2 });
  expect(await cli("runs", "replay", "@last", "--status", "failed")).toMatchObject({ code: 2 });
  expect(await cli("runs", "replay", "run_01jz")).toMatchObject({ code: 4, stdout: "" });
  expect(await cli("runs", "replay", "--all", "-o", "json")).toMatchObject({ code: 0, stdout: "[]\n" });
});
