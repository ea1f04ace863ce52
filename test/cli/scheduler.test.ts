import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import type { ScheduleId } from "../../src/core/ids.js";
import type { Tick } from "../../src/core/schedule/schedule.js";
import { pyworkflow } from "../support/cli.js";
import { SchedulesProject } from "../support/schedules-project.js";
import { isAlive, until } from "../support/project.js";
import { idOf } from "../runtime/scheduler/support.js";

let project: SchedulesProject;
beforeEach(() => {
  project = new SchedulesProject();
});
afterEach(() => project.remove());

const declared = (cron: string) => `import { workflow } from "pyworkflow";
export const beats = workflow({ name: "beats", schedule: { cron: ${JSON.stringify(cron)}, overlapPolicy: "allow_all" } }, async () => "beaten");
`;
const everySecond = "* * * * * *";
const never = "0 0 1 1 *";

/** The ledger, newest due time first. */
async function ticks(scheduleId: ScheduleId): Promise<readonly Tick[]> {
  return project.withStore((store) => store.listTicks({ scheduleId, limit: 1000 }));
}

async function fired(id: string): Promise<Tick> {
  return until(`a tick of ${id}`, async () => (await ticks(idOf(id)))[0]);
}

/** A schedule that is due from now on, and then in an hour. */
async function due(id: string): Promise<void> {
  await project.created(id, { interval: "1h" });
}

describe("scheduler tick", () => {
  test("does what is due, once: a row for each decision, and the runs wait for a worker", async () => {
    await due("first");
    await due("second");
    const { code, stdout, stderr } = await project.call("scheduler", "tick", "-o", "json");
    expect([code, stderr]).toEqual([0, ""]);
    const rows = JSON.parse(stdout) as readonly Record<string, unknown>[];
    expect(rows.map(({ schedule_id, decision, kind, reason }) => [schedule_id, decision, kind, reason])).toEqual([
      ["first", "fired", "schedule", "due"],
      ["second", "fired", "schedule", "due"],
    ]);
    expect(Object.keys(rows[0] ?? {})).toEqual(["schedule_id", "due", "decided_at", "decision", "reason", "kind", "run_id"]);
    const [tick] = await ticks(idOf("first"));
    expect(rows[0]).toMatchObject({ due: new Date(tick?.due ?? 0).toISOString(), decided_at: new Date(tick?.decidedAt ?? 0).toISOString(), run_id: tick?.runId });
    expect(await project.withStore((store) => store.listRuns({ limit: 10 }))).toMatchObject([{ status: "pending" }, { status: "pending" }]);

    const again = await project.call("scheduler", "tick", "-o", "json");
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, []]);
  });

  test("in a pipe a row is a line, plain are run ids, and nothing due prints nothing", async () => {
    await due("mine");
    const table = await project.call("scheduler", "tick", "--utc");
    const [tick] = await ticks(idOf("mine"));
    expect(table.stdout.split("\t")).toEqual(["mine", expect.stringMatching(/^20/), expect.stringMatching(/^20/), "fired", "schedule", tick?.runId, "due\n"]);
    expect((await project.call("scheduler", "tick")).stdout).toBe("");
    await due("another");
    const plain = await project.call("scheduler", "tick", "-o", "plain");
    expect(plain.stdout).toBe(`${(await ticks(idOf("another")))[0]?.runId}\n`);
  });

  test("stores what the modules declare, and follows them when they change", async () => {
    project.touch("workflows/index.ts", declared(never));
    expect(await project.call("scheduler", "tick")).toMatchObject({ code: 0, stdout: "" });
    expect(await project.schedule("auto_beats")).toMatchObject({ status: "active", overlapPolicy: "allow_all", spec: { when: { cron: never } } });
    project.touch("workflows/index.ts", declared("0 0 2 2 *"));
    await project.call("scheduler", "tick");
    expect(await project.schedule("auto_beats")).toMatchObject({ spec: { when: { cron: "0 0 2 2 *" } } });
    project.touch("workflows/index.ts", `import { workflow } from "pyworkflow";\nexport const beats = workflow("beats", async () => "beaten");\n`);
    await project.call("scheduler", "tick");
    expect((await project.schedule("auto_beats")).status).toBe("deleted");
  });

  test("without modules it does what is stored, and says so", async () => {
    await due("mine");
    project.touch("pyworkflow.config.yaml", "storage: { backend: sqlite, path: ./store.db }\n");
    const { code, stdout, stderr } = await project.call("scheduler", "tick", "-o", "plain");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run_\w+\n$/);
    expect(stderr).toContain("No module is named");
    expect((await project.call("scheduler", "tick", "--quiet")).stderr).toBe("");
  });

  test("a schedule whose input its workflow does not take is told with its place, and nothing is done", async () => {
    await due("mine");
    project.touch("workflows/index.ts", `import { workflow } from "pyworkflow";\nimport { z } from "zod";\nexport const w = workflow({ name: "w", input: z.object({ n: z.number() }), schedule: { cron: "0 0 * * *", input: { n: "no" } } }, async () => 1);\n`);
    const { code, stderr } = await project.call("scheduler", "tick");
    expect(code).toBe(1);
    expect(stderr).toMatch(/index\.ts:3:\d+: the schedule of workflow w can't start it/);
    expect(await ticks(idOf("mine"))).toEqual([]);
  });

  test("a store in memory is refused: nobody would find the runs", async () => {
    const { code, stderr } = await project.call("scheduler", "tick", "--storage", "memory");
    expect([code, stderr]).toEqual([1, expect.stringContaining("a store in memory ends with this process")]);
  });
});

