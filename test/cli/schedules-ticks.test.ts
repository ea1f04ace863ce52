import { afterAll, describe, expect, test } from "vitest";
import { parseRunId, type RunId } from "../../src/core/ids.js";
import { hasTerminals, keys, onTerminal } from "../support/pty.js";
import { SchedulesProject } from "../support/schedules-project.js";

// What a hand asks of schedules: ticks, runs and the ledger. Nobody executes the runs but where a test says so.

const project = new SchedulesProject();
const { path: cwd } = project;
const run = project.schedules.bind(project);
afterAll(() => project.remove());

interface Triggered {
  readonly decision: string;
  readonly run_id: string | null;
}

function runIdOf(text: string | null): RunId {
  const runId = parseRunId(text ?? "");
  if (runId === undefined) throw new Error(`${text} is no run id`);
  return runId;
}

describe("schedules trigger", () => {
  test("starts a run; where one has not ended the policy decides, and nothing started ends with 5", async () => {
    const id = await project.created("trigger");
    const fired = await run("trigger", id, "-o", "json");
    const first = JSON.parse(fired.stdout) as Triggered;
    expect([fired.code, first]).toEqual([0, { schedule_id: id, workflow_name: "free", triggered: true, decision: "fired", reason: "triggered by hand", run_id: first.run_id }]);
    expect(fired.stderr).toContain("No live worker executes free");
    expect(await project.run(runIdOf(first.run_id))).toMatchObject({ status: "pending", schedule: { scheduleId: id, kind: "trigger" } });

    const skipped = await run("trigger", id, "-o", "json");
    expect([skipped.code, JSON.parse(skipped.stdout)]).toMatchObject([5, { triggered: false, decision: "skipped", reason: expect.stringContaining(String(first.run_id)) as string, run_id: null }]);
    expect(JSON.parse(skipped.stderr)).toMatchObject({ error: { code: "TICK_SKIPPED" } });

    const beside = await run("trigger", id, "--overlap", "allow_all");
    expect([beside.code, beside.stdout]).toEqual([0, expect.stringMatching(/^trigger\tfired\trun_\w+\ttriggered by hand\n$/)]);
    const buffered = await run("trigger", id, "--overlap", "buffer_all", "-o", "plain");
    expect([buffered.code, buffered.stdout]).toEqual([0, ""]);
    expect(await project.schedule(id)).toMatchObject({ totalRuns: 2, skippedRuns: 1, bufferedCount: 1, nextDueAt: Date.UTC(2199, 0, 1) });
  });

  test("works on a paused one, and says that what is buffered there waits", async () => {
    const id = await project.paused("asleep", { at: "2199-01-01", overlapPolicy: "buffer_one" });
    expect(await project.json("trigger", id)).toMatchObject({ triggered: true, decision: "fired" });
    const buffered = await run("trigger", id, "-o", "json");
    expect([buffered.code, JSON.parse(buffered.stdout), buffered.stderr]).toMatchObject([0, { decision: "buffered" }, expect.stringContaining("asleep is paused")]);
  });

  test("a worker executes the run, with the input of the schedule", async () => {
    await project.json("create", "report", "--at", "2199-01-01", "--arg", "region=south", "--schedule-id", "executed");
    const worker = await project.runWorkers("--processes", "1", "--workflow", "report").ready();
    const triggered = await run("trigger", "executed", "-o", "json");
    expect(triggered.stderr).toBe("");
    const ended = await project.ended(runIdOf((JSON.parse(triggered.stdout) as Triggered).run_id));
    expect(ended.status).toBe("completed");
    expect(await project.json("show", "executed")).toMatchObject({ total_runs: 1, successful_runs: 1, last_run_id: ended.runId });
    expect((await project.call("runs", "list", "--schedule", "executed", "-o", "plain")).stdout).toBe(`${ended.runId}\n`);
    await worker.end();
  });
});

interface Backfilled {
  readonly runs_created: number;
  readonly run_ids: readonly string[];
}

const day = ["--start", "2026-03-01", "--end", "2026-03-02"];
const hourly = { cron: "0 * * * *", timezone: "Asia/Tokyo" };
const hour = (n: number): number => Date.UTC(2026, 1, 28, 15 + n);

