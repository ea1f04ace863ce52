// A report for every working day, at six in Berlin. A worker enters the schedule in the store when it starts, and starts its runs from then on; each knows for
// which time it was started, however late it executes. Here a backfill asks for two days that have passed: the second run waits for the end of the first.
//
// $ npx pyworkflow --module ./examples/19-scheduled-report.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow schedules next auto_sales_report --from 2026-03-27 --count 3 -o plain
// 2026-03-27T05:00:00.000Z
// 2026-03-30T04:00:00.000Z
// 2026-03-31T04:00:00.000Z
// $ npx pyworkflow schedules backfill auto_sales_report --start 2026-03-02 --end 2026-03-04 -o plain --quiet
// run_…
// $ npx pyworkflow schedules ticks auto_sales_report -o plain
// 2026-03-03T05:00:00.000Z buffered -
// 2026-03-02T05:00:00.000Z fired run_…
// $ npx pyworkflow --module ./examples/19-scheduled-report.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow schedules ticks auto_sales_report -o plain
// 2026-03-03T05:00:00.000Z fired run_…
// 2026-03-02T05:00:00.000Z fired run_…
// $ npx pyworkflow runs result @last
// "sales of north before 2026-03-03"
import { now, runContext, step, workflow } from "pyworkflow";
import { z } from "zod";

const sumSales = step("sum_sales", async (region: string, day: string) => `sales of ${region} before ${day}`);

export const salesReport = workflow(
  {
    name: "sales_report",
    input: z.object({ region: z.string() }),
    schedule: { cron: "0 6 * * mon-fri", timezone: "Europe/Berlin", overlapPolicy: "buffer_all", input: { region: "north" } },
  },
  async ({ region }) => {
    const { scheduledTime } = runContext(); // undefined where no schedule started the run
    return sumSales(region, (scheduledTime ?? now()).toISOString().slice(0, 10));
  },
);
