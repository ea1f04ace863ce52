import { afterAll, describe, expect, test } from "vitest";
import { declaredScheduleId } from "../../src/core/ids.js";
import { hasTerminals, keys, onTerminal } from "../support/pty.js";
import { SchedulesProject } from "../support/schedules-project.js";

// Making, looking at and changing schedules with the real command line; no scheduler runs.

const project = new SchedulesProject();
const { path: cwd } = project;
const run = project.schedules.bind(project);
afterAll(() => project.remove());

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/) as string;

describe("schedules create", () => {
  test("json has exactly the keys of the contract", async () => {
    const flags = ["--cron", "0 9 * * mon-fri", "--timezone", "Europe/Berlin", "--start-at", "2199-01-01T12:00", "--end-at", "2199-02-01", "--jitter", "90s", "--overlap", "buffer_one"];
    const more = ["--catchup", "all", "--catchup-window", "2h", "--description", "for the boss", "--arg", "region=7", "--schedule-id", "south"];
    const schedule = await project.json("create", "report", ...flags, ...more);
    expect(schedule).toEqual({
      schedule_id: "south",
      workflow_name: "report",
      status: "active",
      spec: {
        cron: "0 9 * * mon-fri",
        interval: null,
        calendar: null,
        at: null,
        timezone: "Europe/Berlin",
        start_at: "2199-01-01T11:00:00.000Z",
        end_at: "2199-01-31T23:00:00.000Z",
        jitter: 90,
      },
      input: { days: 1, region: "7" },
      description: "for the boss",
      overlap_policy: "buffer_one",
      catchup: "all",
      catchup_window: 7200,
      next_run_time: "2199-01-02T08:00:00.000Z",
      last_run_at: null,
      last_run_id: null,
      total_runs: 0,
      successful_runs: 0,
      failed_runs: 0,
      skipped_runs: 0,
      missed_runs: 0,
      buffered_count: 0,
      created_at: time,
      updated_at: time,
    });
    expect(await project.json("show", "south")).toEqual(schedule);
  });

  test("the card tells the next three times, and the input; without a worker it says so", async () => {
    const { code, stdout, stderr } = await run("create", "report", "--calendar", "day=1,hour=9", "--calendar", "weekday=Fri,hour=17", "--start-at", "2199-01-01", "--args-json", '{"region": "north"}');
    const lines = stdout.split("\n");
    expect(code).toBe(0);
    expect(lines).toEqual(expect.arrayContaining(["Workflow: report", "Schedule: Calendar: Day 1 at 09:00:00, Fri at 17:00:00 (UTC)", "Catch-up: latest, within 1d", 'Input: {"region":"north","days":1}']));
    expect(lines).toContain("Next Run: 2199-01-01 09:00:00, 2199-01-04 17:00:00, 2199-01-11 17:00:00");
    expect(stderr).toContain("No live worker executes report");
  });

  test("an interval, and one time alone; plain is the id", async () => {
    const interval = await project.json("create", "free", "--interval", "1h30m");
    expect(interval).toMatchObject({ schedule_id: expect.stringMatching(/^sched_/) as string, spec: { interval: 5400 }, overlap_policy: "skip", catchup: "latest", catchup_window: 86_400 });
    const once = await run("create", "free", "--at", "2199-07-01T08:00", "--timezone", "America/New_York", "--schedule-id", "once", "-o", "plain");
    expect(once.stdout).toBe("once\n");
    expect(await project.json("show", "once")).toMatchObject({ spec: { at: "2199-07-01T12:00:00.000Z" }, next_run_time: "2199-07-01T12:00:00.000Z" });
  });

  test.each([
    [[], "USAGE", "nothing says when it is due"],
    [["--cron", "* * * * *", "--interval", "1m"], "USAGE", "--cron and --interval were given together"],
    [["--cron", "61 * * * *"], "INVALID_SCHEDULE", "--cron: "],
    [["--cron", ""], "USAGE", "--cron: it is empty"],
    [["--cron", "0 0 30 2 *"], "INVALID_SCHEDULE", "--cron: 0 0 30 2 * (UTC) never comes"],
    [["--interval", "0.5"], "INVALID_SCHEDULE", "--interval: "],
    [["--interval", "999ms"], "INVALID_SCHEDULE", "--interval: 999ms is too short"],
    [["--interval", ""], "USAGE", "--interval: it is empty"],
    [["--at", ""], "USAGE", "--at: it is empty"],
    [["--interval", "soon"], "USAGE", "--interval: soon is no duration"],
    [["--calendar", "day=1", "--calendar", "hour=24"], "INVALID_SCHEDULE", "--calendar hour: 24"],
    [["--calendar", "dya=1"], "USAGE", "--calendar: an entry has no dya"],
    [["--at", "tomorrow"], "USAGE", "--at: tomorrow is no time"],
    [["--at", "2020-01-01"], "INVALID_SCHEDULE", "--at: its only due time, 2020-01-01 00:00:00 (UTC), has passed"],
    [["--interval", "1h", "--timezone", "Berlin/Europe"], "INVALID_SCHEDULE", "--timezone: "],
    [["--interval", "1h", "--end-at", "2020-01-01"], "INVALID_SCHEDULE", "--end-at: "],
    [["--interval", "1h", "--start-at", "2199-01-02", "--end-at", "2199-01-01"], "INVALID_SCHEDULE", "is not later than --start-at"],
    [["--interval", "1h", "--overlap", "skpi"], "USAGE", "--overlap: skpi is none of"],
    [["--interval", "1h", "--arg", "regoin=1"], "USAGE", "the input has no field regoin"],
    [["--interval", "1h"], "INVALID_INPUT", "region: "],
  ])("%j is refused, and no store is made", async (flags, code, says) => {
    const refused = await run("create", "report", ...flags, "--storage-path", "never.db", "-o", "json");
    expect([refused.code, refused.stdout, project.has("never.db")]).toEqual([2, "", false]);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code, message: expect.stringContaining(says) as string } });
  });

  test("an unknown workflow ends with 4 and the nearest, a taken id with 5, an id that is none with 2", async () => {
    await project.created("taken");
    const ended = await Promise.all([
      run("create", "repotr", "--interval", "1h"),
      run("create", "free", "--interval", "1h", "--schedule-id", "taken"),
      run("create", "free", "--interval", "1h", "--schedule-id", "a/b"),
      run("create"),
    ]);
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual([[4, ""], [5, ""], [2, ""], [2, ""]]);
    expect(ended.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining("did you mean report?"),
      expect.stringContaining("pyworkflow schedules update taken"),
      expect.stringContaining('--schedule-id: "a/b" is no id'),
      expect.stringContaining("WORKFLOW is missing"),
    ]);
  });
});

