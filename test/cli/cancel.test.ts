import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillStore } from "../support/filled-store.js";
import { pyworkflow, type Ended } from "../support/cli.js";
import { TestProject } from "../support/project.js";
import { hasTerminals, keys, onTerminal } from "../support/pty.js";

const workflows = `import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { shield, sleep, step, workflow } from "pyworkflow";

const undo = step("undo", async () => "undone");
const hold = step("hold", async () => {
  while (!existsSync("go")) await pause(10);
});

export const tidy = workflow("tidy", async () => {
  try {
    await sleep("30d");
  } finally {
    await shield(() => undo());
  }
});
export const held = workflow("held", async () => hold());
`;

const project = new TestProject({ shutdown_timeout: "1s" });
const cwd = project.path;
const run = (...args: string[]): Promise<Ended> => pyworkflow(args, { cwd });

beforeAll(() => project.touch("workflows/index.ts", workflows));
afterAll(() => project.remove());

describe("runs cancel, by ids", () => {
  test("ends what never began; a second time ends with 5", async () => {
    const runId = await project.startRun("tidy");
    const { code, stdout } = await run("runs", "cancel", "@last", "-o", "json");
    expect([code, JSON.parse(stdout)]).toEqual([0, { run_id: runId, cancelled: true, status: "cancelled", stays_parked: false, dry_run: false }]);

    const again = await run("runs", "cancel", runId, "-o", "json");
    expect([again.code, JSON.parse(again.stdout)]).toEqual([5, { run_id: runId, cancelled: false, status: "cancelled", stays_parked: false, dry_run: false }]);
    expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: "RUN_ENDED" } });
  });

  test("several are a list; a mistyped one changes nothing", async () => {
    const [first, second] = [await project.startRun("tidy"), await project.startRun("tidy")];
    const mistyped = await run("runs", "cancel", first, "run_zzz");
    expect([mistyped.code, mistyped.stdout, (await project.run(first)).status]).toEqual([4, "", "pending"]);

    const both = await run("runs", "cancel", first, second, first, "-o", "json");
    expect(JSON.parse(both.stdout)).toMatchObject([{ run_id: first, status: "cancelled" }, { run_id: second, status: "cancelled" }]);
  });

  test("with --wait the code cleans up first; without a worker the time is over, and the request stands", async () => {
    const runId = await project.startRun("tidy");
    const worker = await project.runWorkers("--processes", "1").ready();
    await project.runOnce(runId, ({ status }) => status === "suspended");
    worker.signal("SIGTERM");
    await worker.exited;

    const late = await run("runs", "cancel", runId, "--reason", "wrong customer", "--wait", "--timeout", "0.1", "-o", "json");
    expect([late.code, JSON.parse(late.stdout)]).toEqual([6, { run_id: runId, cancelled: true, status: "suspended", stays_parked: false, dry_run: false }]);
    expect(late.stderr).toContain("No live worker executes tidy");
    expect((await run("runs", "wait", runId, "--timeout", "0.1")).stderr).toContain("No live worker executes tidy");

    await project.runWorkers("--processes", "1").ready();
    const waited = await run("runs", "wait", runId);
    expect(waited.code).toBe(3);
    const log = await run("runs", "logs", runId, "-o", "json");
    const events = JSON.parse(log.stdout) as { type: string; data: object }[];
    expect(events.find(({ type }) => type === "cancellation.requested")?.data).toEqual({ reason: "wrong customer", requested_by: "pyworkflow runs cancel" });
    expect(events.map(({ type }) => type)).toContain("step.completed");
    expect(events.at(-1)).toMatchObject({ type: "workflow.cancelled", data: { cleanup_completed: true } });
  });

  test("--force ends a run that a worker is executing", async () => {
    await project.runWorkers("--processes", "1").ready();
    const runId = await project.startRun("held");
    await project.runOnce(runId, ({ status }) => status === "running");

    const { code, stdout } = await run("runs", "cancel", runId, "--force");
    expect([code, stdout]).toEqual([0, `${runId}\tcancelled\thas ended\n`]);
    project.touch("go");
    const [, ...rest] = await project.eventTypes(runId);
    expect(rest.at(-1)).toBe("workflow.cancelled");
  });

  test("a parked run stays parked, and it is said; whoever waits for its end gets 7", async () => {
    const { parked } = await project.withStore(fillStore);
    const { code, stdout, stderr } = await run("runs", "cancel", parked, "--wait", "-o", "json");
    expect([code, JSON.parse(stdout)]).toEqual([7, { run_id: parked, cancelled: true, status: "interrupted", stays_parked: true, dry_run: false }]);
    expect(stderr).toMatch(/runs retry.*--force ends it now/);
    expect(stderr).toContain("NON_DETERMINISTIC");
    expect((await run("runs", "cancel", parked)).code).toBe(0);
  });

  test.each([
    [["@last", "--workflow", "tidy"], "by ids and by filters"],
    [[], "IDS is missing"],
    [["--workflow", "tidy"], "there is no terminal to ask at\n  --yes"],
    [["--status", "completed", "--yes"], "completed is none of pending, running, suspended, interrupted"],
    [["@last", "--timeout", "1s"], "--wait"],
  ])("%j is refused", async (args, says) => {
    const { code, stdout, stderr } = await run("runs", "cancel", ...args);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(says)]);
  });
});