describe("scheduler run", () => {
  test("starts runs as they are due, says which, and ends with the first signal", async () => {
    project.touch("workflows/index.ts", declared(everySecond));
    const scheduler = await project.runScheduler().ready();
    await until("three ticks", async () => ((await ticks(idOf("auto_beats"))).length >= 3 ? true : undefined));
    expect(scheduler.stderr).toMatch(/^pyworkflow scheduler\n {2}store {6}.*store\.db\n {2}workflows {2}beats\n {2}pid {8}\d+\n/);
    expect(scheduler.stderr).toMatch(/INFO {2}scheduler \d+ auto_beats created: its workflow declares it\n/);
    expect(scheduler.stderr).toMatch(/INFO {2}scheduler \d+ run_\w+ auto_beats fired: due due=20/);
    scheduler.signal("SIGTERM");
    expect(await scheduler.exited).toBe(0);
    const dues = (await ticks(idOf("auto_beats"))).map(({ due: at }) => at);
    expect(dues.toSorted((a, b) => a - b)).toEqual(dues.map((_, n) => (dues.at(-1) ?? 0) + n * 1000));
  });

  test("--duration ends it, with 0", async () => {
    await due("mine");
    const { code } = await project.call("scheduler", "run", "--duration", "1s");
    expect(code).toBe(0);
    expect(await ticks(idOf("mine"))).toMatchObject([{ decision: "fired" }]);
  });

  test("a schedule that another process makes is not late for the poll", async () => {
    const scheduler = await project.runScheduler("--poll-interval", "1h", "-v").ready();
    await due("made");
    expect(await fired("made")).toMatchObject({ decision: "fired" });
    scheduler.signal("SIGINT");
    expect(await scheduler.exited).toBe(0);
  });

  test("an interval that would do nothing but ask is refused", async () => {
    const { code, stderr } = await project.call("scheduler", "run", "--poll-interval", "10ms");
    expect([code, stderr]).toEqual([2, expect.stringContaining("--poll-interval: it is shorter than 100ms")]);
  });
});

describe("worker run", () => {
  test("includes a scheduler: what is declared starts, is executed, and its end is counted", async () => {
    project.touch("workflows/index.ts", declared(everySecond));
    const worker = await project.runWorkers("-n", "1").ready();
    await until("two runs to end", async () => ((await project.withStore((store) => store.getSchedule(idOf("auto_beats"))))?.successfulRuns ?? 0) >= 2 || undefined);
    worker.signal("SIGTERM");
    expect(await worker.exited).toBe(0);
  });

  test("--no-scheduler stores what is declared and starts nothing; a scheduler beside it does", async () => {
    project.touch("workflows/index.ts", declared(everySecond));
    await project.runWorkers("-n", "1", "--no-scheduler").ready();
    const stored = await until("the schedule", () => project.schedule("auto_beats").catch(() => undefined));
    // Two of its seconds pass for certain.
    await until("time", () => (systemClock.now() > (stored.nextDueAt ?? 0) + 2000 ? true : undefined));
    expect(await ticks(idOf("auto_beats"))).toEqual([]);
    await project.runScheduler().ready();
    const { runId } = await until("a run", async () => (await ticks(idOf("auto_beats"))).find((tick) => tick.runId !== undefined));
    if (runId === undefined) throw new Error("it has a run");
    expect((await project.ended(runId)).status).toBe("completed");
  });

  test("--drain does what is due by a schedule, and ends", async () => {
    await due("mine");
    expect(await project.runWorkers("-n", "1", "--drain").exited).toBe(0);
    expect(await project.schedule("mine")).toMatchObject({ totalRuns: 1, successfulRuns: 1 });
  });

  test("--drain --no-scheduler leaves that to others", async () => {
    await due("mine");
    expect(await project.runWorkers("-n", "1", "--drain", "--no-scheduler").exited).toBe(0);
    expect(await project.schedule("mine")).toMatchObject({ totalRuns: 0 });
  });

  test("what a process declares that it can't mean keeps it from beginning", async () => {
    project.touch("workflows/index.ts", `import { workflow } from "pyworkflow";\nimport { z } from "zod";\nexport const w = workflow({ name: "w", input: z.object({ n: z.number() }), schedule: { cron: "0 0 * * *" } }, async () => 1);\n`);
    const worker = project.runWorkers("-n", "1");
    expect(await worker.exited).toBe(1);
    expect(worker.stderr).toContain("the schedule of workflow w can't start it");
  });
});

test("killed without a word, a scheduler leaves nothing behind that another one would miss", async () => {
  project.touch("workflows/index.ts", declared(everySecond));
  const first = await project.runScheduler().ready();
  await fired("auto_beats");
  first.killAll();
  await first.exited;
  expect(isAlive(first.process.pid ?? 0)).toBe(false);
  const before = (await ticks(idOf("auto_beats"))).length;
  await project.runScheduler().ready();
  await until("more ticks", async () => ((await ticks(idOf("auto_beats"))).length >= before + 2 ? true : undefined));
  const dues = (await ticks(idOf("auto_beats"))).map(({ due: at }) => at);
  expect(dues).toEqual(dues.map((_, n) => (dues[0] ?? 0) - n * 1000));
});

test("the topics are in the help", async () => {
  const { stdout } = await pyworkflow(["--help"], { cwd: project.path });
  expect(stdout).toMatch(/scheduler\s+Start the runs of schedules/);
  expect(stdout).toMatch(/schedules\s+Say when workflows start by themselves/);
});
