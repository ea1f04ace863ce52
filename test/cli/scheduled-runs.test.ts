import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { triggerSchedule } from "../../src/services/trigger-schedule.js";
import { SchedulesProject } from "../support/schedules-project.js";

let project: SchedulesProject;
let runIds: readonly string[];

beforeAll(async () => {
  project = new SchedulesProject();
  project.touch("workflows/index.ts", 'import { workflow } from "pyworkflow";\nexport const daily = workflow({ name: "daily", schedule: { cron: "0 9 * * *", timezone: "Europe/Berlin" } }, async () => {});\n');
  const triggered: string[] = [];
  for (const scheduleId of ["first", "second"]) {
    await project.created(scheduleId);
    await project.withStore(async (backend) => {
      const { tick } = await triggerSchedule({ backend, clock: systemClock }, scheduleId);
      triggered.push(String(tick.runId));
    });
  }
  runIds = triggered;
});

afterAll(() => project.remove());

test("runs list --schedule shows the runs of a schedule, of which a prefix will do", async () => {
  expect(await project.call("runs", "list", "--schedule", "fi", "-o", "plain")).toMatchObject({ code: 0, stdout: `${runIds[0]}\n`, stderr: "" });
  expect(await project.call("runs", "list", "--schedule", "frist")).toMatchObject({ code: 4, stderr: expect.stringContaining("did you mean first?") });
});

test("runs status tells the schedule and its due time", async () => {
  const { stdout } = await project.call("runs", "status", String(runIds[1]), "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({ schedule_id: "second", schedule_kind: "trigger", scheduled_time: expect.stringMatching(/^\d{4}-.*Z$/) });
  expect((await project.call("runs", "status", String(runIds[1]))).stdout).toMatch(/^Scheduled: .* by second \(trigger\)$/m);
});

test("workflows list and info tell when a workflow starts by itself", async () => {
  const { stdout } = await project.call("workflows", "list", "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject([{ name: "daily", schedule: "Cron: 0 9 * * * (Europe/Berlin)" }]);
  expect((await project.call("workflows", "list")).stdout).toContain("Cron: 0 9 * * * (Europe/Berlin)");
  expect((await project.call("workflows", "info", "daily")).stdout).toMatch(/^Schedule: +Cron: 0 9 \* \* \* \(Europe\/Berlin\)$/m);
});