describe("runs cancel, by filters", () => {
  test.each(["--query", "--workflow"])("an empty %s, of a variable that is not set say, is refused: it would fit every run", async (flag) => {
    const { code, stderr } = await run("runs", "cancel", flag, "", "--yes");
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${flag}: it is empty`)]);
  });

  test("--dry-run shows, --yes cancels, and nothing left is an empty list", async () => {
    const ids = await project.startRuns("bulk", [1, 2, 3]);
    const call = ["runs", "cancel", "--workflow", "bulk", "--status", "pending", "-o", "json"];

    const dry = await run(...call, "--dry-run");
    expect(JSON.parse(dry.stdout)).toEqual(ids.toReversed().map((run_id) => ({ run_id, cancelled: true, status: "pending", stays_parked: false, dry_run: true })));
    expect((await project.run(ids[0] ?? (await project.startRun("bulk")))).status).toBe("pending");

    const done = await run(...call, "--yes");
    expect([done.code, (JSON.parse(done.stdout) as { status: string }[]).map(({ status }) => status)]).toEqual([0, ["cancelled", "cancelled", "cancelled"]]);
    const none = await run(...call, "--yes");
    expect([none.code, none.stdout]).toEqual([0, "[]\n"]);
    expect(none.stderr).not.toContain("did you mean");
    const mistyped = await run("runs", "cancel", "--workflow", "bulc", "--yes", "-o", "json");
    expect(mistyped).toMatchObject({ code: 0, stdout: "[]\n", stderr: expect.stringContaining("did you mean bulk?") });
  });

  test.skipIf(!hasTerminals)("on a terminal they are counted, and asked about", async () => {
    const [runId = ""] = await project.startRuns("asked", [1, 2]);
    const refused = onTerminal(["runs", "cancel", "--workflow", "asked"], { cwd });
    await refused.sees("Cancel 2 runs (2 pending)?");
    refused.type(keys.enter);
    expect(await refused.ended).toBe(0);
    expect(refused.shown()).toMatch(/Cancel 2 runs .* No\s+Nothing was changed\.\s*$/);
    expect((await run("runs", "status", runId, "-o", "json")).stdout).toContain('"status": "pending"');

    const agreed = onTerminal(["runs", "cancel", "-q", "asked"], { cwd });
    await agreed.sees("Cancel 2 runs (2 pending)?");
    agreed.type(`y${keys.enter}`);
    expect(await agreed.ended).toBe(0);
    expect((await run("runs", "list", "--workflow", "asked", "--status", "cancelled", "-o", "plain")).stdout.trim().split("\n")).toHaveLength(2);
  });
});