describe("schedules backfill", () => {
  test("a day in the schedule's zone: every hour has its run, in order, with its time", async () => {
    const id = await project.created("all", { ...hourly, overlapPolicy: "allow_all" });
    const all = await project.json<Backfilled>("backfill", id, ...day);
    expect(all).toEqual({
      schedule_id: id,
      start_time: "2026-02-28T15:00:00.000Z",
      end_time: "2026-03-01T15:00:00.000Z",
      due_times: expect.objectContaining({ length: 24, 0: { due: "2026-02-28T15:00:00.000Z", local: "2026-03-01T00:00:00+09:00" } }) as unknown,
      runs_created: 24,
      run_ids: all.run_ids,
      buffered_runs: 0,
      skipped_runs: 0,
      passed_over_runs: 0,
      dry_run: false,
    });
    const runs = await project.withStore((store) => Promise.all(all.run_ids.map((runId) => store.getRun(runIdOf(runId)))));
    expect(runs.map((each) => each?.scheduledTime)).toEqual(Array.from({ length: 24 }, (_, n) => hour(n)));
    expect(new Set(runs.map((each) => each?.schedule?.kind))).toEqual(new Set(["backfill"]));

    const again = await run("backfill", id, "--start", "2026-03-01", "--end", "2026-03-02T02:00", "-o", "plain");
    expect(again.stdout.trim().split("\n")).toHaveLength(2);
    const over = await run("backfill", id, ...day, "-o", "json");
    expect([over.code, JSON.parse(over.stdout), over.stderr]).toMatchObject([0, { runs_created: 0, run_ids: [], passed_over_runs: 24 }, expect.stringContaining("has a run already")]);
  });

  test.each([
    ["skip", { runs_created: 1, skipped_runs: 23, buffered_runs: 0 }],
    ["buffer_one", { runs_created: 1, skipped_runs: 22, buffered_runs: 1 }],
    ["buffer_all", { runs_created: 1, skipped_runs: 0, buffered_runs: 23 }],
    ["cancel_other", { runs_created: 24, skipped_runs: 0, buffered_runs: 0 }],
  ])("under %s, which --overlap names for this once", async (policy, expected) => {
    const id = await project.created(`under-${policy}`, { ...hourly, overlapPolicy: "allow_all" });
    expect(await project.json("backfill", id, ...day, "--overlap", policy)).toMatchObject(expected);
  });

  test("the card counts; a paused one is told that what is buffered waits", async () => {
    const id = await project.paused("card", { ...hourly, overlapPolicy: "buffer_all" });
    const { code, stdout, stderr } = await run("backfill", id, "--start", "2026-03-01T00:00Z", "--end", "2026-03-01T03:00Z");
    expect([code, stdout.split("\n")]).toEqual([0, ["Schedule ID: card", "Start: 2026-03-01 00:00:00", "End: 2026-03-01 03:00:00", "Runs Created: 1", "Buffered: 2", "Skipped: 0", "Passed Over: 0", ""]]);
    expect(stderr).toContain("card is paused: what is buffered starts when it is resumed");
  });

  test("--dry-run lists what would be decided, and changes nothing", async () => {
    const id = await project.created("dry", { ...hourly, overlapPolicy: "allow_all" });
    await project.json("backfill", id, "--start", "2026-03-01T01:00", "--end", "2026-03-01T02:00");
    const dry = await run("backfill", id, "--start", "2026-03-01", "--end", "2026-03-01T03:00", "--dry-run", "-o", "json");
    expect(JSON.parse(dry.stdout)).toEqual({
      schedule_id: id,
      start_time: "2026-02-28T15:00:00.000Z",
      end_time: "2026-02-28T18:00:00.000Z",
      due_times: [
        { due: "2026-02-28T15:00:00.000Z", local: "2026-03-01T00:00:00+09:00" },
        { due: "2026-02-28T17:00:00.000Z", local: "2026-03-01T02:00:00+09:00" },
      ],
      runs_created: null,
      run_ids: [],
      buffered_runs: null,
      skipped_runs: null,
      passed_over_runs: 1,
      dry_run: true,
    });
    expect(dry.stderr).toContain("1 more would be passed over");
    expect(await project.schedule(id)).toMatchObject({ totalRuns: 1 });
  });

  test("more than a hundred need a yes; nothing in between is said", async () => {
    const id = await project.created("many", { cron: "* * * * *" });
    const span = ["backfill", id, "--start", "2026-03-01", "--end", "2026-03-01T01:41"];
    const refused = await run(...span);
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([2, "", expect.stringContaining("--yes starts what 101 due times demand")]);
    expect(await project.schedule(id)).toMatchObject({ totalRuns: 0 });
    expect(await project.json(...span, "--yes")).toMatchObject({ runs_created: 1, skipped_runs: 100 });
    const none = await run("backfill", id, "--start", "2026-03-01T00:00:01", "--end", "2026-03-01T00:00:59", "-o", "plain");
    expect([none.code, none.stdout, none.stderr]).toEqual([0, "", expect.stringContaining("No due time lies between")]);
  });

  test.skipIf(!hasTerminals)("on a terminal it asks before them", async () => {
    const id = await project.created("asked", { cron: "* * * * *" });
    const words = ["schedules", "backfill", id, "--start", "2026-03-01", "--end", "2026-03-01T02:00"];
    const refused = onTerminal(words, { cwd });
    await refused.sees("Decide 120 due times of asked now?");
    refused.type(keys.enter);
    expect(await refused.ended).toBe(0);
    expect(refused.shown()).toMatch(/Decide 120 due times .* No\s+Nothing was changed\.\s*$/);
    expect(await project.schedule(id)).toMatchObject({ totalRuns: 0 });
    const agreed = onTerminal(words, { cwd });
    await agreed.sees("now?");
    agreed.type(`y${keys.enter}`);
    expect(await agreed.ended).toBe(0);
    expect(await project.schedule(id)).toMatchObject({ totalRuns: 1, skippedRuns: 119 });
  });

  test.each([
    [["--start", "2026-03-02", "--end", "2026-03-01"], "--end: "],
    [["--start", "soon", "--end", "2026-03-01"], "--start: soon is no time"],
    [["--start", "2026-03-01"], "--end is missing"],
    [["--start", "2000-01-01", "--end", "2026-01-01"], "more than 10000 due times"],
  ])("%j ends with 2", async (flags, says) => {
    const id = await project.created(`wrong-${flags.join("").replaceAll(/[^\w-]/g, "")}`, hourly);
    const { code, stdout, stderr } = await run("backfill", id, ...flags);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(says)]);
  });
});