describe("schedules list and show", () => {
  test("newest first, without the deleted ones; filters, a cut that is said, and a cursor", async () => {
    const ids = new Set([await project.created("list-a"), await project.paused("list-b"), await project.created("list-c")]);
    await run("delete", "list-c", "--yes");
    const list = async (...flags: string[]) => (await run("list", "--workflow", "free", "-o", "plain", ...flags)).stdout.split("\n").filter((id) => ids.has(id));
    expect(await list("--all")).toEqual(["list-b", "list-a"]);
    expect(await list("--status", "deleted", "--status", "paused")).toEqual(["list-c", "list-b"]);
    expect(await list("--cursor", "list-b")).toEqual(["list-a"]);
    expect(await run("list", "--workflow", "nothing", "-o", "json")).toEqual({ code: 0, stdout: "[]\n", stderr: '{"note":"No schedule is of a workflow called nothing."}\n' });
    const cut = await run("list", "--limit", "1", "-o", "plain");
    expect([cut.stdout, cut.stderr]).toEqual(["list-b\n", expect.stringContaining("--cursor list-b")]);
  });

  test("a row in a pipe; rows in JSON are what show says", async () => {
    await project.created("row");
    const { stdout } = await run("list", "--limit", "1");
    expect(stdout).toBe("row\tfree\tactive\tOnce: 2199-01-01 00:00:00 (UTC)\t2199-01-01 00:00:00\t-\t0/0\n");
    expect(await project.json("list", "--limit", "1")).toEqual([await project.json("show", "@last")]);
  });

  test("a prefix that fits one is enough; two end with 2, none with 4", async () => {
    await project.created("prefix-one");
    await project.created("prefix-two");
    const [one, two, none] = await Promise.all([run("show", "prefix-o", "-o", "plain"), run("show", "prefix-"), run("show", "prefxi-two")]);
    expect([one.code, one.stdout]).toEqual([0, "prefix-one\n"]);
    expect([two.code, two.stderr]).toEqual([2, expect.stringMatching(/prefix-two, prefix-one/)]);
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining("did you mean prefix-two?")]);
  });
});

