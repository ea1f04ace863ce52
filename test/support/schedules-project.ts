import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { ScheduleOptions } from "../../src/core/schedule/options.js";
import type { ScheduleRecord } from "../../src/core/schedule/schedule.js";
import { workflow } from "../../src/engine/define.js";
import { pauseSchedule } from "../../src/services/change-schedule.js";
import { createSchedule } from "../../src/services/create-schedule.js";
import { findSchedule } from "../../src/services/find-schedule.js";
import { pyworkflow, type Ended } from "./cli.js";
import { TestProject } from "./project.js";

const workflows = `import { workflow } from "pyworkflow";
import { z } from "zod";

export const report = workflow({ name: "report", input: z.object({ region: z.string(), days: z.number().default(1) }) }, async ({ region }) => region);
export const free = workflow("free", async () => "done");
`;

const free = workflow("free", async () => "done");
const farAway: ScheduleOptions = { at: "2199-01-01" };
const config = { recovery: { recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 } };

/** A project with two workflows, and the command line in it. */
export class SchedulesProject extends TestProject {
  constructor() {
    super();
    this.touch("workflows/index.ts", workflows);
  }

  /** Times are shown in UTC: the zone of the machine is that. */
  call(...args: string[]): Promise<Ended> {
    return pyworkflow(args, { cwd: this.path, env: { TZ: "UTC" } });
  }

  /** `pyworkflow schedules …` */
  schedules(...args: string[]): Promise<Ended> {
    return this.call("schedules", ...args);
  }

  /** The same, which has to succeed: what it says in JSON. */
  async json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.schedules(...args, "-o", "json");
    if (code !== 0) throw new Error(`schedules ${args.join(" ")} ended with ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** A schedule of `free`, made without a command. It is due in a far year only, unless options say otherwise. */
  async created(scheduleId: string, options = farAway): Promise<string> {
    await this.withStore((backend) => createSchedule({ backend, clock: systemClock, config }, { workflow: free, options, input: encode(undefined), scheduleId }));
    return scheduleId;
  }

  async paused(scheduleId: string, options?: ScheduleOptions): Promise<string> {
    await this.created(scheduleId, options);
    await this.withStore((backend) => pauseSchedule({ backend, clock: systemClock }, scheduleId));
    return scheduleId;
  }

  schedule(scheduleId: string): Promise<ScheduleRecord> {
    return this.withStore((backend) => findSchedule({ backend }, scheduleId));
  }
}