describe("schedules ticks", () => {
  test("the ledger, newest due time first, in each form", async () => {
    const id = await project.created("ledger", hourly);
    const { run_ids } = await project.json<Backfilled>("backfill", id, "--start", "2026-03-01", "--end", "2026-03-01T02:00");
    const [runId] = run_ids;
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/) as string;
    const [second, first] = await project.json<{ reason: string }[]>("ticks", id);
    expect(first).toEqual({ due: "2026-02-28T15:00:00.000Z", decided_at: time, decision: "fired", reason: "asked for by a backfill", kind: "backfill", run_id: runId });
    expect(second).toEqual({ due: "2026-02-28T16:00:00.000Z", decided_at: time, decision: "skipped", reason: `${runId} has not ended (overlap: skip)`, kind: "backfill", run_id: null });
    const [table, plain] = await Promise.all([run("ticks", id), run("ticks", id, "-o", "plain")]);
    expect(table.stdout.split("\n").map((line) => line.split("\t").toSpliced(1, 1))).toEqual([
      ["2026-02-28 16:00:00", "skipped", "backfill", "-", `${runId} has not ended (overlap: skip)`],
      ["2026-02-28 15:00:00", "fired", "backfill", runId, "asked for by a backfill"],
      [""],
    ]);
    expect(plain.stdout).toBe(`2026-02-28T16:00:00.000Z skipped -\n2026-02-28T15:00:00.000Z fired ${runId}\n`);
  });

  test("filters, a cut that is said, an empty ledger, an unknown schedule", async () => {
    const id = await project.created("filtered", hourly);
    await project.json("backfill", id, "--start", "2026-03-01", "--end", "2026-03-01T03:00");
    expect(await run("ticks", id, "--decision", "fired", "-o", "plain")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^2026-02-28T15:00:00.000Z fired run_\w+\n$/) as string, stderr: "" });
    expect(await run("ticks", id, "--kind", "trigger", "-o", "json")).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
    const cut = await run("ticks", id, "--limit", "2", "-o", "plain");
    expect([cut.stdout.trimEnd().split("\n").length, cut.stderr]).toEqual([2, expect.stringContaining("The 2 newest are shown")]);
    expect((await run("ticks", "nowhere")).code).toBe(4);
    expect((await run("ticks", id, "--decision", "fird")).stderr).toContain("did you mean fired?");
  });
});