describe("schedules pause, resume and delete", () => {
  test("one is an object, several are a list; the wrong status ends with 5, and keeps no other from it", async () => {
    const [first, second] = [await project.created("change-1"), await project.created("change-2")];
    expect(await project.json("pause", first)).toEqual({ schedule_id: first, status: "paused", next_run_time: null });
    const again = await run("pause", first, second, "-o", "json");
    expect([again.code, JSON.parse(again.stdout)]).toEqual([5, [{ schedule_id: second, status: "paused", next_run_time: null }]]);
    expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: "SCHEDULE_STATUS", message: expect.stringContaining(`${first} is paused`) as string } });

    const resumed = await run("resume", first, second, "-o", "json");
    expect(JSON.parse(resumed.stdout)).toEqual([first, second].map((id) => ({ schedule_id: id, status: "active", next_run_time: "2199-01-01T00:00:00.000Z" })));
    expect(resumed.stderr.match(/No live worker executes free/g)).toHaveLength(1);
    expect((await run("resume", first)).code).toBe(5);
  });

  test("a deleted one takes nothing but its resumption", async () => {
    const [first, second] = [await project.created("gone-1"), await project.created("gone-2")];
    const deleted = await run("delete", first, second, "--force");
    expect(deleted).toEqual({ code: 0, stdout: `${first}\tfree\tdeleted\t-\n${second}\tfree\tdeleted\t-\n`, stderr: "" });
    const gone = await Promise.all([run("delete", first, "--yes"), run("pause", first), run("update", first, "--interval", "1h"), run("trigger", first), run("backfill", first, "--start", "1d", "--end", "1h")]);
    expect(gone.map(({ code, stdout }) => [code, stdout])).toEqual(gone.map(() => [5, ""]));
    expect(await project.json("resume", first)).toMatchObject({ schedule_id: first, status: "active" });
  });

  test("a mistyped id changes nothing", async () => {
    await project.created("spared");
    const { code, stdout } = await run("pause", "spared", "nowhere");
    expect([code, stdout]).toEqual([4, ""]);
    expect(await project.schedule("spared")).toMatchObject({ status: "active" });
  });

  test("delete asks, and where nobody can answer it names the flag", async () => {
    await project.created("kept");
    const { code, stderr } = await run("delete", "kept");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--yes")]);
    expect(await project.schedule("kept")).toMatchObject({ status: "active" });
    expect(await project.json("delete", "kept", "-y")).toEqual({ schedule_id: "kept", status: "deleted", next_run_time: null, deleted: true });
  });

  test.skipIf(!hasTerminals)("on a terminal it asks for one by its name, and for several by their number", async () => {
    await project.created("ask-1");
    await project.created("ask-2");
    const refused = onTerminal(["schedules", "delete", "ask-1"], { cwd });
    await refused.sees("Delete the schedule ask-1 of the workflow free?");
    refused.type(keys.enter);
    expect(await refused.ended).toBe(0);
    expect(refused.shown()).toMatch(/Delete the schedule ask-1 .* No\s+Nothing was changed\.\s*$/);
    expect(await project.schedule("ask-1")).toMatchObject({ status: "active" });

    const agreed = onTerminal(["schedules", "delete", "ask-1", "ask-2"], { cwd });
    await agreed.sees("Delete 2 schedules?");
    agreed.type(`y${keys.enter}`);
    expect(await agreed.ended).toBe(0);
    expect([await project.schedule("ask-1"), await project.schedule("ask-2")]).toMatchObject([{ status: "deleted" }, { status: "deleted" }]);
  });
});

