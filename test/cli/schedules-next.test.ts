import { afterAll, describe, expect, test } from "vitest";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { SchedulesProject } from "../support/schedules-project.js";

const empty = newFolder();
const next = (...args: string[]): Promise<Ended> => pyworkflow(["schedules", "next", ...args], { cwd: empty.path });
afterAll(() => empty.remove());

describe("schedules next, of times that are described", () => {
  test("shows them as the zone's clock does, and what the change of the clock has to do with them; needs no project", async () => {
    const gap = await next("--cron", "30 2 * * *", "--timezone", "Europe/Berlin", "--from", "2026-03-28", "--count", "3", "--storage-path", "no/such/folder.db", "--module", "./nothing", "-o", "json");
    expect([gap.code, gap.stderr]).toEqual([0, ""]);
    expect(JSON.parse(gap.stdout)).toEqual([
      { due: "2026-03-28T01:30:00.000Z", local: "2026-03-28T02:30:00+01:00" },
      { due: "2026-03-29T01:00:00.000Z", local: "2026-03-29T03:00:00+02:00", note: expect.stringMatching(/02:30.*does not exist.*forward 1h/) as string },
      { due: "2026-03-30T00:30:00.000Z", local: "2026-03-30T02:30:00+02:00" },
    ]);
    const twice = await next("--cron", "*/30 * * * *", "--timezone", "Europe/Berlin", "--from", "2026-10-25T02:00", "--count", "3");
    expect(twice.stdout.split("\n").map((line) => line.split("\t").slice(0, 2))).toEqual([
      ["2026-10-25T00:00:00Z", "2026-10-25T02:00:00+02:00"],
      ["2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00"],
      ["2026-10-25T02:00:00Z", "2026-10-25T03:00:00+01:00"],
      [""],
    ]);
    expect(twice.stdout).toContain("back 1h");
  });

  test("a due time at --from is one of them; the bounds hold; plain is one time a line", async () => {
    const times = await next("--interval", "6h", "--start-at", "2199-01-01T06:00", "--end-at", "2199-01-02", "--from", "2199-01-01T12:00", "-o", "plain");
    expect(times).toEqual({ code: 0, stdout: "2199-01-01T12:00:00.000Z\n2199-01-01T18:00:00.000Z\n", stderr: "" });
    const yearly = await next("--calendar", "month=feb,day=29", "--from", "2026-01-01", "--count", "2", "-o", "plain");
    expect(yearly.stdout).toBe("2028-02-29T00:00:00.000Z\n2032-02-29T00:00:00.000Z\n");
    const now = await next("--cron", "* * * * *");
    expect(now.stdout.trim().split("\n")).toHaveLength(10);
  });

  test.each([
    [[], "ID is missing"],
    [["--cron", "0 0 30 2 *"], "never comes"],
    [["--cron", "* * * *"], "--cron: "],
    [["--at", "2020-01-01"], "--at: its only due time, 2020-01-01 00:00:00 (UTC), has passed"],
    [["--interval", "1h", "--from", "later"], "--from: later is no time"],
    [["@last", "--cron", "* * * * *"], "named and described at once"],
  ])("%j ends with 2", async (args, says) => {
    expect(await next(...args)).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(says) as string });
  });
});

describe("schedules next, of a schedule", () => {
  const project = new SchedulesProject();
  afterAll(() => project.remove());

  test("reads --from in its zone; says that it is paused, and that nothing is left", async () => {
    const id = await project.paused("nightly", { cron: "0 0 1 * *", timezone: "Asia/Tokyo", endAt: "2199-03-01" });
    const times = await project.json<object[]>("next", id, "--from", "2199-01-01", "--count", "1");
    expect(times).toEqual([{ due: "2198-12-31T15:00:00.000Z", local: "2199-01-01T00:00:00+09:00" }]);
    const paused = await project.schedules("next", id, "--count", "1", "-o", "plain");
    expect([paused.code, paused.stdout.split("\n").length, paused.stderr]).toEqual([0, 2, expect.stringContaining("nightly is paused")]);
    const over = await project.schedules("next", id, "--from", "2199-03-01", "-o", "json");
    expect([over.code, over.stdout, over.stderr]).toEqual([0, "[]\n", expect.stringContaining("no due time left")]);
    expect((await project.schedules("next", "nowhere")).code).toBe(4);
  });
});
