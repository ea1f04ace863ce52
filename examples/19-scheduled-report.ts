// A report for every working day, at six in Berlin. A worker, or any other scheduler, enters the schedule in the store and starts its runs; each knows
// for which time it was started, however late it executes. Here a backfill asks for two days that have passed; the second waits until the first has ended.
//
// $ npx pyworkflow --module ./examples/19-scheduled-report.ts scheduler tick --quiet
// $ npx pyworkflow schedules next auto_sales_report --from 2026-03-27 --count 3
// $ npx pyworkflow schedules backfill auto_sales_report --start 2026-03-02 --end 2026-03-04 --quiet
// $ npx pyworkflow schedules ticks auto_sales_report -o plain
// $ npx pyworkflow --module ./examples/19-scheduled-report.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow schedules ticks auto_sales_report -o plain
// $ npx pyworkflow runs result @last
import { runContext, step, workflow } from "pyworkflow";
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
    return sumSales(region, scheduledTime?.toISOString().slice(0, 10) ?? "today");
  },
);