describe("schedules update", () => {
  test("keeps what is not named, and says when anew", async () => {
    await project.created("update", { cron: "0 9 1 1 *", timezone: "Asia/Tokyo", startAt: "2199-01-01", endAt: "2299-01-01", jitter: "1m", description: "old" });
    const before = await project.json("show", "update");
    const policy = await project.json("update", "update", "--overlap", "allow_all", "--catchup", "none", "--catchup-window", "1h");
    expect(policy).toEqual({ ...before, overlap_policy: "allow_all", catchup: "none", catchup_window: 3600, updated_at: time });
    const times = await project.json("update", "update", "--calendar", "month=2,day=1");
    const spec = { cron: null, calendar: [{ second: 0, minute: 0, hour: 0, day_of_month: 1, month: 2, day_of_week: null }], timezone: "Asia/Tokyo", start_at: "2198-12-31T15:00:00.000Z", jitter: 60 };
    expect(times).toMatchObject({ spec, next_run_time: "2199-01-31T15:00:00.000Z", overlap_policy: "allow_all", description: "old" });
  });

  test("takes off the bounds, the jitter and the text", async () => {
    await project.created("bare", { at: "2199-01-01", startAt: "2198-01-01", endAt: "2299-01-01", jitter: "1m", description: "old" });
    const bare = await project.json("update", "bare", "--start-at", "none", "--end-at", "none", "--jitter", "0s", "--description", "");
    expect(bare).toMatchObject({ spec: { at: "2199-01-01T00:00:00.000Z", start_at: null, end_at: null, jitter: null }, description: null });
  });

  test("of one that comes from the code it says how long the change holds", async () => {
    const { version: _, ...template } = await project.schedule(await project.created("template"));
    await project.withStore((store) => store.createSchedule({ ...template, scheduleId: declaredScheduleId("free"), declared: "{}" }));
    const { code, stderr } = await run("update", "auto_free", "--catchup", "all");
    expect([code, stderr]).toEqual([0, expect.stringContaining("auto_free comes from the code of its workflow")]);
  });

  test("changes fields of the input, or all of it", async () => {
    await project.json("create", "report", "--at", "2199-01-01", "--arg", "region=south", "--schedule-id", "input");
    const input = async (...flags: string[]) => /^Input: (.*)$/m.exec((await run("update", "input", ...flags)).stdout)?.[1];
    expect(await input("--arg", "days=7")).toBe('{"region":"south","days":7}');
    expect(await input("--args-json", '{"region": "north"}')).toBe('{"region":"north","days":1}');
    const refused = await run("update", "input", "--arg", "days=many", "-o", "json");
    expect([refused.code, JSON.parse(refused.stderr)]).toMatchObject([2, { error: { code: "INVALID_INPUT" } }]);
  });

  test.each([
    [[], "nothing says what is to be changed"],
    [["--cron", "0 0 30 2 *"], "never comes"],
    [["--cron", "* * * * *", "--at", "2199-01-01"], "--cron and --at"],
    [["--at", "2020-01-01"], "--at: "],
    [["--end-at", "2020-01-01"], "--end-at: "],
  ])("%j is refused, and nothing has changed", async (flags, says) => {
    const id = await project.created(`refused-${flags.length}${flags[0] ?? ""}${String(flags[1]).length}`);
    const before = await project.schedule(id);
    const { code, stdout, stderr } = await run("update", id, ...flags);
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(says)]);
    expect(await project.schedule(id)).toEqual(before);
  });
});
